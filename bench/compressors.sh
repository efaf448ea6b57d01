#!/bin/sh
# compressors.sh MJ_TRAIN_PARTS [TEXT]: what general compressors need for the validation and the test
# text of the King James Bible when they have seen the training text: (size(train + part) - size(train))
# * 8 / bytes of the part; of another TEXT also for both parts as one. 7z's PPMd (order 8) and zpaq -m5
# go on learning in the part, which favours them a little. One tab-separated figure a line, for
# bench/run. Needs 7z (p7zip-full) and zpaq; one that is missing is left out with a word on stderr.
set -eu

parts_program=$1
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"$parts_program" "$folder" "${2:-kjv}"
parts="validation test"
if [ $# -gt 1 ]; then
    cat "$folder/validation" "$folder/test" > "$folder/both"
    parts="$parts both"
fi

size_of() {
    wc -c < "$1"
}

# Compresses file $2 with program $1; prints the size.
compress() {
    rm -f "$folder/out.7z" "$folder/out.zpaq"
    case $1 in
    ppmd) (cd "$folder" && 7z a -mx=9 -m0=PPMd:o=8:mem=256m out.7z "$2" > log 2>&1) || return 1
          size_of "$folder/out.7z" ;;
    zpaq) (cd "$folder" && zpaq add out.zpaq "$2" -m5 > log 2>&1) || return 1
          size_of "$folder/out.zpaq" ;;
    esac
}

for part in $parts; do
    cat "$folder/training" "$folder/$part" > "$folder/training+$part"
done
for program in ppmd zpaq; do
    command=$program
    [ "$program" = ppmd ] && command=7z
    if ! command -v "$command" > /dev/null 2>&1; then
        echo "compressors: no $command here (packages p7zip-full, zpaq)" >&2
        continue
    fi
    train=$(compress "$program" training)
    for part in $parts; do
        both=$(compress "$program" "training+$part")
        bytes=$(size_of "$folder/$part")
        echo "$program $part $both $train $bytes" | awk '{
            printf "compressors.%s_%s\t%.4f\tbit/B\t-\t-\n", $1, $2, ($3 - $4) * 8 / $5 }'
    done
done
