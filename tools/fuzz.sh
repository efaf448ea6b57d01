#!/bin/sh
# fuzz.sh SECONDS [NAME ...]: the long run, by hand: every fuzz target (or the ones named) for
# SECONDS each. The tests run each for 20 s. Wants what `./bootstrap test` has set up.
set -eu
root=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
build=$root/build-test
seconds=${1:?usage: tools/fuzz.sh SECONDS [NAME ...]}
shift
meson compile -C "$build" fuzzers
if [ $# -eq 0 ]; then
    for source in "$root"/tests/fuzz/fuzz_*.c; do
        name=$(basename "$source" .c)
        set -- "$@" "${name#fuzz_}"
    done
fi
for name in "$@"; do
    echo "== $name"
    sh "$root/tools/fuzz-one.sh" "$build/tests/fuzz/fuzz_$name" "$seconds" \
        "$root/tests/fuzz/corpus/$name"
done
