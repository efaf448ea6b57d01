# Language models: a look-up memory trained on a small text in a second, judged, cut short and gone on with.

# Sentences of eight words in an order that has a pattern; 25 kB.
$ awk 'BEGIN { split("the king said unto them and behold day", w, " "); x = 7; for (i = 0; i < 5000; i++) { x = (x * 1103 + 12345) % 65536; printf "%s%s", w[1 + int(x / 8192)], i % 12 == 11 ? ".\n" : " " } }' > $TMP/words.txt; wc -c < $TMP/words.txt; printf "mj: 1\nrecipe: small\nmodel: {kind: lookup_memory, contexts: 0 1 2 3 4 w0 c6, rows: 1024, row_bits: 6}\ndata: $TMP/words.txt\nobjective: {kind: next_byte}\ntrain: {batch: 8, lr: 0.2, lr_end: 0.6, epochs: 1, seed: 1}\n" > $TMP/small.yaml; mj train $TMP/small.yaml --out $TMP/a --json-log $TMP/a.log
small:
bytes of text,
validation text:
bits per byte
a/model.safetensors

$ grep -c '"loss": .*"tokens_per_s": ' $TMP/a.log
2

$ mj eval $TMP/a/model.safetensors
small:
bits per byte on the validation text of
words.txt
MB stored

$ mj eval $TMP/a/model.safetensors --test
bits per byte on the test text of

# Eight words at random are 3 bits a word of five letters: the figure is near 0.6 and cannot be far below.
$ mj eval $TMP/a/model.safetensors --json | tr -d ' \n' | sed 's/.*"value":\([0-9.]*\).*/\1/' | awk '{ print ($1 > 0.3 && $1 < 1.5) ? "plausible" : "no: " $1 }'
plausible

$ mj eval $TMP/a/model.safetensors --json
"metric": "bits-per-byte"
"part": "validation"
"escaped": 0
"stored_B"

# Another text: bytes that training lacks cost their escape and 8 bits.
$ tr 'a-z' 'A-Z' < $TMP/words.txt > $TMP/loud.txt; mj eval $TMP/a/model.safetensors --data $TMP/loud.txt
bits per byte on the validation text of
loud.txt
not in the alphabet

# Cut short as often as it takes, each time later (a machine may be slow), on one thread: the same tables
# to the bit. The file's header has times.
$ sed 's/epochs: 1/epochs: 20/' $TMP/small.yaml > $TMP/long.yaml; mj train $TMP/long.yaml --out $TMP/whole --quiet; i=1; until [ -f $TMP/cut/model.safetensors ] || [ $i = 30 ]; do r=; [ -f $TMP/cut/checkpoint.safetensors ] && r=--resume; timeout --preserve-status -s INT $((i / 3)).$((i % 3 * 3)) mj train $TMP/long.yaml --out $TMP/cut --quiet $r > /dev/null 2>&1; i=$((i + 1)); done; for run in whole cut; do tail -c 25000 $TMP/$run/model.safetensors > $TMP/$run.tables; done; cmp $TMP/whole.tables $TMP/cut.tables && echo the same tables
whole/model.safetensors
the same tables

$ sed 's/epochs: 1/epochs: 1000/' $TMP/small.yaml > $TMP/endless.yaml; timeout --preserve-status -s INT 3 mj train $TMP/endless.yaml --out $TMP/endless
? 130
stopped; go on with --resume

$ mj train $TMP/endless.yaml --out $TMP/endless --resume --data $TMP/loud.txt
? 2
error:

# A text that is none.
$ : > $TMP/empty.txt; mj train $TMP/small.yaml --data $TMP/empty.txt --out $TMP/x
? 2
empty.txt
the text is empty

$ head -c 4000 data/trained/yardstick-fashion.safetensors > $TMP/binary.txt; mj train $TMP/small.yaml --data $TMP/binary.txt --out $TMP/x
? 2
not a text

$ echo some words > $TMP/short.txt; mj train $TMP/small.yaml --data $TMP/short.txt --out $TMP/x
? 2
a context needs 64

$ mj train $TMP/small.yaml --data $TMP/nowhere --out $TMP/x
? 2
nowhere
a text is kjv, a file, or a folder with *.txt

# Without the program that prints the King James Bible.
$ mkdir $TMP/bin; ln -s "$(command -v mj)" $TMP/bin/mj; PATH=$TMP/bin mj train $TMP/small.yaml --data kjv --out $TMP/x
? 3
bible-kjv

# What is of other models.
$ mj eval $TMP/a/model.safetensors --noise 0.1
SNR dB
of a sum of rows

$ mj eval oscillator-fashion --test
? 2
error:

$ mj train $TMP/small.yaml --out $TMP/x --minutes 1
? 2
trained for epochs of its text, not for minutes

$ sed 's/lr: 0.2/lr: 1e30/' $TMP/small.yaml > $TMP/lr.yaml; mj train $TMP/lr.yaml --out $TMP/x
? 2
lr.yaml:6

$ sed 's/lr: 0.2/lr: .nan/' $TMP/small.yaml > $TMP/nan.yaml; mj train $TMP/nan.yaml --out $TMP/x
? 2
nan.yaml:6

$ sed 's/contexts: 0 1/contexts: 0 x1/' $TMP/small.yaml > $TMP/ctx.yaml; mj train $TMP/ctx.yaml --out $TMP/x
? 2
'x1

$ head -c 3000 $TMP/a/model.safetensors > $TMP/cut.safetensors; mj eval $TMP/cut.safetensors
? 2
cut.safetensors

# The bill of it: rows read, what hashes and softmax take, tables that leak, and how good it is.
$ mj bill $TMP/a/model.safetensors on sram-chip
small int8 on 1 sram-chip
leak.sram
arith.vector
weights read
tables
B of rows read a token
leakage
as much as reading them takes at
helps: ROM, non-volatile memory
quality
(bits per byte, validation text of

$ mj explain $TMP/a/model.safetensors on sram-chip "weights read"
rows of tables, those of each token

$ mj explain $TMP/a/model.safetensors on sram-chip arith.vector
hashes, codebooks, softmax and sampling

$ mj bill $TMP/a/model.safetensors on h100
? 2
was never measured with look-up memories
