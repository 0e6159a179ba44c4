#!/bin/sh
# Every rule of a catalog over all of the shared logs: alone and together, with the prefilter and
# without, as meant and strict. The rows must be the same. A short form of it is among the tests.
#
#   scripts/catalog.sh [FOLDER OF RULES]
set -eu
cd "$(dirname "$0")/.."
[ $# -eq 0 ] || export COLDSWEEP_CATALOG_RULES="$1"
COLDSWEEP_CATALOG=all exec cargo test --release --locked --test catalog -- --nocapture
