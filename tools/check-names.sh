#!/bin/sh
# A file name names one file: no two C files of the tree share one (headers of one name with their
# .c file are the point). And nothing refers to a path outside the repository.
set -u
export LC_ALL=C
bad=0
twice=$(find src include tests bench tools -name '*.[ch]' | sed 's|.*/||' | sort | uniq -d)
if [ -n "$twice" ]; then
    echo "file names used more than once: $twice"
    bad=1
fi
# The words are cut in two so that this script does not find itself.
if grep -rnE --exclude-dir='.git' --exclude-dir='build*' --exclude-dir=corpus \
    '[.][.]/share''d|(^|[[:space:]"'"'"'(=])/wor''k/' .; then
    echo "the lines above refer to a path outside the repository"
    bad=1
fi
exit $bad
