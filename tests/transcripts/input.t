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
LICENSE: error: not a chip, a model, a ladder, facts, a config.json or a GGUF file

$ mj check tests
? 2
error: cannot read

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
error: this command takes no --set

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
