#!/bin/sh
# Which engine finds a catalog's literals fastest (benches/engines). vectorscan, the yardstick, is
# compared where its headers are installed; it is no part of the crate.
#
#   scripts/engines.sh [FOLDER OF RULES] [arguments of the benchmark: --size 32MiB, --rounds 7, ...]
set -eu
cd "$(dirname "$0")/.."
rules=${1:-${COLDSWEEP_SHARED:-../shared}/rules/armory}
[ $# -eq 0 ] || shift

target=${CARGO_TARGET_DIR:-target}
mkdir -p "$target"
target=$(cd "$target" && pwd)
rules=$(cd "$rules" && pwd)
if "${CC:-cc}" -O2 -Wall -Wextra -o "$target/vectorscan" scripts/engines/vectorscan.c -lhs; then
    set -- --rival "$target/vectorscan" "$@"
else
    echo 'without vectorscan; to have it: apt-get install libvectorscan-dev' >&2
fi

echo "command: scripts/engines.sh"
echo "commit: $(git rev-parse HEAD)$(git diff --quiet HEAD -- || echo ' and uncommitted changes')"
echo "date: $(date -u +%Y-%m-%dT%H:%M:%SZ)"
echo "machine: $(lscpu 2>/dev/null | sed -n 's/^Model name: *//p'), $(nproc) processors, $(uname -srm)"
echo "load before: $(cut -d' ' -f1-3 /proc/loadavg 2>/dev/null || echo unknown)"
echo
exec cargo bench --quiet --bench engines -- --rules "$rules" "$@"
