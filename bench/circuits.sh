#!/bin/sh
# circuits.sh [MODEL ...]: realises the shipped look-up-table networks as circuits, measures them, and puts
# what was measured into data/facts/circuit-MODEL.yaml, from which mj bill takes it. To be run after a model
# was trained anew. Minutes of yosys each; $CIRCUITS is the folder of the circuits (a temporary one, removed),
# where a circuit that is there already is only measured. The program is built in $MJ_BUILD (build/).
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
mj=${MJ_BUILD:-$root/build}/src/cli/mj
[ -x "$mj" ] || { echo "$mj is not there: ninja -C build" >&2; exit 4; }
[ $# -gt 0 ] || set -- lut-fashion-classifier lut-fashion-generator lut-fashion-generator-8 lut-text

if [ -n "${CIRCUITS:-}" ]; then
    mkdir -p "$CIRCUITS"
else
    CIRCUITS=$(mktemp -d)
    trap 'rm -rf "$CIRCUITS"' EXIT
fi
for model; do
    circuit=$CIRCUITS/$model
    [ -e "$circuit/gate.json" ] || "$mj" realize "$model" --as verilog --out "$circuit" --limit '7200 s'
    "$mj" measure "$circuit"
    cp "$circuit/facts.yaml" "$root/data/facts/circuit-$model.yaml"
    "$mj" check "$root/data/facts/circuit-$model.yaml"
done
