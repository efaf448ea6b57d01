# What can go wrong around a text: the text itself, the folder, the disk, the file of a model.
$ for i in 1 2 3 4 5 6 7 8 9; do for w in the and sea sky was calm wide blue still deep; do for v in the and sea sky was; do printf '%s %s ' $w $v; done; echo; done; done > $TMP/sea.txt; printf "mj: 1\nrecipe: tiny\nmodel: {kind: text_net, block: mingru, width: 16, depth: 1, mlp: 1}\ndata: sea.txt\nobjective: {kind: next_byte}\ntrain: {batch: 2x16, lr: 1e-2, clip: 1, steps: 40, seed: 1}\n" > $TMP/tiny.yaml; cd $TMP; mj train tiny.yaml/ --out $TMP/no; mj train ./tiny.yaml --out above/tiny --quiet
? 0
tiny.yaml/: error: cannot open
above/tiny/model.safetensors

# A name without a slash is a file, too, where no recipe has it.
$ cd $TMP; cp tiny.yaml bare; mj train bare --out bared --quiet
bared/model.safetensors

# The text is found from any folder, and a text that changed is not the one.
$ mj eval $TMP/above/tiny
bits per byte on the validation text of /
! warning

$ cd $TMP; cp -r above/tiny run; rm run/model.safetensors; cp -r run there; cp sea.txt moved.txt; mj train tiny.yaml --out there --resume --quiet --data moved.txt; mv sea.txt away.txt; mj train tiny.yaml --out there --resume --quiet; mv away.txt sea.txt
there/model.safetensors
there/model.safetensors

$ sed 's/calm/clam/' $TMP/sea.txt > $TMP/other.txt; cp $TMP/other.txt $TMP/sea.txt; cd $TMP; mj train tiny.yaml --out run --resume
? 2
run/checkpoint.safetensors: error: was trained on another text (
sea.txt: 3564 bytes then as now, but not the same)
! shape

$ mj eval $TMP/above/tiny
warning:
sea.txt has changed since tiny was trained on it (3564 bytes then, 3564 now)
bits per byte

$ (echo 'A sea!'; cat $TMP/other.txt) > $TMP/sea.txt; cd $TMP; mj train tiny.yaml --out run --resume
? 2
sea.txt: 3564 bytes of it then, 3570 now)
! shape

$ cd $TMP; mj train tiny.yaml --out run --resume --data above/../other.txt
? 2
was trained on another text (
sea.txt, 3564 bytes of it; here are 3564 of /
/other.txt)

$ mv $TMP/moved.txt $TMP/sea.txt; cd $TMP; mj train tiny.yaml --out bared --resume --quiet
bared/model.safetensors

# A run that is refused leaves no folder; one that has not ended has no model.
$ ls -d $TMP/no
? 2
No such file

$ mj train $TMP/tiny.yaml --out $TMP/never/begun --resume
? 2
never/begun/checkpoint.safetensors: error: nothing to resume from: No such file

$ cd $TMP; mj train tiny.yaml --out sea.txt
? 2
sea.txt: error: cannot create this folder: Not a directory

$ cd $TMP; mj train tiny.yaml --out logged --json-log /none/log; ls -d logged
? 2
/none/log: error: cannot write
No such file

$ cd $TMP; for c in "eval run" "sample run/" "bill run on sram-chip"; do mj $c; done
? 2
run: error: no model yet, the run has not ended: mj train RECIPE --out run --resume
run/: error: no model yet
run: error: no model yet

$ cd $TMP; for c in "eval run/checkpoint.safetensors" "bill run/checkpoint.safetensors on sram-chip"; do mj $c; done
? 2
run/checkpoint.safetensors: error: a checkpoint, from which mj train RECIPE --out DIR --resume goes on
run/checkpoint.safetensors: error: a checkpoint

$ mj bill $TMP/above/tiny on sram-chip
tiny int8 on 1 sram-chip

$ mj bill text-flagship on sram-chip; mj eval text-flagship
? 2
'text-flagship' is a recipe, and no trained model of it is shipped: mj train text-flagship
'text-flagship' is a recipe

# A disk that is full, played by a limit on files: the reason, the last good checkpoint, nothing beside it.
$ cp -r $TMP/above/tiny $TMP/limit; cd $TMP; cp limit/checkpoint.safetensors kept; rm limit/model.safetensors; (ulimit -f 4; mj train tiny.yaml --out limit --resume --quiet; echo "code $?"); cmp limit/checkpoint.safetensors kept && ls -A limit
limit/checkpoint.safetensors: error: cannot write: File too large
code 2
checkpoint.safetensors
! part

$ cd $TMP; (ulimit -f 4; mj train tiny.yaml --out small --quiet; echo "code $?"); ls -d small
? 2
small/checkpoint.safetensors: error: cannot write: File too large
code 2
No such file

$ mj sample $TMP/above/tiny > /dev/full; mj eval $TMP/above/tiny --json > /dev/full
? 2
stdout: error: cannot write the text: No space left on device
error: cannot write JSON: No space left on device

$ mj sample $TMP/above/tiny 2>&1 > /dev/full | grep -c error
1

# A file that is no model, or was one, is told what is wrong with it, whatever else was asked.
$ cd $TMP; f=above/tiny/model.safetensors; head -c 500 $f > cut.safetensors; head -c 6500 $f > short.safetensors; : > empty.safetensors; head -c 900 /bin/sh > random.safetensors; sed 's/"model":/"medal":/' $f > medal.safetensors; sed 's/"text_net"/"text_nut"/' $f > nut.safetensors; sed 's/"alphabet":/"alphabat":/' $f > letters.safetensors; sed 's/"embedding.scale"/"embedding.scule"/' $f > scale.safetensors; sed 's/^      80,$/      88,/' $f > offset.safetensors; sed 's/^      20$/      19/' $f > shape.safetensors; for x in cut short empty random medal nut letters scale offset shape; do mj eval $x.safetensors --limit 2000; mj sample $x.safetensors; done
? 2
cut.safetensors: error: no safetensors file, or truncated
cut.safetensors: error: no safetensors file, or truncated
short.safetensors: error: tensor head.packed: reaches past the end of the file
short.safetensors: error: tensor head.packed: reaches past the end of the file
empty.safetensors: error: no safetensors file, or truncated
empty.safetensors: error: no safetensors file, or truncated
random.safetensors: error: no safetensors file, or truncated
random.safetensors: error: no safetensors file, or truncated
medal.safetensors: error: no model of mj: model is missing from its metadata
medal.safetensors: error: no model of mj: model is missing from its metadata
nut.safetensors: error: no model that mj knows: a text_nut
nut.safetensors: error: no model that mj knows: a text_nut
letters.safetensors: error: no tensor alphabet
letters.safetensors: error: no tensor alphabet
scale.safetensors: error: tensor embedding.scale is missing
scale.safetensors: error: tensor embedding.scale is missing
offset.safetensors: error: tensor block0.norm1: data_offsets do not fit shape and dtype
offset.safetensors: error: tensor
shape.safetensors: error: tensor
data_offsets do not fit shape and dtype
shape.safetensors: error: tensor
! are for language models
! needs --out

# A recipe is refused at the line of the key that is wrong or, where it is missing, of its section.
$ cd $TMP; cp sea.txt text; net() { sed "$1" tiny.yaml > net.yaml; mj train net.yaml --out none; }; net 's/width: 16, //'; net 's/batch: 2x16/batch: 0x128/'; net 's/, steps: 40//'; net 's/block: mingru/block: gpt, heads: 3/'; net 's/mlp: 1/density: 0/'; net 's/mlp: 1/contexts: z9 w1 v2, rows: 256, dims: 16/'; net 's/mlp: 1/contexts: 1 w1 1, rows: 256, dims: 16/'; net 's/mlp: 1/contexts: 1, rows: 100, dims: 16/'; net 's/mlp: 1/contexts: 1/'; net 's/mlp: 1/rows: 256/'; net 's/clip: 1/epochs: 2/'; net 's/2x16/64x512/'; net 's/batch: 2x16, //'; ls -d none
? 2
net.yaml:3:1: error: model.width is missing
net.yaml:6:9: error: train.batch must be STREAMSxSYMBOLS, as 8x128
net.yaml:6:1: error: train: give one length
net.yaml:3:37: error: model.heads: 3 heads of a width of 16 would have 5.333 columns each
net.yaml:3:61: error: model.density must be above 0
net.yaml:3:61: error: model.contexts: 'z9' is none of
net.yaml:3:61: error: model.contexts: '1' is there twice
net.yaml:3:74: error: model.rows of a look-up memory: a power of two
net.yaml:3:1: error: model.rows is missing
net.yaml:3
error: model.contexts
net.yaml:6:1: error: train: give one length
net.yaml:6:9: error: train.batch: 64 streams of 512 symbols
net.yaml:6
missing key 'batch' in train
No such file

$ cd $TMP; printf "mj: 1\nrecipe: rows\nmodel:\n  kind: lookup_memory\n  contexts: 1 2 3\n  rows: 256\n# train: {epochs: 9}\ndata: sea.txt\nobjective: {kind: next_byte}\ntrain:\n  batch: 1\n  lr: 0.2\n  epochs: 0\n" > rows.yaml; mj train rows.yaml --out none; sed 's/  rows.*/  rows: 256\n  row_bits: 1/; s/epochs: 0/epochs: 1/' rows.yaml > bits.yaml;  mj train bits.yaml --out none; sed '/contexts/d' rows.yaml > bare.yaml; mj train bare.yaml --out none
? 2
rows.yaml:13:3: error: a lookup_memory is trained for train.epochs
   13 |   epochs: 0
      |   ^
bits.yaml:7:3: error: model.row_bits must be 2 to 8
bare.yaml:3:1: error: model.contexts is missing
