# The bill: headline, measured figure beside it, causes, machine; then as JSON and CSV.

$ mj bill llama-3.1-70b on h100
llama-3.1-70b bf16 on 4 h100, batch 64, prompt 220, output 350, boundary board
calibrated, fit a: totals fitted to measured machines
797 mJ/token  measured, lm-arena-chat, batch 63.8, output 352 [zeus2025];
predicted / measured
idle.board
total
token/s a user
mj explain llama-3.1-70b on h100
! nan

$ mj bill llama-3.1-70b on h100 --json | tr -d ' \n' | cut -c1-60
{"schema":1,"model":"llama-3.1-70b","chip":"h100","output":

$ mj bill llama-3.1-70b on h100 --csv | head -1
component,label,count,count_unit,unit_J,joules,joules_lo,joules_hi,share,cap,source,class

$ LC_ALL=C mj bill llama-3.1-70b on h100 | LC_ALL=C grep -c '[^ -~]'
? 1
0

$ LC_ALL=C.UTF-8 mj bill llama-3.1-70b on h100
█

# No measured row has this batch.
$ mj bill llama-3.1-70b on h100 --batch 50
! measured,

# A machine's border moves what is in the bill, and a board's measurement is no longer comparable.
$ mj bill llama-3.1-70b on h100 --boundary facility
boundary facility
at the board, so no ratio
host.cpu
! --boundary facility

$ mj bill llama-3.1-70b on h100 --set serving.batch=8 --set chip.hbm.read='2 pJ/B'
batch 8,

$ mj bill llama-3.1-70b on h100 --parallel tp=2,xp=2
? 2
error: --parallel xp=2: wants tp=N, ep=N, dp=N, ulysses=N or ring=N

$ mj bill llama-3.1-70b on h100 --parallel tp=two
? 2
error: --parallel tp=two: wants a whole number of devices

$ mj bill llama-3.1-70b on h100 --batch 0
? 2
error: --batch 0

# Both names are reported at once.
$ mj bill lama-3.1-70b on h1000
? 2
h100
llama-3.1-70b

$ mj bill llama-3.1-70b on h100 > /dev/full
? 2
error: cannot write the result

# The width of COLUMNS: the bar goes first, then what a row rests on; the interval comes at 110.
$ COLUMNS=80 LC_ALL=C mj bill llama-3.1-70b on h100 | grep -c '####'
? 1
0

$ COLUMNS=60 mj bill llama-3.1-70b on h100
! rests on

$ COLUMNS=60 LC_ALL=C mj bill llama-3.1-70b on h100 | LC_ALL=C awk 'length($0) > 60' | grep -c .
? 1
0

$ COLUMNS=110 mj bill llama-3.1-70b on h100
joules                90 %  share

# --verbose is the ledger line by line; --quiet has no hints.
$ mj bill llama-3.1-70b on h100 --verbose --quiet
energy of one
weights on their way to the arithmetic
total
! mj explain

$ mj bill llama-3.1-70b on h100 --variant b
calibrated, fit b: totals fitted

# An author's estimate has no interval of ours.
$ mj bill post-100b on post-hbm
as its author gives it  envelope:
! 90 %

$ mj bill llama-3.1-70b on h100 --json
"measured": {
"task": "lm-arena-chat"
"devices": 4
"ratio": 1.
"memory_per_device_B"
"price_lo_USD"
"prefill_share": 0.

# A model of oscillators on oscillators: with what computing them costs, and what is no oscillator.
$ mj bill oscillator-912 on oscillator-65nm
oscillator-912 int4 on 1 oscillator-65nm, batch 1, 28 x 28
arith.osc
computed on sram-chip at the same batch
left out    what sets each oscillator's frequency, and the switches of couplings
decoder     none

# Where the circuits beside rings were measured they are lines, and each leads back to its fact.
$ mj bill oscillator-fashion-small-ring on oscillator-180nm --verbose
trims that set frequencies
gates that let oscillators go
switches of couplings
start phases set
leakage of couplers and their memory

$ mj explain oscillator-fashion-small-ring on oscillator-180nm trims
circuit-cells.trim.cycle
ngspice2026

$ mj bill un-0-cifar-4096 on sram-chip
these joules: a digital machine solves the equations
decoder     9.2 % of the arithmetic

$ mj bill un-0-cifar-4096 on sram-chip --set model.oscillator.steps=10 --set model.oscillator.stages=1
decoder     50.4 % of the arithmetic

$ mj bill oscillator-912 on oscillator-65nm --json
"digital_joules"
"digital_busy_joules"
"decoder_share": 0.0
! "digital_joules": null

# The digital machine's own bill says the same.
$ a=$(mj bill oscillator-912 on oscillator-65nm --batch 8 --json | grep digital_joules | cut -d: -f2); mj bill oscillator-912 on sram-chip --batch 8 --json | grep joules_per_output | grep -c "$a"
1

$ mj bill un-0-imagenet64-16384 on oscillator-65nm
? 2
error: un-0-imagenet64-16384 does not fit

$ mj bill oscillator-912 on oscilator-65nm
? 2
did you mean 'oscillator-65nm'?
