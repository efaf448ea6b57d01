# mj train, eval and sample: what they need, what they refuse.

$ mj help train
mj train RECIPE
--resume
--minutes

$ mj train oscillator-fashion
? 2
error: mj train needs --out DIR

$ mj train oscilator-fashion --out $TMP/a
? 2
(did you mean 'oscillator-fashion'?)

$ mkdir $TMP/full && touch $TMP/full/model.safetensors && mj train classifier-fashion --out $TMP/full
? 2
the folder has a run already; --resume

$ mj train classifier-fashion --out $TMP/full --resume --minutes 3
? 2
--minutes is of a new run

$ mj train help
mj train RECIPE

$ mj train classifier-fashion --out $TMP/fresh --resume
? 2
nothing to resume from

$ printf 'mj: 1\nrecipe: x\nmodel: {kind: classifier}\ndata: d\nobjective: {kind: classify}\ntrain: {batch: 9, lr: 1, step: 5}\n' > $TMP/x.yaml; mj train $TMP/x.yaml --out $TMP/x
? 2
x.yaml:6
step
(did you mean 'steps'?)

$ printf 'mj: 1\nrecipe: x\nmodel: {kind: classifier}\ndata: /nowhere\nobjective: {kind: classify}\ntrain: {batch: 9, lr: 1, steps: 5}\n' > $TMP/y.yaml; mj train $TMP/y.yaml --out $TMP/y
? 2
/nowhere

$ printf 'mj: 1\nrecipe: x\nmodel: {kind: classifier}\ndata: fashion-mnits\nobjective: {kind: classify}\ntrain: {batch: 9, lr: 1, steps: 5}\n' > $TMP/z.yaml; mj train $TMP/z.yaml --out $TMP/z
? 2
no data set 'fashion-mnits': a folder, or fashion-mnist (did you mean that?)

$ mj train classifier-fashion --out $TMP/fresh2 --json
? 2
mj train takes no --json

$ mj eval
? 2
MODEL

$ mj eval yardstick-fashion
? 2
not a generator: a classifier

$ mj eval oscillator-fashion --data /usr
? 2
cannot be judged: the yardstick is of fashion-mnist, not of /usr

$ mj eval oscillator-fashion --bits 4,1
? 2
--bits 4,1: whole numbers from 0 to 16 but 1

$ mj eval oscillator-fashion --seed 2147483648
? 2
--seed: at most 2147483647

$ mj eval nothing-like-this
? 2
error: no 'nothing-like-this' in

$ mj sample yardstick-fashion
? 2
mj sample needs --out FILE.png

$ head -c 1000 data/trained/yardstick-fashion.safetensors > $TMP/cut.safetensors; mj eval $TMP/cut.safetensors
? 2
cut.safetensors
error:
