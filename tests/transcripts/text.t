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

# A run that is done stays as it is; without its model it is exported and judged again.
$ cp $TMP/tiny/model.safetensors $TMP/kept; mj train $TMP/tiny.yaml --out $TMP/tiny --resume && cmp $TMP/kept $TMP/tiny/model.safetensors && echo the same model
finished already,
steps, last loss
tiny/model.safetensors
the same model
! loss 0.0000

$ rm $TMP/tiny/model.safetensors; mj train $TMP/tiny.yaml --out $TMP/tiny --resume
validation text:
tiny/model.safetensors
! loss 0.0000

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
prompt of 3 tokens read at
20 tokens written at
B read a token

# Shares of no symbol, temperatures below zero, what is no number.
$ mj sample $TMP/tiny/model.safetensors --n 5 --top-p 0
? 2
--top-p 0 leaves no symbol to draw: it must be above 0 and at most 1

$ for p in -0.1 1.5 nan; do mj sample $TMP/tiny/model.safetensors --n 5 --top-p=$p; done
? 2
--top-p -0.1 is outside 0 to 1
--top-p 1.5 is outside 0 to 1
--top-p nan: 'nan' is not a number

$ for t in -1 nan inf; do mj sample $TMP/tiny/model.safetensors --n 5 --temperature=$t; done
? 2
--temperature -1 is outside 0 to 100
--temperature nan: 'nan' is not a number
--temperature inf: 'inf' is not a number

$ mj sample $TMP/tiny/model.safetensors --n 5 --top-p 1 --temperature 0
? 0
tokens/s

$ mj sample $TMP/tiny/model.safetensors --out $TMP/a.png
? 2
--out, --trajectory and --substrate are for generators of images

$ mj sample oscillator-fashion --prompt x --out $TMP/a.png
? 2
--prompt, --temperature, --top-p and --on are for language models

# What a token would take on a machine: the bill of the same prompt and length.
$ mj sample $TMP/tiny/model.safetensors --prompt "the" --n 20 2>&1 > /dev/null | sed 's/.*modelled on \(.*\) written with its share of the prompt, at the board.*/\1/' > $TMP/line; mj bill $TMP/tiny/model.safetensors on sram-chip --prompt 3 --output 20 | awk '/\/token/ { print "sram-chip: " $1 " " $2; exit }' | cmp - $TMP/line && echo the same
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

# In another precision bytes and products follow, and the quality that was measured is no longer its.
$ mj bill $TMP/tiny/model.safetensors on sram-chip --precision int4
warning: weights in int4 are another model than the one in
tiny int4 on 1 sram-chip
! bits per byte

$ mj bill $TMP/tiny/model.safetensors on sram-chip --precision int8
tiny int8 on 1 sram-chip
(bits per byte, validation text of
! warning

# Half a byte for each of 96 x 16 weights of the block: in 48 rows, out, up and down 16 each.
$ for p in int8 int4; do mj bill $TMP/tiny/model.safetensors on sram-chip --precision $p --quiet --json | tr -d ' \n' | sed 's/.*"memory_per_device_B":\([0-9.e+]*\).*/\1/'; echo; done | awk '{ used[NR] = $1 } END { print used[1] - used[2] }'
768

$ mj explain $TMP/tiny/model.safetensors on sram-chip arith.vector
gates, norms, non-linearities
carried states
norm, head, softmax and sampling

$ mj bill $TMP/tiny/model.safetensors on sram-chip --set model.text_net.width=20
? 0
tiny int8

# What dominates a small net's bill is the step, and that is hand-over between blocks.
$ mj bill text-gpt on sram-chip
latency      10 us between tokens
all of it hand-over between 10
the weights alone leak

$ mj explain text-gpt on sram-chip leak.logic
step       10 us long, all of it hand-over between 10 blocks (overhead.block, assumed)

# More users than one chip has room for: copies of the net, not slices of it; as asked, or refused.
$ mj bill text-gpt on sram-chip --batch 65536
text-gpt int8 on 16 sram-chip
parallel     dp=16,tp=1: 16 copies of the model, 4096 sequences each

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
as trained
spread
J/token
digital, batch 64
fp16
digital in place
analog
spread: over 3 chips where they differ
weights read from SRAM once for 64 streams
least joules within 0.02 bits of the model as trained
sram.read.1mb
best analog over best digital
mj list facts NAME
q.svg
j.png

# One chip has no spread. The digital machines stand beside any list; the batch is a choice.
$ mj eval $TMP/tiny/model.safetensors --noise 0.01 --within 8 --batch 16 --limit 100 --plot-joules $TMP/j.svg
! spread
digital, batch 16
fp16
digital in place
8
digital in place
best analog over best digital (digital in place) within 8 bits

$ mj eval $TMP/tiny/model.safetensors --noise 0.01,0.02 --limit 100 2>&1 > /dev/null
row 1 of 6, chip 1 of 1
6 rows in
! unknown

# What an analog machine is compared with: no read of weights, and inputs of 8 bits.
$ mj eval $TMP/tiny/model.safetensors --noise 0.1 --limit 100 --csv | awk -F, '{ e[$1 " " $4] = $11 } END { fair = e["digital-in-place 8"]; print (fair > 0), (e["digital-batch-64 8"] > fair), (e["digital-in-place 0"] > 3 * fair) }'
1 1 1

$ for mark in '[*]' 'as trained'; do grep -c ">$mark" $TMP/j.svg; done
1
1

$ mj list facts adc.default.floor
murmann2023

$ head -c 4 $TMP/q.svg; head -c 4 $TMP/j.png | tail -c 3
<svg
PNG

$ mj eval $TMP/tiny/model.safetensors --bits 4,8 --activation-bits 4,8 --limit 100 --csv | head -3
machine,noise,bits,activation_bits,mismatch,chips,bits_per_byte,spread,worst,snr_dB,products_J,joules,joules_lo,joules_hi,optimum,least_joules_x_bits
digital-batch-64,0,4,4,0,1,
digital-in-place,0,4,4,0,1,

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
--plot draws over a list of several values, such as --noise 0,0.1,0.2: here every list has one

$ mj eval $TMP/tiny/model.safetensors --batch 8
? 2
--batch too: give it a list

$ mj eval oscillator-fashion --limit 100
? 2
--test, --limit, --activation-bits, --batch, --within and --plot-joules are for language models

$ mj eval oscillator-fashion --csv
? 2
--csv and --facts are for sweeps of language models

# Trained for chips that differ: a sweep has their mismatch unless its list says otherwise.
$ sed 's/mlp: 1/mlp: 1, weight_mismatch: 0.2/' $TMP/tiny.yaml > $TMP/chips.yaml; mj train $TMP/chips.yaml --out $TMP/chips --quiet; mj eval $TMP/chips/model.safetensors --noise 0.1 --limit 100 --csv | tail -1 | cut -d, -f1-5; mj eval $TMP/chips/model.safetensors --noise 0.1 --mismatch 0 --limit 100 --csv | tail -1 | cut -d, -f1-5
chips/model.safetensors
analog,0.10000000000000001,0,0,0.20000000000000001
analog,0.10000000000000001,0,0,0

$ mj eval $TMP/chips/model.safetensors --noise 0.1 --limit 100
mismatch
0.2

# A look-up memory writes by the same command.
$ printf "mj: 1\nrecipe: rows\nmodel: {kind: lookup_memory, contexts: 1 2 3 c6, rows: 256}\ndata: $TMP/sea.txt\nobjective: {kind: next_byte}\ntrain: {batch: 1, lr: 0.2, epochs: 1, seed: 1}\n" > $TMP/rows.yaml; mj train $TMP/rows.yaml --out $TMP/rows --quiet && mj sample $TMP/rows/model.safetensors --prompt "the sky" --n 20 --seed 2
rows/model.safetensors
the sky
prompt of 7 tokens read at
20 tokens written at
modelled on sram-chip:
batch 64

$ mj eval $TMP/rows/model.safetensors --noise 0,0.1 --bits 4,8 --limit 100
digital, SRAM
digital, ROM
analog
! batch 64
! input bits
each stream reads its rows from SRAM, or from a ROM beside the adders
rom.read

$ mj eval $TMP/rows/model.safetensors --activation-bits 4
? 2
a look-up memory has no activations

# A model trained with noise is held to what it is with that noise; a measured crossbar's joules are its row's.
$ mj eval text-analog --substrate crossbar-32 --limit 512
as trained
digital, batch 64
digital in place
crossbar
its row counts what was measured: 16 nJ of products, converters and amplifiers
least joules within 0.02 bits of the model as trained: digital in place
best analog over best digital

$ mj eval text-analog --substrate crossbar-32 --noise 0.05 --limit 512
! crossbar  
joules are of capacitors by formula; its own products take 16 nJ

# Texts and recipes that do not go together.
$ sed 's/2x16/64x512/' $TMP/tiny.yaml > $TMP/wide.yaml; mj train $TMP/wide.yaml --out $TMP/wide
? 2
64 streams of 512 symbols

$ sed 's/block: mingru/block: mingru, span: 8/' $TMP/tiny.yaml > $TMP/span.yaml; mj train $TMP/span.yaml --out $TMP/span
? 2
model.span has no effect on a text_net of this block

$ sed 's/mlp: 1/equilibrium_gradient: 0/' $TMP/tiny.yaml > $TMP/point.yaml; mj train $TMP/point.yaml --out $TMP/point
? 2
need model.equilibrium

$ sed 's/mlp: 1/read_noise: 0.1/' $TMP/tiny.yaml > $TMP/read.yaml; mj train $TMP/read.yaml --out $TMP/read
? 2
model.read_noise needs a look-up memory

$ sed 's/block: mingru/block: gpt, heads: 4, kv_heads: 3/' $TMP/tiny.yaml > $TMP/keys.yaml; mj train $TMP/keys.yaml --out $TMP/keys
? 2
model.heads must be a multiple of model.kv_heads

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

# A log on a full disk ends the log, not the run.
$ mj train $TMP/tiny.yaml --out $TMP/full --json-log /dev/full
warning: /dev/full: cannot write JSON: No space left on device; the run goes on without its log
full/model.safetensors
