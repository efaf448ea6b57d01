#!/bin/sh
# Files of at most 800 lines, functions of at most 70 (from the opening brace, which stands alone in
# the first column, to the closing one), lines of at most 120
# characters (100 is the aim).
set -u
export LC_ALL=C
find src include tests bench tools bootstrap -type f \
    \( -name '*.c' -o -name '*.h' -o -name '*.sh' -o -name bootstrap \) | sort | {
    bad=0
    while read -r file; do
        awk '
        FNR == 1 { brace = 0 }
        # Continuation bytes of UTF-8 take no column; mawk counts bytes.
        { text = $0; gsub(/[\200-\277]/, "", text) }
        length(text) > 120 { printf "%s:%d: %d characters\n", FILENAME, FNR, length(text); bad = 1 }
        /^\{/ { brace = FNR; name = previous }
        /^\}/ && brace {
            if (FNR - brace + 1 > 70) {
                printf "%s:%d: %d lines: %s\n", FILENAME, brace, FNR - brace + 1, name
                bad = 1
            }
            brace = 0
        }
        { previous = $0 }
        END {
            if (FNR > 800) { printf "%s: %d lines\n", FILENAME, FNR; bad = 1 }
            exit bad
        }' "$file" || bad=1
    done
    exit $bad
}
