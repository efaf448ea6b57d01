#!/bin/sh
# fuzz-one.sh PROGRAM SECONDS CORPUS: fuzzes for a while, starting from the seeds in CORPUS. The same
# program takes the same way every time, at most RUNS inputs far, so that a gate that passed passes again;
# MJ_FUZZ_SEED and MJ_FUZZ_SECONDS look elsewhere and for longer.
# What is found on the way goes to a scratch folder, so the corpus stays as committed.
set -eu
program=$1 seconds=${MJ_FUZZ_SECONDS:-$2} corpus=$3
runs=300000
[ -z "${MJ_FUZZ_SECONDS:-}" ] || runs=-1
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
mkdir "$scratch/found"
if [ -d "$corpus" ]; then
    set -- "$scratch/found" "$corpus"
else
    set -- "$scratch/found"
fi
if "$program" -max_total_time="$seconds" -runs="$runs" -timeout=10 -rss_limit_mb=2048 \
    -seed="${MJ_FUZZ_SEED:-1}" \
    -print_final_stats=1 -artifact_prefix="$scratch/" "$@" >"$scratch/log" 2>&1; then
    grep -E 'number_of_executed_units|peak_rss' "$scratch/log"
else
    tail -n 60 "$scratch/log"
    for input in "$scratch"/crash-* "$scratch"/timeout-* "$scratch"/oom-* "$scratch"/leak-*; do
        [ ! -f "$input" ] || { echo "input, base64:"; base64 "$input"; }
    done
    exit 1
fi
