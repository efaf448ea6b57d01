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

$ mj measure DIR --help
--wind-tunnel
--watts W

$ mj measure $TMP/empty --wind-tunnel --watts '0 W'
? 2
--watts
