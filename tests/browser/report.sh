#!/bin/sh
# report.sh: opens the reports in headless Chromium, light and dark, and as a PDF. Fails on any
# console message, a page that does not come up, or one that is larger than 300 kB. Exit code 77
# (skipped) where there is no Chromium.
set -u
browser=$(command -v chromium || command -v chromium-browser || command -v google-chrome) || {
    echo "no Chromium here"
    exit 77
}
TMP=$(mktemp -d)
trap 'rm -rf "$TMP"' EXIT
bad=0

fail() {
    echo "$*"
    bad=1
}

# Runs the browser without network and with a profile of its own; its log goes to $TMP/log.
browse() {
    timeout 60 "$browser" --headless --no-sandbox --disable-gpu --no-first-run \
        --disable-background-networking --disable-component-update --disable-sync \
        --user-data-dir="$TMP/profile" --enable-logging=stderr "$@" 2>"$TMP/log"
}

check_page() {
    page=$1 words=$2
    [ "$(wc -c <"$page")" -lt 300000 ] || fail "$page: larger than 300 kB"
    browse --dump-dom "file://$page" >"$TMP/dom" || fail "$page: did not open"
    grep -q "$words" "$TMP/dom" || fail "$page: '$words' is not in the page"
    grep -q '</footer>' "$TMP/dom" || fail "$page: the end is not in the page"
    ! grep CONSOLE "$TMP/log" || fail "$page: console messages"
    for scheme in 0 1; do # dark, light
        browse --blink-settings=preferredColorScheme=$scheme --window-size=1160,2000 \
            --screenshot="$TMP/shot$scheme.png" "file://$page" >/dev/null
        ! grep CONSOLE "$TMP/log" || fail "$page: console messages"
    done
    ! cmp -s "$TMP/shot0.png" "$TMP/shot1.png" || fail "$page: dark looks like light"
    browse --print-to-pdf="$TMP/page.pdf" "file://$page" >/dev/null
    [ -s "$TMP/page.pdf" ] || fail "$page: does not print"
}

# A page that does complain: the check has to see it, or it would prove nothing.
echo '<script>console.error("seen")</script>' >"$TMP/loud.html"
browse --dump-dom "file://$TMP/loud.html" >/dev/null
grep -q CONSOLE "$TMP/log" || fail "console messages go unnoticed"

mj report bill llama-3.1-70b on h100 --out "$TMP/bill.html" || fail "no bill"
check_page "$TMP/bill.html" 'Every line'
mj report ladder post-100b --out "$TMP/ladder.html" || fail "no ladder"
check_page "$TMP/ladder.html" 'Every rung'
exit $bad
