#!/bin/sh
# Writes into corpora/*.toml what the generator makes of them: to be run after a change of the
# generator, of corpora/events.toml or of a definition. Nothing is written to disk but that. The
# program holds the definitions, so build it before and after.
set -eu
cd "$(dirname "$0")/.."
coldsweep=${COLDSWEEP:-target/release/coldsweep}
for file in corpora/*.toml; do
    [ "$file" = corpora/events.toml ] && continue
    "$coldsweep" corpus make "$file" --dry-run | while read -r _ files _ bytes _ events _ hits _ rows _; do
        for pair in "files=$files" "bytes=$bytes" "events=$events" "hits=$hits" "rows=$rows"; do
            sed -i "s/^${pair%%=*} = [0-9]*$/${pair%%=*} = ${pair#*=}/" "$file"
        done
        echo "$file: $events events, $hits hits"
    done
done
