# Networks of look-up tables: what they are worth and made of, what an output costs as gates and elsewhere.

$ mj eval lut-fashion-classifier
lut-fashion-classifier: accuracy 0.
two-input gates (
AND-nodes,
tables trained; read-out of 2200 bits apart
inputs;
kB say what it is

$ mj eval lut-text
lut-text:
bits per byte on the validation text of kjv
two-input gates (
tables trained; read-out of
kB say what it is

$ mj eval lut-text --json
"metric": "bits-per-byte"
"gates":
"and_nodes":
"stored_bits":

$ mj bill lut-fashion-classifier on lut-180nm --verbose
lut-fashion-classifier bits on 1 lut-180nm, batch 1, 28 x 28, 1 evaluation, boundary board
J/class
arith.lut
look-up tables
arith.lut
look-up tables, glitches
arith.lut
read-out: votes counted
arith.lut
read-out, glitches
operand.rf
noc.wire
wires between tables
noc.wire
wires of the read-out
noc.wire
wires and pins of the inputs
conv.cmp
pixels compared with thresholds
unexplained
leak.logic
simulated
computed on sram-chip
quality     0.
share of right classes, test images of fashion-mnist; higher is better
! decoder

$ mj bill lut-fashion-generator on lut-7nm
28 x 28, 784 evaluations
J/image
arith.lut
rng
quality
bits an image

$ mj bill lut-text on lut-180nm --json
"output": "token"
"metric": "bits per byte, validation text of kjv"
"component": "arith.lut"

# The chain behind a line: fact, circuit, model, programs, library, commit.
$ mj explain lut-text on lut-180nm 'votes counted'
arith.lut: read-out: votes counted
fact       circuit-lut-
note       circuit lut_
of the model
wires of 30 um a pin
Yosys
library osu018_stdcells
source     mj-measure

# As operations on words of bits, where a batch shares them.
$ mj bill lut-text on sram-chip --batch 512
J/token
arith.vector

$ mj bill lut-text on h100
? 2
error: h100 was never measured with networks of look-up tables: bill lut-text as gates (lut-180nm, lut-7nm) or on an event-sum chip (sram-chip)

$ mj bill llama-3.1-8b on lut-180nm
? 2
error: lut-180nm has no unit that multiplies bf16 weights

$ mj bill lut-fashion-classifier on lut-180nm --prompt 5
? 2
error: --prompt does not apply: the output of lut-fashion-classifier is a class
