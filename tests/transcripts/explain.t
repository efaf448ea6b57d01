# Explanations: any line back to formula, numbers, fact and source.

$ mj explain llama-3.1-70b on h100 dram.weights
dram.weights: weights read
joules = count x energy of one =
fact       dram.
published
source
checked
How the fitted total divides
weight_B
attention projections
Two fits of the same measurements

$ mj explain llama-3.1-70b on h100 total
total: the sum of the lines below
P G t / B =
idle.board

$ mj explain llama-3.1-70b on h100 idle.board --json | grep -c '"source_entry"'
1

$ mj explain llama-3.1-70b on h100 dram.wieghts
? 2
error: this bill has no line 'dram.wieghts' (did you mean 'dram.weights'?); it has total,

$ mj explain llama-3.1-70b on h100 total --csv
? 2
error: mj explain takes no --csv

$ mj explain llama-3.1-70b on h100
? 2
error:

# The letters of a formula are explained with their values; each source in full once.
$ mj explain llama-3.1-70b on h100 dram.weights
count      (W + X) x devices / batch
Where
dense weights that a device reads in a step
! arithmetic of prompts, a device

$ mj explain llama-3.1-70b on h100 total | grep -c '^  checked'
5

$ mj explain llama-3.1-70b on h100 total
Pi 
Where
P 
Sources
zeus2025

# A fitted line shows its constants and what was taken out of it for another one.
$ mj explain llama-3.1-70b on h100 idle.board
Pi         345 W
less       10 W, memory floor, billed as dram.refresh
v          0.9, efficiency

$ mj explain llama-3.1-70b on h100 active.board
Pa         15.2 W
less       1.02 mJ, exchange of one output, as link.scaleup

$ mj explain llama-3.1-70b on h100 transport
eb         50.9 pJ/B
ef 
v 

$ mj explain llama-3.1-70b on h100 idle.board --json
"name": "Pi"
"cross_check_J": null

# Images on one device are held against a predictor with one constant; on several it does not hold.
$ mj explain sd-3.5-large on h100 total --devices 1
check      c x FLOP =
predicted / cross-check

$ mj explain sd-3.5-large on h100 total --devices 2
! cross-check
