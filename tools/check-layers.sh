#!/bin/sh
# Who may include whom: base -> hw -> work -> bill -> report -> cli on the accountant's side,
# base -> math -> layer -> physics -> model -> train on the numeric one, hw, model -> circuit -> cli on
# the side of circuits, and a foreign library in one
# file only. A public header belongs to the layer of its name (report.h), else to the one that has
# its .c file (chip.h: chip.c, op.h: ops.c).
set -u
export LC_ALL=C
bad=0

fail() {
    echo "$*"
    bad=1
}

# The layers that files of layer $1 may include.
allowed() {
    case $1 in
    base) echo base ;;
    hw) echo base hw ;;
    work) echo base hw work ;;
    bill) echo base hw work bill ;;
    math) echo base math ;;
    layer) echo base math layer ;;
    physics) echo base math layer physics ;;
    model) echo base work math layer physics model ;;
    train) echo base work math layer physics model train ;;
    circuit) echo base work hw math layer physics model circuit ;;
    report) echo base hw work bill report ;;
    cli) echo base hw work bill report math layer physics model train circuit cli ;;
    *) echo none ;;
    esac
}

# The layer of the public header mj/$1.h; empty if no source file goes with it.
layer_of() {
    case $1 in
    real | fast_math | settling_net) # types and inline functions: no .c file
        echo math
        return
        ;;
    counts) # numbers
        echo base
        return
        ;;
    ring_cells) # circuits that have a file each
        echo circuit
        return
        ;;
    catalogue) # a type: folders and facts
        echo hw
        return
        ;;
    model) # what the accountant knows of a model: not the trainable ones of src/model
        echo work
        return
        ;;
    esac
    if [ -d "src/$1" ]; then
        echo "$1"
        return
    fi
    for file in src/*/"$1.c" src/*/"$1s.c"; do
        if [ -f "$file" ]; then
            basename "$(dirname "$file")"
            return
        fi
    done
}

# Includes of file $1, quoted ones as they stand.
quoted_includes() {
    sed -n 's/^#include "\(.*\)".*/\1/p' "$1"
}

check_file() {
    file=$1 layer=$2
    may=$(allowed "$layer")
    [ "$may" != none ] || fail "$file: layer $layer has no row in tools/check-layers.sh"
    for include in $(quoted_includes "$file"); do
        case $include in
        mj/*)
            name=$(basename "$include" .h)
            other=$(layer_of "$name")
            case " $may " in
            *" $other "*) ;;
            *) fail "$file: $layer may not include $include of ${other:-no layer}" ;;
            esac
            ;;
        config.h | version.h) ;; # made by the build
        */*) fail "$file: a private header of another folder: $include" ;;
        *) [ -f "$(dirname "$file")/$include" ] || fail "$file: $include is not in its folder" ;;
        esac
    done
}

for file in src/*/*.c src/*/*.h; do
    [ -f "$file" ] && check_file "$file" "$(basename "$(dirname "$file")")"
done
for file in include/mj/*.h; do
    layer=$(layer_of "$(basename "$file" .h)")
    if [ -n "$layer" ]; then
        check_file "$file" "$layer"
    else
        fail "$file: no .c file says which layer it belongs to"
    fi
done

# Headers of C and POSIX; everything else in angle brackets is a foreign library.
standard=' assert.h complex.h ctype.h dirent.h errno.h fcntl.h float.h inttypes.h limits.h locale.h math.h poll.h
 setjmp.h signal.h stdalign.h stdarg.h stdatomic.h stdbool.h stddef.h stdint.h stdio.h stdlib.h
 spawn.h string.h strings.h sys/mman.h sys/resource.h sys/stat.h sys/types.h sys/wait.h time.h unistd.h '
headers=$(cat src/*/*.[ch] include/mj/*.h | sed -n 's/^ *# *include <\(.*\)>.*/\1/p' | sort -u)
for header in $headers; do
    case $standard in
    *[[:space:]]"$header"[[:space:]]*) continue ;;
    esac
    users=$(grep -l "include <$header>" src/*/*.[ch] include/mj/*.h)
    [ "$(echo "$users" | wc -l)" -eq 1 ] || fail "<$header> in more than one file: $users"
done
exit $bad
