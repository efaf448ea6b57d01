# Results that cannot be written are failures; a closed pipe is not; no colour where none belongs;
# a decimal point whatever the locale.

$ mj list chips > /dev/full
? 2
error: cannot write the result: No space left on device

$ mj bill llama-3.1-70b on h100 > /dev/full
? 2
error: cannot write the result

$ mj > /dev/full
? 2
error: cannot write the result

$ mj list models | head -1
name
! error

$ mj list chips --json | grep -c "$(printf '\033')"
? 1
0

$ mj list chips | grep -c "$(printf '\033')"
? 1
0

$ NO_COLOR=1 mj list chips nothing-like-this
? 2
error: no chips match 'nothing-like-this'

$ LC_ALL=de_DE.UTF-8 LANG=de_DE.UTF-8 mj list chips h100 --csv
name,
h100,

$ MJ_DATA=/nonexistent mj list chips
? 2
/nonexistent: error: MJ_DATA names no folder

$ mj list chips --facts /nonexistent
? 2
/nonexistent: error: --facts wants a folder
