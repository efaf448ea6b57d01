# The catalogue.

$ mj list models
name
llama-3.1-70b

$ mj list models llama-3.1-70b --json
"schema": 1
"models"
"name": "llama-3.1-70b"
"class": "dense"

$ mj list models --csv
name,class,output,parameters,active,format,title

$ mj list chips h100
name
h100
calibrated

$ mj list facts dram.read
key
dram.read

$ mj list facts --csv
key,value,lo,hi,node_m,class,source,what

$ mj list sources horowitz
horowitz2014

$ mj list sources --json
"sources"

$ mj list machines
? 2
ladders, recipes, trained, facts, sources, not 'machines'

$ mj list
kind
models
ladders

$ mj list ladders post
name
post-100b

$ mj list recipes oscillator-fashion
oscillator-fashion-small
A net small enough for a circuit

$ mj list trained yardstick
yardstick-fashion
classifier

# Images by Frechet distance or accuracy, text by bits per byte; within 100 columns.
$ mj list trained
bits/byte
oscillator-fashion
15.4706
text-lookup
1.40748
1.97 MB

$ mj list trained | awk 'length > 100 { n++ } END { print n + 0, "too wide" }'
0 too wide

$ mj list trained text-mingru --csv
name,kind,steps,frechet,accuracy,validation_bits_per_byte,stored_B
text-mingru,text_net,12000,,,1.36649

$ mj list models a b
? 2
error: 'b' is one word too many
