# What mj measure says of folders that hold no circuit.

$ mj measure --help
DIR
mj realize

$ mkdir $TMP/empty; mj measure $TMP/empty
? 2
manifest.json: error: cannot open

$ mj measure
? 2
error: mj measure wants a circuit

$ mj measure rink
? 2
no circuit 'rink' (did you mean 'ring'?)

$ mj measure $TMP/empty --wire 30
? 2
--wire

$ mkdir $TMP/cut; printf '{"schema": 1, "kind": "verilog"' > $TMP/cut/manifest.json; mj measure $TMP/cut
? 2
manifest.json:1:

$ printf '{"schema": 1, "kind": "spice"}' > $TMP/cut/manifest.json; mj measure $TMP/cut
? 2
a circuit of kind 'spice'

$ mj measure $TMP/empty --wire '-3 um'
? 2
--wire -3 um is outside 0 to 1 m

$ mj measure DIR --help
--node LENGTH
--wind-tunnel
--watts W

$ mj measure $TMP/empty --node '130 nm'
? 2
--node and --voltage go together

$ mj measure $TMP/empty --wind-tunnel --watts '0 W'
? 2
--watts

# A network of one's own, its name and its folder no words for Verilog or make: measured, and billed by that.
$ printf 'mj: 1\nrecipe: 7up\nmodel: {kind: lut_net, layers: [60, 60, 40], thresholds: [96]}\ndata: fashion-mnist\nobjective: {kind: classify}\ntrain: {batch: 128, lr: 1e-1, steps: 400, seed: 1}\n' > $TMP/7up.yaml; mj train $TMP/7up.yaml --out $TMP/run && mj realize $TMP/run/model.safetensors --as verilog --vectors 200 --out "$TMP/a net" && mj measure "$TMP/a net"
next      mj measure '
200 vectors, 0 mismatches
facts.yaml

$ mj eval $TMP/run
7up: accuracy

$ mj bill $TMP/run/model.safetensors on lut-180nm --facts "$TMP/a net"
/class
! rates

$ mj bill $TMP/run/model.safetensors on lut-180nm
rates
circuit-lut-fashion-classifier

$ sed -i 's/node: 180 nm/node: 90 nm/' "$TMP/a net/facts.yaml" && mj bill $TMP/run/model.safetensors on lut-180nm --facts "$TMP/a net"
? 2
was measured at 90 nm, and the chip is of 180 nm

# Where one program is missing the others are heard.
$ mkdir $TMP/some && for tool in yosys yosys-abc sta verilator make g++ ngspice perl sh; do ln -s $(command -v $tool) $TMP/some/; done; PATH=$(dirname $(command -v mj)):$TMP/some mj measure "$TMP/a net" --check
? 3
core proved
switching, OpenSTA
Icarus: did not run
11 adders, ngspice
iverilog

# A yosys that ends well and says nothing has proved nothing.
$ mkdir $TMP/mute && printf '#!/bin/sh\nexit 0\n' > $TMP/mute/yosys && chmod +x $TMP/mute/yosys && PATH=$TMP/mute:$PATH mj measure "$TMP/a net" --check
? 3
yosys ended without a word on the core's proof

# What was measured is a fact only of what was written, and only where it does what the model does.
$ cp "$TMP/a net/cells.lib" $TMP/lib && rm "$TMP/a net/cells.lib" && sed 's/nom_voltage *: *1.8/nom_voltage : 1.2/' $TMP/lib > "$TMP/a net/cells.lib" && mj measure "$TMP/a net"; ls "$TMP/a net"
no facts are written: the library is not as it was
! facts.yaml

$ cp $TMP/lib "$TMP/a net/cells.lib" && sed -i '0,/"type": "NAND2X1"/s//"type": "NOR2X1"/' "$TMP/a net/gate.json" && mj measure "$TMP/a net"
? 1
mismatches
no facts are written: gate.json is not as mj realize wrote it

# A library that says nothing of leakage, and one that is none: nothing is left in the way.
$ grep -v cell_leakage_power $TMP/lib > $TMP/tight.lib && mj realize $TMP/run/model.safetensors --as verilog --vectors 100 --liberty $TMP/tight.lib --node '180 nm' --out $TMP/tight > /dev/null && mj measure $TMP/tight
not stated by the library; not in the total
total
! nan

$ echo 'library (x) {' > $TMP/cut.lib; mj realize $TMP/run/model.safetensors --as verilog --liberty $TMP/cut.lib --out $TMP/none; ls $TMP/none
? 2
cut.lib
No such file
