# Mistakes of mj measure ring and card that need no simulation, and a missing ngspice.

$ mj measure ring --help
--agree N
mj measure ring --out ring

$ mj measure ring --stages 4
? 2
an odd number of stages from 3 to 31, not 4

$ mj measure ring --models $TMP/none.lib
? 2
none.lib: error: cannot open

$ mj measure ring --corner sf
? 2
generic-180nm.lib: error: no corner 'sf'; it has tt, ff, ss

$ mj measure ring --nmos pfet
? 2
no model of type nmos called pfet

$ printf '.model n nmos\n.model p pmos\n.control\nshell touch '$TMP'/made\n.endc\n' > $TMP/bad.lib; mj measure ring --models $TMP/bad.lib
? 2
bad.lib:3:1: error: commands for ngspice are not taken from files
    3 | .control

$ test -e $TMP/made
? 1

$ printf '.model n nmos\n.model p pmos\n.include other.lib\n' > $TMP/bad.lib; mj measure ring --models $TMP/bad.lib
? 2
bad.lib:3:1: error: not a command that a file of models needs

$ printf '.model n nmos\n*#shell date\n' > $TMP/bad.lib; mj measure ring --models $TMP/bad.lib
? 2
bad.lib:2:1: error: a command for ngspice in a comment

$ printf '.model n nmos\n.model p pmos\n.model d numd level=1\n+ output rootfile = "'$TMP'/made"\n' > $TMP/bad.lib; mj measure ring --models $TMP/bad.lib
? 2
bad.lib:4:1: error: models open no files and run no programs
    4 | + output rootfile = "

$ printf '.model n nmos\n.model p pmos\n.model d numd level=1\n' > $TMP/bad.lib; mj measure ring --models $TMP/bad.lib
? 2
bad.lib:3:1: error: a model of another type than nmos, pmos, d, r, c, l, npn, pnp

$ printf '.model n nmos\n.model p pmos\nr9 vdd0 0 1k\n' > $TMP/bad.lib; mj measure ring --models $TMP/bad.lib
? 2
bad.lib:3:1: error: an element outside .subckt

$ printf '.subckt n d g s b\n.ends\n.subckt p d g s b\n.ends\n' > $TMP/w.lib; mj measure ring --models $TMP/w.lib --nmos n --pmos p --mismatch 8
? 2
w.lib: error: 'n' and 'p' are subcircuits: thresholds and mobilities inside cannot be changed

$ mkdir $TMP/full; touch $TMP/full/a; mj measure ring --out $TMP/full
? 2
full: error: --out wants an empty folder

$ printf 'mj: 1\nphase_substrate: x\nstages: 5\nvdd: 1.8\n' > $TMP/s.yaml; mj measure ring --agree 2 --substrate $TMP/s.yaml
? 2
s.yaml:4:6: error:
s.yaml:

$ mj measure ring --substrate $TMP/s.yaml --vdd '1.6 V'
? 2
--substrate says what the ring is

$ mj measure ring --substrate ring-180nm.yaml --load '20 fF'
? 2
--stages, --vdd, --temperature or --load with it

# What a file of models lacks is told before anything is measured.
$ printf '.model n nmos\n.model p pmos\n' > $TMP/one.lib; M=$(command -v mj); PATH=$TMP "$M" measure ring --corners --models $TMP/one.lib
? 2
no corner 'tt'

$ sed 's/^card: .*/card: "..\/..\/passwd"/' data/circuits/ring-180nm.yaml > $TMP/card.yaml; mj measure ring --agree 2 --substrate $TMP/card.yaml
? 2
card.yaml: error: card: the name of a file in data/circuits, no path

$ M=$(command -v mj); PATH=$TMP "$M" measure ring
? 3
cannot start ngspice: No such file or directory; it is in the package ngspice

$ mj measure card
? 2
mj measure card needs --liberty FILE

$ mj measure card --liberty $TMP/none.lib
? 2
none.lib: error: cannot open

$ mj measure card --liberty $TMP/none.lib --out $TMP/no/such/card.lib
? 2
no/such/card.lib: error:

$ mj measure ring --split --directed
? 2
--split is a way of --directed

$ mkdir $TMP/net; printf '{"schema": 1, "kind": "verilog"}' > $TMP/net/net.json; mj measure $TMP/net
? 2
net.json: error: no net of rings of schema 2: realise it anew

$ mj measure ring --hung 4
? 2
--hung one of --split

$ mj measure cells --help
--coupling-bits B

$ mj measure cells --phase-bits 9
? 2
--phase-bits

$ mj measure cells --out $TMP/full
? 2
full: error: --out wants an empty folder

# One image stands for the same unit of time as many; a folder that was not written to its end, or of another
# substrate, is refused. Where ngspice is missing, but for CI=true, these say what it would have said.
$ here() { [ "${CI:-}" = true ] || command -v ngspice > /dev/null; }; for n in 1 2; do ! here || mj realize oscillator-fashion-small-ring --as spice --n $n --out $TMP/rings$n; done; ! here || cmp $TMP/rings1/image-00.cir $TMP/rings2/image-00.cir; here && grep conductance_S $TMP/rings2/manifest.json || echo '"conductance_S" a node of the decks has up to 65 rings'
65 rings
a node of the decks has up to
"conductance_S"

$ if [ "${CI:-}" = true ] || command -v ngspice > /dev/null; then mv $TMP/rings1/manifest.json $TMP; mj measure $TMP/rings1; else echo manifest.json: error:; exit 2; fi
? 2
manifest.json: error:

$ if [ "${CI:-}" = true ] || command -v ngspice > /dev/null; then mv $TMP/manifest.json $TMP/rings1; echo >> $TMP/rings1/substrate.yaml; mj measure $TMP/rings1; else echo substrate_sha256; exit 2; fi
? 2
substrate_sha256

$ if [ "${CI:-}" = true ] || command -v ngspice > /dev/null; then echo '{"schema": 2, "net_sha256": "a"}' > $TMP/rings2/image-00.json; mj measure $TMP/rings2; else echo image-00.json: error: a result of another net; exit 2; fi
? 2
image-00.json: error: a result of another net

# A goal missed ends with 1 for those who ask.
$ mj measure DIR --help; mkdir $TMP/rc; printf '{"kind": "spice-rc"}' > $TMP/rc/manifest.json; mj measure $TMP/rc --help; touch $TMP/rc/net.json; mj measure $TMP/rc --help
--check
--watts
ends with 1 where the net does not settle within the goal
ends with 1 where phases or pixels miss the goals
