# mj realize: what it writes, what it refuses, what stays when a tool is missing.

$ mj help realize
mj realize MODEL
--as FORM
--liberty FILE
--naive

$ mj realize lut-fashion-generator --out $TMP/a
? 2
error: mj realize needs --as verilog

$ mj realize lut-fashion-generator --as verilog
? 2
error: mj realize needs --out DIR

$ mj realize lut-fashion-generater --as verilog --out $TMP/a
? 2
(did you mean 'lut-fashion-generator'?)

$ mj realize lut-fashion-generator --as verilog --seed 3 --out $TMP/a
? 2
error: --seed is of --random vectors

$ mj realize oscillator-fashion --as verilog --out $TMP/a
? 2
oscillator-fashion
error: a net of oscillators has a circuit --as spice, not --as verilog

$ mj realize lut-fashion-generator --as spice --out $TMP/a
? 2
error: a look-up-table network has a circuit --as verilog, not --as spice

$ mj realize text-mingru --as spice --out $TMP/a
? 2
text-mingru
has no circuit

# Options of one kind of model on another.
$ mj realize oscillator-fashion-small --as spice --cells ideal --out $TMP/a
? 2
error: a net of oscillators takes no --cells

$ mj realize lut-fashion-generator --as verilog --substrate ring-180nm-split --out $TMP/a
? 2
error: a look-up-table network takes no --substrate

$ mkdir $TMP/full && touch $TMP/full/mine && mj realize lut-fashion-generator --as verilog --random --out $TMP/full
? 2
full: error: the folder is not empty; name a new one

$ ls $TMP/full
mine
! core.v

$ mj realize lut-fashion-generator --as verilog --random --liberty /nowhere.lib --out $TMP/b
? 2
/nowhere.lib: error: cannot open

$ here=$(dirname $(command -v mj)); PATH=$here mj realize lut-fashion-generator --as verilog --random --vectors 50 --out $TMP/bare
? 3
in the package

$ ls $TMP/bare
core.v
expected.bin
manifest.json
network.safetensors
readout.v
vectors.bin
! gate.v

$ grep mapped $TMP/bare/manifest.json
"mapped": false

# The same bytes again.
$ here=$(dirname $(command -v mj)); PATH=$here mj realize lut-fashion-generator --as verilog --random --vectors 50 --out $TMP/again >/dev/null; for f in core.v readout.v top.v vectors.bin expected.bin; do cmp $TMP/bare/$f $TMP/again/$f && echo same $f; done
? 0
same core.v
same readout.v
same top.v
same vectors.bin
same expected.bin
