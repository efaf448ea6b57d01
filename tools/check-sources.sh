#!/bin/sh
# Every source that a number names exists: `from:` in data/**/*.yaml and [name1234] in comments of
# the code resolve to a key of data/sources.yaml. "user" is what --set leaves behind.
set -u
export LC_ALL=C
sources=data/sources.yaml
[ -f "$sources" ] || { echo "$sources is missing"; exit 1; }

known=$(sed -nE 's/^ *- \{key: *"?([a-z0-9][A-Za-z0-9_.-]*).*/\1/p' "$sources" | sort)
twice=$(echo "$known" | uniq -d)
[ -z "$twice" ] || { echo "$sources: listed twice: $twice"; exit 1; }

{
    find data -name '*.yaml' ! -path "$sources" -exec \
        grep -noE '(^|[[:space:]{,])from: *"?[A-Za-z0-9_.-]+' {} + |
        sed -E 's/^([^:]*:[0-9]+):.*from: *"?([A-Za-z0-9_.-]+)$/\1 \2/'
    grep -rnoE '\[[a-z]+(-[a-z]+)*[0-9]{4}[a-z]?\]' src include tests bench --include='*.[ch]' |
        sed -E 's/^([^:]*:[0-9]+):\[(.*)\]$/\1 \2/'
} | awk -v known="$known" '
    BEGIN { n = split(known, key, "\n"); for (i = 1; i <= n; i++) has[key[i]] = 1; has["user"] = 1 }
    { seen++ }
    !($2 in has) { printf "%s: source \"%s\" is not in data/sources.yaml\n", $1, $2; bad = 1 }
    END {
        printf "%d references to %d sources\n", seen, n
        exit bad || seen == 0
    }'
