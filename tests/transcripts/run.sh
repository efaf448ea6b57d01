#!/bin/sh
# run.sh FILE: runs the commands of a transcript and compares what they say.
#
#   $ COMMAND     run by sh from the root of the source tree, `mj` in PATH, $TMP an empty folder
#   ? N           its exit code (0 when not stated)
#   text          the output (stdout and stderr together) has this text, on the line of the text
#                 before it or on a later one
#   ! text        no line has this text
#   # comment
# Texts are compared as they stand. Output is not a terminal, so
# there are no colours.
set -u
transcript=$1
TMP=$(mktemp -d)
export TMP
out=$TMP/out
expected=$TMP/expected
trap 'rm -rf "$TMP"' EXIT
failures=0

# Compares the last command's output with what was expected of it.
judge() {
    [ -n "$command" ] || return 0
    if awk -v code="$code" -v got="$got" '
        BEGIN {
            if (code != got) { printf "  exit code %d, expected %d\n", got, code; bad = 1 }
        }
        NR == FNR { line[++n] = $0; next }
        /^! / {
            text = substr($0, 3)
            for (i = 1; i <= n; i++)
                if (index(line[i], text)) { printf "  unexpected: %s\n", line[i]; bad = 1 }
            next
        }
        {
            for (i = at; i <= n && !index(line[i], $0); i++) {}
            if (i > n) { printf "  missing: %s\n", $0; bad = 1 } else at = i
        }
        END { exit bad }' "$out" "$expected"; then
        printf 'ok - %s\n' "$command"
    else
        printf 'not ok - %s\n' "$command"
        sed 's/^/  | /' "$out"
        failures=$((failures + 1))
    fi
}

command='' code=0 got=0
while IFS= read -r line || [ -n "$line" ]; do
    case $line in
    '$ '*)
        judge
        command=${line#??} code=0
        : >"$expected"
        sh -c "$command" >"$out" 2>&1 </dev/null
        got=$?
        echo "## end" >>"$out" # so that the awk above never sees an empty first file
        ;;
    '? '*) code=${line#??} ;;
    '#'* | '') ;;
    *) printf '%s\n' "$line" >>"$expected" ;;
    esac
done <"$transcript"
judge
exit $((failures > 0))
