# mj measure crossbar: what it prints, its files, what it refuses, and a text net on a measured crossbar.

$ mj measure --help
crossbar

$ mj measure crossbar --inputs 4
crossbar of 32 x 32 pairs, 100 nS to 10 uS, 1 ohm a cell
wires
programming
noise
effective bits
settling
array
amplifiers
columns to digital
rows to analog
fJ/MAC
digital int8
at
effective bits, not 8
not modelled: noise, offset

# The bill's facts are there.
$ mj list facts crossbar.amplifier
vittoz1977

$ mj measure crossbar --rows 8 --columns 4 --levels 16 --inputs 4 --seed 3 --json
"kind": "crossbar"
"rows": 8
"columns": 4
"levels": 16
"effective_bits"
"component": "conv.adc"
"fact": "dac.default"
! "check"

# The same seed has the same array, another seed another.
$ for s in 3 3 4; do mj measure crossbar --rows 8 --columns 8 --inputs 4 --seed $s --json | grep '"all"'; done | sort | uniq -c | sort -n | tr -s ' ' | cut -d' ' -f2
1
2

$ mj measure crossbar --rows 8 --columns 8 --inputs 4 --out $TMP/bar --quiet > /dev/null; mj check $TMP/bar/facts.yaml && grep -c 'class: simulated' $TMP/bar/facts.yaml
7

$ mj measure crossbar --out $TMP/bar
? 2
--out wants an empty folder

$ mj measure crossbar --rows 0
? 2
--rows 0

$ mj measure crossbar --columns 4097
? 2
--columns 4097 is outside 1 to 4096

$ mj measure crossbar --rows 33 --columns 64 --check
? 2
--check goes up to

$ mj measure crossbar --wire 1
? 2
--wire 1: unit missing

$ mj measure crossbar --wire '1 S'
? 2
--wire 1 S

$ mj measure crossbar --wire '0 ohm'
? 2
--wire 0 ohm

$ for bad in nan inf '-1 uS'; do mj measure crossbar --on="$bad"; done
? 2
--on nan
--on inf
--on -1 uS

$ mj measure crossbar --off '20 uS'
? 2
crossbar: a conductance on is above the one off

$ mj measure crossbar --levels 1
? 2
crossbar: levels are 2 to 65536, or 0

$ mj measure crossbar --programming 1.5
? 2
--programming 1.5 is outside 0 to 1

$ M=$(command -v mj); PATH=$TMP "$M" measure crossbar --check
? 3
cannot start ngspice: No such file or directory; it is in the package ngspice

# A net of analog layers with the crossbar's noise, mismatch and bits; lists override.
$ for i in 1 2 3 4 5 6 7 8 9; do for w in the and sea sky was calm wide blue still deep; do for v in the and sea sky was; do printf '%s %s ' $w $v; done; echo; done; done > $TMP/sea.txt; printf "mj: 1\nrecipe: tiny\nmodel: {kind: text_net, block: mingru, width: 16, depth: 1, mlp: 1}\ndata: $TMP/sea.txt\nobjective: {kind: next_byte}\ntrain: {batch: 2x16, lr: 1e-2, clip: 1, steps: 20, seed: 1}\n" > $TMP/tiny.yaml; mj train $TMP/tiny.yaml --out $TMP/tiny --quiet > /dev/null; mj eval $TMP/tiny/model.safetensors --substrate $TMP/bar/substrate.yaml --limit 100
noise
mismatch
SNR dB
a measured crossbar of 8 x 8, commit
its row counts what was measured
of products, converters and amplifiers

$ mj eval $TMP/tiny/model.safetensors --substrate crossbar-32 --noise 0.5 --limit 100 --json
"noise": 0.5
"mismatch": 0.0

$ mj eval $TMP/tiny/model.safetensors --substrate ring-180nm --limit 100
? 2
ring-180nm.yaml

$ mj eval lut-fashion-classifier --substrate crossbar-32
? 2
a look-up-table network on images takes --data and --threads
