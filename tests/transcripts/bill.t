# The main job, and the mistakes next to it. Figures are checked by the unit tests; here it is what
# a reader sees and what a program gets.

$ mj bill llama-3.1-70b on h100
llama-3.1-70b bf16 on 4 h100
/token
calibrated
measured
total
latency
throughput

$ mj bill llama-3.1-70b on h100 | grep -c "$(printf '\033')"
? 1

$ mj bill llama-3.1-70b on h100 --json
"schema": 1
"model": "llama-3.1-70b"
"closure": "calibrated"
"joules_per_output":
"lines":

$ LC_ALL=de_DE.UTF-8 mj --json bill llama-3.1-70b on h100 --batch=8
"batch": 8.0

$ mj bill llama-3.1-70b on h100 --csv
component,label,count

$ mj bill llama-3.1-70b on h100 --set serving.batch=8 --json
"batch": 8.0

$ mj bill llama-3.1-70b on h100 --context 32k --batch 8 --json
"prompt": 0.0
"context": 32000.0

$ mj explain llama-3.1-70b on h100 dram.weights
dram.weights: weights read
formula
source

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

$ mj bill llama-3.1-70b on h100 > /dev/full
? 4
error: cannot write the result: No space left on device
