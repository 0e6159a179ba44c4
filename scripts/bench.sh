#!/bin/sh
# A full run of the benchmark, recorded: results/<date>-<machine>/ gets README.md, BIAS.md, plots,
# report.json, raw.csv, table.txt, loops.txt (cargo bench), and the facts of the machine.
#
#   scripts/bench.sh [arguments of `coldsweep bench`]
#
# Before it: let the machine be still (no other load, a fixed clock where that can be had), and
# have 30 GiB of disk for the corpora (--dir) and 16 GiB of memory (less leaves out the largest size
# of the case of growth).
# COLDSWEEP_MACHINE names the machine, COLDSWEEP_RESULTS another folder than results/.
set -eu
cd "$(dirname "$0")/.."

cargo build --release --quiet
coldsweep=target/release/coldsweep

machine=${COLDSWEEP_MACHINE:-$(uname -n | cut -d. -f1 | tr -c 'A-Za-z0-9\n' '-')}
folder=${COLDSWEEP_RESULTS:-results}/$(date -u +%Y-%m-%d)-$machine
mkdir -p "$folder"

commit=$(git rev-parse HEAD)$(git diff --quiet HEAD -- || echo ' and uncommitted changes')
{
    echo "command: scripts/bench.sh $*"
    echo "commit: $commit"
    echo "date: $(date -u +%Y-%m-%dT%H:%M:%SZ)"
    echo "rustc: $(rustc --version)"
    for tool in rg grep zstd; do
        "$tool" --version 2>/dev/null | head -n 1 || echo "$tool: not installed"
    done
    echo "load before: $(cut -d' ' -f1-3 /proc/loadavg 2>/dev/null || echo unknown)"
    echo
    uname -srm
    lscpu 2>/dev/null || sysctl -a 2>/dev/null | grep machdep.cpu || true
    grep -E 'MemTotal|HugePages_Total' /proc/meminfo 2>/dev/null || true
    cat /sys/kernel/mm/transparent_hugepage/enabled 2>/dev/null || true
} > "$folder/machine.txt"

status=0
COLDSWEEP_COMMIT=$commit "$coldsweep" bench --record "$folder" "$@" || status=$?
if [ "${COLDSWEEP_LOOPS:-yes}" = yes ]; then
    cargo bench --quiet --bench loops > "$folder/loops.txt"
    # The folder's README was written before there was one.
    grep -q loops.txt "$folder/README.md" ||
        sed -i 's|^- \[BIAS.md\]|- [loops.txt](loops.txt): the inner loops alone (`cargo bench`)\n&|' "$folder/README.md"
fi
echo "recorded in $folder"
exit "$status"
