#!/bin/sh
# Fuzzes for SECONDS: scripts/fuzz.sh SECONDS [input|rules|files|spl] [SEED]. See fuzz/README.md.
set -eu
cd "$(dirname "$0")/.."
seconds=${1:-600}
case ${2:-all} in
    input) filter=any_input ;;
    rules) filter=any_rule ;;
    files) filter=any_file ;;
    spl) filter=any_tokens ;;
    all) filter=any ;;
    *) echo "no such target: $2" >&2; exit 2 ;;
esac
COLDSWEEP_FUZZ_SECONDS=$seconds COLDSWEEP_FUZZ_SEED=${3:-$(date +%s)} \
    CARGO_PROFILE_TEST_OPT_LEVEL=1 CARGO_PROFILE_DEV_OPT_LEVEL=1 \
    cargo test --test fuzz "$filter" -- --nocapture --test-threads 1
