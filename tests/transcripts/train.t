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
error:

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

$ mj eval oscillator-fashion --inception $TMP/cut.safetensors
? 2
cut.safetensors
error:

$ mj eval oscillator-fashion --inception data/trained/yardstick-fashion.safetensors
? 2
yardstick-fashion.safetensors
error: tensor Conv2d_1a_3x3.conv.weight is missing

$ mj eval oscillator-fashion --n 999
? 2
1000

$ mj eval oscillator-fashion --plot $TMP/p.svg
? 2
--plot needs a list of values to plot over, such as --noise 0,0.1,0.2

$ mj eval oscillator-fashion --noise 0,0.1 --bits 4,6 --mismatch 0,0.1 --plot $TMP/p.svg
? 2
--plot shows one list of values or two, and here are 3

$ mj eval oscillator-fashion --noise 0,0.1 --plot $TMP/p.pdf
? 2
p.pdf' ends neither in .svg nor in .png

$ mj eval oscillator-fashion --noise 0,0.1 --plot $TMP/nowhere/p.svg
? 2
nowhere/p.svg

# A plot is refused before anything is evaluated, and leaves what is there.
$ echo old > $TMP/old.svg; mj eval oscillator-fashion --noise 0,0.1 --data /usr --plot $TMP/old.svg; cat $TMP/old.svg; ls -A $TMP
no PNG files
old
old.svg
! .part

# A data set of 40 noisy images of 8x8 in two classes, as MNIST's four files.
$ mkdir $TMP/set; for part in train t10k; do (printf '\000\000\010\003\000\000\000\050\000\000\000\010\000\000\000\010'; tail -c 2560 data/trained/oscillator-fashion.safetensors) > $TMP/set/$part-images-idx3-ubyte; (printf '\000\000\010\001\000\000\000\050'; for i in 0 1 2 3 4 5 6 7 8 9; do printf '\000\001\001\000'; done) > $TMP/set/$part-labels-idx1-ubyte; done; printf "mj: 1\nrecipe: tiny\nmodel: {kind: oscillator_net, visible: 8x8, hidden_fixed: 2, hidden_random: 2, coupling_bits: 4}\ndata: $TMP/set\nobjective: {kind: drifting, pixels: 1}\nintegrate: {method: euler, span: 3, steps: 2}\ntrain: {batch: 2x4, real: 2x4, lr: 1e-2, steps: 3, seed: 1}\n" > $TMP/tiny.yaml; mj train $TMP/tiny.yaml --out $TMP/tiny --json-log $TMP/tiny.log
tiny: 40 images of 8x8
1 thread,
judged by pixels alone: the yardstick is of fashion-mnist, not of
pixel Frechet
3 steps in
processor time
tiny/model.safetensors
! threads

$ grep -c '^{"step": [1-3], "n_steps": 3, "loss": .*"cpu_s": .*}$' $TMP/tiny.log
2

$ sed 's/span: 3/precision: int8, span: 3/' $TMP/tiny.yaml > $TMP/narrow.yaml; mj train $TMP/narrow.yaml --out $TMP/narrow
? 2
narrow.yaml:6
int8
bf16

$ mj train $TMP/tiny.yaml --out $TMP/tiny
? 2
the folder has a run already

$ mj train $TMP/tiny.yaml --out $TMP/tiny --resume
tiny/model.safetensors

# A run that goes on keeps its seed.
$ mj train $TMP/tiny.yaml --out $TMP/seeded --seed 7 --quiet && mj train $TMP/tiny.yaml --out $TMP/seeded --resume
seeded/model.safetensors

$ mj train $TMP/tiny.yaml --out $TMP/tiny --resume --seed 7
? 2
written with seed 1, this run has 7 (--seed)

$ mj train $TMP/tiny.yaml --out $TMP/other --seed 7 && cmp -s $TMP/tiny/model.safetensors $TMP/other/model.safetensors
? 1
other/model.safetensors

$ mj sample $TMP/tiny/model.safetensors --n 4 --out $TMP/tiny.png && od -An -c -N4 $TMP/tiny.png
tiny.png
P   N   G

# The phases on their way: 4 samples of the start and 24 steps, each drawn once, and the last once more.
$ mj sample $TMP/tiny/model.safetensors --n 4 --trajectory --out $TMP/way.png && for chunk in acTL fcTL; do grep -ao $chunk $TMP/way.png | wc -l; done
way.png
1
25

$ mj sample oscillator-fashion --n 101 --trajectory --out $TMP/many.png
? 2
--trajectory draws at most 100 samples

$ mj sample oscillator-fashion --trajectory
? 2
mj sample needs --out FILE.png

$ mj eval $TMP/tiny/model.safetensors --n 1000
Judged by pixels alone, because the yardstick is of fashion-mnist, not of
Frechet distance of all 64 pixels to 40 test images
! accuracy

# A sweep and its plot: two curves of two values; chips are drawn where they differ.
$ mj eval $TMP/tiny/model.safetensors --n 1000 --noise 0,0.1 --bits 0,3 --mismatch 0.1 --chips 2 --precision int8 --plot $TMP/sweep.svg
worst chip
sweep.svg

$ grep -c 'data-curve="[01]"' $TMP/sweep.svg
4

$ mj eval $TMP/tiny/model.safetensors --n 1000 --mismatch 0,0.1 --chips 2 --json
"chips": 1
"chips": 2

$ mj eval $TMP/tiny/model.safetensors --n 1000 --json
"metric": "frechet-pixels"
"test_accuracy": null
"accuracy": null

$ mj eval $TMP/tiny/model.safetensors --data fashion-mnist
? 2
cannot be judged: it draws 8x8 images of 2 classes, fashion-mnist has 8x8 of 10

# The limits of a wiring and what changes in a run: from the recipe to the bill.
$ sed 's/coupling_bits: 4/coupling_bits: 4, reach: 3, degree: 6, segments: 2, symmetric: true, harmonics: {sin: [1, 0.2]}/; s/tiny/wired/' $TMP/tiny.yaml > $TMP/wired.yaml; mj train $TMP/wired.yaml --out $TMP/wired --quiet && mj sample $TMP/wired/model.safetensors --n 4 --out $TMP/wired.png
wired/model.safetensors
wired.png

# Steps are a multiple of the segments: 25 of 5, and a frame more.
$ sed 's/coupling_bits: 4/coupling_bits: 4, segments: 5/; s/tiny/five/' $TMP/tiny.yaml > $TMP/five.yaml; mj train $TMP/five.yaml --out $TMP/five --quiet && mj sample $TMP/five/model.safetensors --n 4 --trajectory --out $TMP/five.png && grep -ao fcTL $TMP/five.png | wc -l
five.png
26

$ mj explain $TMP/wired/model.safetensors on oscillator-65nm "couplings written"
bytes of all segments, each output

$ sed 's/coupling_bits: 4/reach: 0/' $TMP/tiny.yaml > $TMP/reach.yaml; mj train $TMP/reach.yaml --out $TMP/reach
? 2
reach.yaml:3
reach

$ sed 's/coupling_bits: 4/harmonics: {sine: [1]}/' $TMP/tiny.yaml > $TMP/sine.yaml; mj train $TMP/sine.yaml --out $TMP/sine
? 2
sine.yaml:3
(did you mean 'sin'?)

$ printf 'mj: 1\nrecipe: x\nmodel: {kind: classifier, degree: 4}\ndata: d\nobjective: {kind: classify}\ntrain: {batch: 9, lr: 1, steps: 5}\n' > $TMP/deg.yaml; mj train $TMP/deg.yaml --out $TMP/deg
? 2
model.degree has no effect on a classifier

$ mj bill $TMP/tiny/model.safetensors on oscillator-65nm
tiny int4 on 1 oscillator-65nm

# Ctrl-C: saved, with the shell's code of the signal; what is left of a run is gone on with.
$ sed 's/steps: 3/steps: 99999999/' $TMP/tiny.yaml > $TMP/long.yaml; timeout --preserve-status -s INT 3 mj train $TMP/long.yaml --out $TMP/long
? 130
stopped; go on with --resume

$ ls $TMP/long
checkpoint.safetensors

$ mj bill oscillator-fashion on oscillator-65nm
oscillator-fashion int6 on 1 oscillator-65nm

$ mj bill data/trained/oscillator-fashion.safetensors on oscillator-65nm
oscillator-fashion int6 on 1 oscillator-65nm
arith.osc
