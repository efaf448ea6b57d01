#!/bin/sh
# fuzz-library.sh CLANG OUTPUT ROOT FILE.c ...: compiles the sources for fuzzing (libFuzzer's
# coverage, address and undefined-behaviour checks) into one archive.
set -eu
clang=$1 output=$2 root=$3
shift 3
objects=$output.objects
rm -rf "$objects" "$output"
mkdir -p "$objects"
for source in "$@"; do
    "$clang" -c -std=gnu17 -O1 -g -fsanitize=fuzzer-no-link,address,undefined \
        -fno-sanitize-recover=undefined -I"$root/include" "$source" \
        -o "$objects/$(basename "$source" .c).o"
done
ar rcs "$output" "$objects"/*.o
