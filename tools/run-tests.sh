#!/bin/sh
# run-tests.sh BUILD: runs meson's tests and counts single results, not programs.
#
# A cmocka program counts once for every test function it starts; a script once for every line
# "ok - ..." or "not ok - ..." it prints; anything else once. A program that dies without saying
# which test failed counts as one failure. Last line: "N passed, N failed".
set -u
export LC_ALL=C
build=$1
rm -f "$build/meson-logs/testlog.json" # a build that fails must not show the last run's results
meson test -C "$build" --print-errorlogs </dev/null
status=$?

# testlog.json holds one test a line; newlines inside its output are written as \n.
awk -v status=$status '
{
    result = $0
    sub(/.*"result": "/, "", result)
    sub(/".*/, "", result)
    started = gsub(/\[ RUN      \]/, "&")
    good = gsub(/\[       OK \]/, "&")
    skipped = gsub(/\[  SKIPPED \] test_/, "&") / 2 # named when skipped and again at the end
    bad = started - good - skipped
    if (bad < 0) bad = 0
    bad += gsub(/(\\n|")not ok - /, "&")
    good += gsub(/(\\n|")ok - /, "&")
    if (result == "OK" && good == 0 && skipped == 0) good = 1
    if (result != "OK" && result != "SKIP" && bad == 0) bad = 1
    passed += good
    failed += bad
}
END {
    if (status != 0 && failed == 0) failed = 1 # meson saw what the counting did not
    printf "%d passed, %d failed\n", passed, failed
    exit failed > 0
}' "$build/meson-logs/testlog.json" || status=1
exit $status
