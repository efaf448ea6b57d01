# Mistakes in files and in --set: where, what, and what was probably meant.

$ mj check tests/transcripts/specs/good-chip.yaml
tests/transcripts/specs/good-chip.yaml: ok (chip)

$ mj check data/chips/h100.yaml --json
"kind": "chip"
"ok": true

# A duplicate key ends the reading, so the others are reported without it.
$ mj check tests/transcripts/specs/wrong-units.yaml
? 2
tests/transcripts/specs/wrong-units.yaml:10:1: error: 
   10 | closure: event-sum
      | ^

$ grep -v '^closure: event-sum$' tests/transcripts/specs/wrong-units.yaml > "$TMP/w.yaml"; mj check "$TMP/w.yaml"
? 2
w.yaml:5:73: error: 
    5 |   - {name: sram, kind: sram, capacity: 96 MB, bandwidth: 20 TB/s, read: 2 pJ/s
      |                                                                         ^
w.yaml:7:44: error: 
w.yaml:8:1: error: 
did you mean

$ mj check tests/transcripts/specs/twice.json
? 2
tests/transcripts/specs/twice.json:2:

$ mj check tests/transcripts/specs/none.yaml
? 2
none.yaml: error: cannot open

$ mj check data/facts/dram.yaml
data/facts/dram.yaml: ok (facts)

$ sed 's/from: assumed}$/from: unlisted1999}/' tests/transcripts/specs/good-chip.yaml > "$TMP/u.yaml"; mj check "$TMP/u.yaml"
? 2
unlisted1999

$ mj check LICENSE
? 2
LICENSE: error: not a chip, a model, facts, a ladder, a config.json or a GGUF file

$ mj check tests
? 2
tests: error: a folder, and there is no config.json in it

$ mj check tests/models/phi-2
tests/models/phi-2: ok (Hugging Face config)

$ : > $TMP/empty.yaml; mj check $TMP/empty.yaml
? 2
error: the file is empty

$ head -c 4096 /dev/zero > $TMP/zeros; mj check $TMP/zeros
? 2
error: a binary file, and neither GGUF nor safetensors

$ yes '# nothing' | head -c 5000000 > $TMP/large; mj check $TMP/large
? 2
error: larger than 4194304 bytes

$ printf '\357\273\277' | cat - tests/transcripts/specs/good-chip.yaml > $TMP/bom.yaml; mj check $TMP/bom.yaml
ok (chip)

$ mj check data/ladders/post-100b.yaml
ok (ladder)

$ mj bill data/chips/h100.yaml on h100
? 2
error: data/chips/h100.yaml is a chip, not a model

$ mj bill gpt2 on data/models/gpt2.yaml
? 2
error: data/models/gpt2.yaml is a model, not a chip

# One broken fact, used twice: said once.
$ mkdir $TMP/h; printf 'mj: 1\nfacts: dram\nentries:\n  - {name: x}\n' > $TMP/h/x.yaml; mj bill gpt2 on h100 --facts $TMP/h 2>&1 | grep -c "missing key 'what'"
1

$ mj bill meta-llama/Llama-3.1-9B-Instruct on h100
? 2
(did you mean 'meta-llama/Llama-3.1-8B-Instruct'?)

$ mj bill lama-3.1-70b on h100
? 2
(did you mean 'llama-3.1-70b'?)

$ mj bill llama-3.1-70b on h10
? 2
error: 
did you mean

$ mj bill llama-3.1-70b on h100 --set chip.hbm.raed='2 pJ/B'
? 2
--set chip.hbm.raed: error: 
did you mean

$ mj bill llama-3.1-70b on h100 --set chip.hbm.read=2
? 2
--set chip.hbm.read: error: 

$ mj bill llama-3.1-70b on h100 --set chp.hbm.read='2 pJ/B'
? 2
a path begins with model., chip. or serving. (did you mean 'chip'?)

$ mj bill llama-3.1-70b on h100 --set chip.hbm.read
? 2
wants PATH=VALUE

$ mj list models --set chip.hbm.read='2 pJ/B'
? 2
error: mj list takes no --set

$ mj bill llama-3.1-70b on h100 --devices 1
? 2
error: llama-3.1-70b does not fit 1 x h100
4 would do

$ mj bill llama-3.1-70b on h100 --set model.layers=2147483648
? 2
--set model.layers: error: layers: 2147483648 is out of range

$ mj bill llama-3.1-70b on h100 --precision fp9
? 2
did you mean 'fp8'

$ mj bill llama-3.1-70b on h100 --boundary nod
? 2
did you mean 'node'

$ LC_ALL=de_DE.UTF-8 mj --json bill llama-3.1-70b on h100 --batch=0.5
"batch": 0.5

$ mj bill llama-3.1-70b on h100 --batch 1e308
? 2
batch

# Options that the model has no use for.
$ mj bill llama-3.1-70b on h100 --size 512x512 --steps 4
? 2
error: --steps does not apply: the output of llama-3.1-70b is a token
error: --size does not apply

$ mj bill sd-3.5-large on h100 --frames 4
? 2
error: --frames does not apply: the output of sd-3.5-large is an image

$ mj bill sd-3.5-large on h100 --prompt 4 --output 4
? 2
error: --prompt does not apply
error: --output does not apply

$ mj bill llama-3.1-70b on h100 --context 4k --prompt 100
? 2
error: --context is a fixed context without a prompt

$ mj bill llama-3.1-70b on h100 --json --csv
? 2
error: --json and --csv are two formats

$ mj bill llama-3.1-70b on h100 --seed 0
? 2
error: mj bill takes no --seed

$ mj bill llama-3.1-70b on h100 --precision fp4
? 2
did you mean 'mxfp4' or 'nvfp4'?

$ mj bill llama-3.1-70b on h100 --precision BF16
llama-3.1-70b bf16 on

$ mj bill sd-3.5-large on h100 --size 512X512
512 x 512

# A set that moves no joule says so; a fitted total says what would.
$ mj bill llama-3.1-70b on h100 --set chip.hbm.read='2 pJ/B'
warning: --set chip.hbm.read changes how the fitted total splits, not the total; chip.a.byte (J/B) moves it

$ mj bill llama-3.1-70b on h100 --set chip.a.byte='2 pJ/B'
! warning

$ mj bill llama-3.1-70b on h100 --set chip.year=2020
warning: --set chip.year changed no joules

$ mj bill llama-3.1-70b on h100 --set chip.year=2020 --quiet
! warning

# A folder of facts: every file counts, whatever its name; one that holds no facts is named.
$ mkdir $TMP/f; printf 'mj: 1\nfacts: dram\nentries:\n  - {name: default.hbm3, what: ours, value: 20 pJ/B, from: user, class: measured, boundary: package}\n' > "$TMP/f/our own.yaml"; mj explain llama-3.1-70b on h100 dram.weights --facts $TMP/f
fact       dram.default.hbm3
published  20 (18 to 22) pJ/B

$ mkdir $TMP/g; echo 'chip: x' > $TMP/g/zz.yaml; mj bill llama-3.1-70b on h100 --facts $TMP/g
? 2
zz.yaml:1:1: error:

$ mj check data/models/gpt2.yaml --facts $TMP/g
? 2
zz.yaml:1:1: error:

# The example of docs/chips.md is a chip, and can be billed.
$ sed -n '/^## A complete example/,$p' docs/chips.md | sed -n 's/^    //p' > $TMP/my-chip.yaml; mj check $TMP/my-chip.yaml
ok (chip)

$ mj bill llama-3.1-8b on $TMP/my-chip.yaml --set chip.hbm.read='2 pJ/B'
llama-3.1-8b bf16 on 1 my-chip
! warning
