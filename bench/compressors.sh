#!/bin/sh
# compressors.sh MJ_TRAIN_PARTS [TEXT]: what general compressors need for the validation and the test
# text of the King James Bible when they have seen the training text: (size(train + part) - size(train))
# * 8 / bytes of the part; of another TEXT also for both parts as one. 7z's PPMd (the better one of orders
# 6 and 8, which differ by the size of a text) and zpaq -m5 go on learning in the part, which favours them
# a little. One tab-separated figure a line, for
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

# Compresses file $2 with program $1 (of order $3); prints the size.
compress() {
    rm -f "$folder/out.7z" "$folder/out.zpaq"
    case $1 in
    ppmd) (cd "$folder" && 7z a -mx=9 -m0=PPMd:o=$3:mem=256m out.7z "$2" > log 2>&1) || return 1
          size_of "$folder/out.7z" ;;
    zpaq) (cd "$folder" && zpaq add out.zpaq "$2" -m5 > log 2>&1) || return 1
          size_of "$folder/out.zpaq" ;;
    esac
}

for part in $parts; do
    cat "$folder/training" "$folder/$part" > "$folder/training+$part"
done
for program in "ppmd 6" "ppmd 8" "zpaq -"; do
    name=${program% *}
    order=${program#* }
    command=$name
    [ "$name" = ppmd ] && command=7z
    if ! command -v "$command" > /dev/null 2>&1; then
        echo "compressors: no $command here (packages p7zip-full, zpaq)" >&2
        continue
    fi
    train=$(compress "$name" training "$order")
    for part in $parts; do
        both=$(compress "$name" "training+$part" "$order")
        echo "$name"_"$part $both $train $(size_of "$folder/$part")"
    done
done | awk '
    {bits = ($2 - $3) * 8 / $4}
    !($1 in least) {name[n++] = $1; least[$1] = bits}
    bits < least[$1] {least[$1] = bits}
    END {for (i = 0; i < n; i++) printf "compressors.%s\t%.4f\tbit/B\t-\t-\n", name[i], least[name[i]]}'
