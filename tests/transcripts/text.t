# Language models from a small text: train, go on, judge, write.
$ for i in 1 2 3 4 5 6 7 8 9; do for w in the and sea sky was calm wide blue still deep; do for v in the and sea sky was; do printf '%s %s ' $w $v; done; echo; done; done > $TMP/sea.txt; wc -l < $TMP/sea.txt
90

$ printf "mj: 1\nrecipe: tiny\nmodel: {kind: text_net, block: mingru, width: 16, depth: 1, mlp: 1}\ndata: $TMP/sea.txt\nobjective: {kind: next_byte}\ntrain: {batch: 2x16, lr: 1e-2, clip: 1, steps: 40, seed: 1}\n" > $TMP/tiny.yaml; mj train $TMP/tiny.yaml --out $TMP/tiny --json-log $TMP/tiny.log
tiny:
bytes of text
validation text:
bits per byte
B read a token
tiny/model.safetensors

$ grep -q '"tokens_per_s"' $TMP/tiny.log && echo logged
logged

$ mj eval $TMP/tiny/model.safetensors
tiny:
bits per byte on the validation text of
tokens/s on one thread

$ mj eval $TMP/tiny/model.safetensors --test --json
"metric": "bits-per-byte"
"part": "test"
"touched_B"

# The same seed writes the same text; another one another.
$ for s in 3 3 4; do mj sample $TMP/tiny/model.safetensors --prompt "the sea" --n 60 --seed $s --quiet > $TMP/s.$s.$(ls $TMP | grep -c '^s\.'); done; cmp $TMP/s.3.0 $TMP/s.3.1 && ! cmp -s $TMP/s.3.0 $TMP/s.4.2 && wc -c < $TMP/s.4.2; head -c 7 $TMP/s.4.2
68
the sea

$ mj sample $TMP/tiny/model.safetensors --prompt "the" --n 20 --temperature 0
the
tokens/s;
B read a token

$ mj sample $TMP/tiny/model.safetensors --out $TMP/a.png
? 2
--out, --trajectory and --substrate are for generators of images

$ mj sample oscillator-fashion --prompt x --out $TMP/a.png
? 2
--prompt, --temperature, --top-p and --on are for language models

# What a token would take on a machine: the bill of the same prompt and length.
$ mj sample $TMP/tiny/model.safetensors --prompt "the" --n 20 2>&1 > /dev/null | sed 's/.*modelled on \(.*\) at the board.*/\1/' > $TMP/line; mj bill $TMP/tiny/model.safetensors on sram-chip --prompt 3 --output 20 | awk '/\/token/ { print "sram-chip: " $1 " " $2; exit }' | cmp - $TMP/line && echo the same
the same

$ mj sample $TMP/tiny/model.safetensors --n 20 --on h100
? 2
h100 was never measured with text nets

$ mj sample $TMP/tiny/model.safetensors --n 20 --on sram-cip
? 2
did you mean 'sram-chip'

$ mj bill $TMP/tiny/model.safetensors on sram-chip
tiny int8 on 1 sram-chip
element-wise operations
weights
kept, 20 B of rows read a token, of matrices
leakage
quality
(bits per byte, validation text of

$ mj explain $TMP/tiny/model.safetensors on sram-chip arith.vector
gates, norms, non-linearities
carried states
norm, head, softmax and sampling

$ mj bill $TMP/tiny/model.safetensors on sram-chip --set model.text_net.width=20
? 0
tiny int8

# What dominates a small net's bill is the step, and that is hand-over between blocks.
$ mj bill text-gpt on sram-chip
latency      6 us between tokens
all of it hand-over between 6
the weights alone leak

$ mj explain text-gpt on sram-chip leak.logic
step       6 us long, all of it hand-over between 6 blocks (overhead.block, assumed)

# More users than one chip has room for: copies of the net, not slices of it; as asked, or refused.
$ mj bill text-gpt on sram-chip --batch 65536
text-gpt int8 on 32 sram-chip
parallel     dp=32,tp=1: 32 copies of the model, 2048 sequences each

$ mj bill text-gpt on sram-chip --batch 65536 --parallel tp=32
latency of links
parallel     tp=32: every layer is split over all devices

$ mj bill text-gpt on sram-chip --parallel dp=4
parallel     dp=4,tp=1: 4 copies of the model, 16 sequences each

$ mj bill text-gpt on sram-chip --parallel ep=2
? 2
error: --parallel ep=2: text-gpt has no experts to spread

$ mj bill text-gpt on sram-chip --parallel ring=2
? 2
error: --parallel: ulysses and ring are of images

# A machine whose file states no power has that of like machines, a fitted one no fit for nets, an
# envelope the joules of its author's model.
$ mj explain text-gpt on ironwood idle.board
idle.board: static power, not stated
overhead.idle-bandwidth

$ mj bill text-gpt on h100
? 2
or on h100 without its fit: --set chip.closure=event-sum

$ mj bill text-gpt on h100 --set chip.closure=event-sum
event-sum:

$ mj bill text-gpt on post-8gpu
? 2
post-8gpu is what its author says of a model of about 100 G parameters

$ mj explain text-gpt on sram-chip sram.l2
text-gpt int8 on 1 sram-chip
attention over the span

$ mj bill text-mingru on sram-chip --set model.text_net.witdh=20
? 2
did you mean
width

$ printf 'mj: 1\nmodel: none\nkind: text_net\ntext_net: {block: mingru, symbols: 64, width: 0, depth: 2}\n' > $TMP/none.yaml; mj bill $TMP/none.yaml on sram-chip
? 2
none.yaml:4
width

$ mj eval $TMP/tiny/model.safetensors --detuning 0.1
? 2
a language model takes --data, --test, --limit, --threads, and for a sweep --noise, --bits

# A sweep: every combination, joules of each, the optimum and the facts behind it.
$ mj eval $TMP/tiny/model.safetensors --noise 0,0.1,0.5 --mismatch 0,0.1 --chips 3 --limit 100 --plot $TMP/q.svg --plot-joules $TMP/j.png
on the first 100 bytes of the validation text
SNR dB
J/token
digital
least joules within 0.02 bits of the clean model
limit.kt
sums converted to digital
adc.default.floor
sram.read.1mb
mj list facts NAME
q.svg
j.png

$ mj list facts adc.default.floor
murmann2023

$ head -c 4 $TMP/q.svg; head -c 4 $TMP/j.png | tail -c 3
<svg
PNG

$ mj eval $TMP/tiny/model.safetensors --bits 4,8 --activation-bits 4,8 --limit 100 --csv | head -3
noise,bits,activation_bits,mismatch,chips,bits_per_byte,spread,worst,snr_dB,products_J,joules,joules_lo,joules_hi,optimum
0,4,4,0,1,
0,4,8,0,1,

$ mj eval $TMP/tiny/model.safetensors --noise 0.2 --mismatch 0.1 --chips 2 --limit 100 --json
"metric": "bits-per-byte"
"within": 0.02
"chips": 2
"snr_dB": 13.97940008672037
"component": "conv.adc"
"fact": "adc.default.floor"

$ for noise in -0.1 0.1,x 1e9 0.1,0.2,0.3,0.4,0.5,0.6,0.7,0.8,0.9,1,2,3,4,5,6,7,8; do mj eval $TMP/tiny/model.safetensors --noise=$noise; done
? 2
--noise -0.1: numbers from 0 to 100, with commas between
--noise 0.1,x: numbers from 0 to 100
--noise 1e9: numbers from 0 to 100
--noise has more than 16 values

$ mj eval $TMP/tiny/model.safetensors --bits 1
? 2
--bits 1: whole numbers from 0 to 8 but 1

$ mj eval $TMP/tiny/model.safetensors --noise 0.1 --chips 0
? 2
--chips 0 is outside 1 to 1000

$ mj eval $TMP/tiny/model.safetensors --chips 3
? 2
--chips and plots are of a sweep

$ mj eval $TMP/tiny/model.safetensors --csv
? 2
--csv and --facts are of a sweep

$ mj eval $TMP/tiny/model.safetensors --noise 0.1 --plot $TMP/none.svg
? 2
a plot shows one list of several values or two

$ mj eval oscillator-fashion --limit 100
? 2
--test, --limit, --activation-bits, --within and --plot-joules are for language models

$ mj eval oscillator-fashion --csv
? 2
--csv and --facts are for sweeps of language models

# A look-up memory writes by the same command.
$ printf "mj: 1\nrecipe: rows\nmodel: {kind: lookup_memory, contexts: 1 2 3 c6, rows: 256}\ndata: $TMP/sea.txt\nobjective: {kind: next_byte}\ntrain: {batch: 1, lr: 0.2, epochs: 1, seed: 1}\n" > $TMP/rows.yaml; mj train $TMP/rows.yaml --out $TMP/rows --quiet && mj sample $TMP/rows/model.safetensors --prompt "the sky" --n 20 --seed 2
rows/model.safetensors
the sky
27 tokens
modelled on sram-chip:
batch 64

$ mj eval $TMP/rows/model.safetensors --noise 0,0.1 --bits 4,8 --limit 100
cells read and summed
! inputs converted

$ mj eval $TMP/rows/model.safetensors --activation-bits 4
? 2
a look-up memory has no activations

# Texts and recipes that do not go together.
$ sed 's/2x16/64x512/' $TMP/tiny.yaml > $TMP/wide.yaml; mj train $TMP/wide.yaml --out $TMP/wide
? 2
64 streams of 512 symbols

$ sed 's/block: mingru/block: mingru, span: 8/' $TMP/tiny.yaml > $TMP/span.yaml; mj train $TMP/span.yaml --out $TMP/span
? 2
model.span has no effect on a text_net of this block

$ : > $TMP/none.txt; mj train $TMP/tiny.yaml --data $TMP/none.txt --out $TMP/none
? 2
none.txt

# A net beside a look-up memory, killed without warning and gone on with, is the run that was not: its
# tensors, which stand at the end of the file, are the same. It is stopped once, and killed after it went on.
$ printf "mj: 1\nrecipe: both\nmodel: {kind: text_net, block: oscillator, width: 64, depth: 2, mlp: 2, contexts: 1 2 3 w0 c6, rows: 1024, dims: 16, row_bits: 4}\ndata: $TMP/sea.txt\nobjective: {kind: next_byte}\ntrain: {batch: 4x32, lr: 1e-2, clip: 1, dropout: 0.1, epochs: 90, lr_memory: 0.2, seed: 1}\n" > $TMP/both.yaml; mj train $TMP/both.yaml --out $TMP/whole --quiet --threads 1; timeout --preserve-status -s INT 1 mj train $TMP/both.yaml --out $TMP/cut --quiet --threads 1 > $TMP/cut.log 2>&1; timeout -s KILL 1 mj train $TMP/both.yaml --out $TMP/cut --resume --quiet --threads 1 > $TMP/cut.log 2>&1; ls $TMP/cut; mj train $TMP/both.yaml --out $TMP/cut --resume --quiet --threads 1; for run in whole cut; do tail -c 30000 $TMP/$run/model.safetensors > $TMP/$run.tensors; done; cmp $TMP/whole.tensors $TMP/cut.tensors && echo the same tensors
checkpoint.safetensors
the same tensors

$ mj sample $TMP/cut/model.safetensors --prompt "the sea" --n 20 --seed 2
the sea

$ sed 's/dims: 16, //' $TMP/both.yaml > $TMP/logits.yaml; mj train $TMP/logits.yaml --out $TMP/logits
? 2
needs model.dims

# A disk that is full: the run ends with the reason, and no half file takes the place of a whole one.
$ mj train $TMP/tiny.yaml --out $TMP/full --json-log /dev/full
? 2
No space left on device
