# Ladders: climbed, turned over, searched, refused.

$ mj ladder ten-times-two --target 1000
? 1
ten-times-two: Ten factors of two, on paper 1024x
half the bits of a weight
target 1000x not reached
naive product of the rungs' own factors
against 2030, same model, one step of number format: convention gains 2.90x (2.00x to 5.00x)
of the last joules rest on assumed or vendor figures

$ mj ladder ten-times-two --target 2
? 0
target 2.00x reached

$ mj ladder ten-times-two --orders --drop 'half the cache' --search
? 0
gain of each rung alone on the base
without 'half the cache'
no set of these rungs reaches 1000x

$ mj ladder llama-70b-h100
? 0
by fit a:

$ mj ladder post-100b --sweep memory
? 0
39 / 2 = 19.5x for the reads alone
(39 + 2.4) / (2 + 2.4) = 9.41x with its transport on both sides
39 / (2 + 2.4) = 8.86x with it on the SRAM side only

$ mj ladder image --sweep memory
? 0
hbm-chip stands in for the base

cannot be billed
SRAM 2D: sd-3.5-large does not fit

$ mj ladder post-100b --drop 'hard-wired weights'
? 0
without the rungs of those classes (9)
'SRAM only' takes its place

$ mj ladder image
? 0
steps and guidance are sourced for SD 3.5 Large Turbo
on b200 (2024) it takes
what convention gains by 2030 was measured on text at the board

$ mj ladder post-100b --sweep memory --search
? 2
--sweep bills the base alone; --search is about its rungs

$ mj ladder post-100b --csv --orders
? 2
what --orders adds is in --json

$ mj report ladder ten-times-two --target 1000 --svg --out -
? 1
data-target="1000"

$ mj report ladder post-100b --variant b --svg --out -
? 2
has no fit 'b'

$ mj ladder no-such
? 2
unknown ladder 'no-such'

$ mj ladder post-100b --drop nothing
? 2
no rung 'nothing'

$ mj list ladders
? 0
three-times-ten

$ mj check data/ladders/image.yaml
? 0
ok (ladder)
