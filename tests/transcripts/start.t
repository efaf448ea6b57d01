# What a user sees first, and what mistakes of the command line look like.

$ mj
mj bills a generative model
mj bill llama-3.1-70b on h100
mj list models
mj validate
mj help lists all commands

$ test "$(mj | wc -l)" -eq 6

$ mj --version
mj 0.1.0 (

$ mj help
Commands
bill
list
doctor
Global options
--set PATH=VALUE
Exit codes

$ mj --version --json
"schema": 1
"compiler"

$ mj help help
Commands

$ mj help list
mj list [KIND [PATTERN]]
--json

$ mj list --help
mj list [KIND [PATTERN]]

$ mj bil llama-3.1-70b on h100
? 2
error: unknown command 'bil' (did you mean 'bill'?)

$ mj xyzzyx
? 2
error: unknown command 'xyzzyx'; mj help lists the commands

$ mj --jsn list models
? 2
error: unknown option --jsn (did you mean '--json'?)

$ mj bill llama-3.1-70b h100
? 2
error: expected 'on', not 'h100': mj bill MODEL on CHIP

$ mj bill llama-3.1-70b
? 2
error: on is missing: mj bill MODEL on CHIP

$ mj bill llama-3.1-70b on h100 --bach 8
? 2
error: unknown option --bach (did you mean '--batch'?)

$ mj bill llama-3.1-70b on h100 --batch
? 2
error: --batch wants a value

$ mj bill llama-3.1-70b on h100 --batch nan
? 2
error: --batch nan

$ mj list --seed -1 models
? 2
error: --seed -1: wants a whole number

$ mj doctor
data
ngspice

$ mj doctor --json
"schema": 1
"tools"
