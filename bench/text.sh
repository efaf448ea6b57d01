# text.sh: `text` and `text-models` of bench/run, which reads this file for its functions; root,
# build, threads, folder, compressors, shakespeare, figures, rounds and what calls PyTorch are its.
#
# run_text: look-up memories that take seconds are trained here and now, training steps are held
# against PyTorch's, and all models that are there are judged: those that ship, those of FOLDER.
# run_text_sizes: trains each size of text_sizes into FOLDER/NAME, unless it is there, and judges them.
# run_text_models: trains each recipe that has a goal in text_goals into FOLDER/text-NAME, unless
# its model is there; what was interrupted goes on. Then judges FOLDER.

mj=$build/src/cli/mj
goals=$root/bench/text_goals
work=$(mktemp -d)
trap 'rm -f "$figures" "$rounds"; rm -rf "$work"' EXIT

MADE_HERE="lookup-direct lookup-large"
COMPARED="mingru-64 mingru gpt"
SHAKESPEARE="lookup-large shakespeare"
SAMPLED=100000 # bytes

figure() {
    printf '%s\t%.6g\t%s\t-\t-\n' "$1" "$2" "$3"
}

# The last number of key $2 in the log $1 of a training.
logged() {
    tail -n 1 "$1" | sed -n "s/.*\"$2\": *\\([0-9.e+-]*\\).*/\\1/p"
}

# Trains recipe $1 into folder $2, its log beside it; more arguments are mj train's.
train() {
    recipe=$1
    run=$2
    shift 2
    [ ! -f "$run/model.safetensors" ] || return 0
    resume=
    [ ! -f "$run/checkpoint.safetensors" ] || resume=--resume
    "$mj" train "$recipe" --out "$run" --json-log "$run.log" $resume "$@" >&2
}

# What `mj bill` says of a token of model $2, which is called $1.
bill() {
    joules=$("$mj" bill "$2" on sram-chip --json --quiet | sed -n 's/.*"joules_per_output": \([0-9.e+-]*\).*/\1/p')
    figure "text.$1.billed" "$(echo "$joules" | awk '{print 1e9 * $1}')" nJ
}

# Judges on text $1 all models $2NAME/model.safetensors, which are called $3NAME.
judge_all() {
    for model in "$2"*/model.safetensors; do
        [ -f "$model" ] || continue
        run=${model%/model.safetensors}
        if [ -f "$run.log" ]; then
            minutes=$(logged "$run.log" cpu_s | awk '{print $1 / 60}')
            figure "text.$3${run#"$2"}.minutes" "$minutes" min
        fi
        "$build/bench/text_quality" "$1" "$3${run#"$2"}" "$model"
        bill "$3${run#"$2"}" "$model"
    done
}

judge_shipped() {
    for model in "$root"/data/trained/text-*.safetensors; do
        [ -f "$model" ] || continue
        name=${model##*/text-}
        "$build/bench/text_quality" kjv "shipped.${name%.safetensors}" "$model"
        bill "shipped.${name%.safetensors}" "$model"
    done
}

# Look-up memories: rates of training on two threads and of generation on one, then their quality.
make_here() {
    for name in $MADE_HERE; do
        train "text-$name" "$work/text-$name" --threads 2
        figure "text.$name.train_rate" "$(logged "$work/text-$name.log" tokens_per_s)" tok/s
        "$mj" sample "$work/text-$name/model.safetensors" --prompt "In the beginning" \
            --n $SAMPLED > /dev/null 2> "$work/said"
        rate=$(sed -n 's/.* \([0-9]*\) tokens\/s.*/\1/p' "$work/said")
        figure "text.$name.generation_rate" "$rate" tok/s
    done
    judge_all kjv "$work/text-" ""
}

# Training steps of ours and of PyTorch's in turn, so that a busy minute of the machine hits both;
# the fastest of the rounds.
compare_steps() {
    find_torch torch_text.py
    for name in $COMPARED; do
        "$build/bench/text_speed" "$root" 1 "text-$name" "$work/$name"
        for round in 1 2 3 4; do
            "$build/bench/text_speed" "$root" "$threads" "text-$name" >> "$rounds"
            if [ $with_torch = 1 ]; then
                torch torch_text.py "$work/$name" "text-$name" "$threads" >> "$rounds" ||
                    with_torch=0
            fi
        done
    done
    awk -F '\t' -v compared="$COMPARED" '
        function figure(name, what, value, unit) {
            printf "text.%s.%s\t%.4g\t%s\t-\t-\n", name, what, value, unit
        }
        sub(/^torch_error\.text-/, "") {
            sub(/\t/, ".torch_error\t")
            print "text." $0
            next
        }
        !($1 in least) || $2 < least[$1] {least[$1] = $2}
        END {
            n = split(compared, name, " ")
            for (i = 1; i <= n; i++) {
                ours = least["ours.text-" name[i]]
                theirs = least["torch.text-" name[i]]
                figure(name[i], "train_rate", 1 / ours, "tok/s")
                if (theirs > 0) {
                    figure(name[i], "torch_rate", 1 / theirs, "tok/s")
                    figure(name[i], "over_torch", theirs / ours, "1")
                }
            }
        }' "$rounds"
}

# Trains into FOLDER what has a goal; a recipe that fails does not keep the others from it.
train_all() {
    mkdir -p "$folder"
    for name in $(sed -n 's/^text\.\([a-z0-9-]*\)\..*/\1/p' "$goals" | sort -u); do
        case " $MADE_HERE " in *" $name "*) continue ;; esac
        for recipe in "$root/data/recipes/text-$name.yaml" "$root/bench/text-$name.yaml"; do
            [ -f "$recipe" ] || continue
            train "$recipe" "$folder/text-$name" --threads "$threads" ||
                echo "bench/run: text-$name was not trained" >&2
        done
    done
    for name in $SHAKESPEARE; do
        [ -n "$shakespeare" ] || continue
        train "text-$name" "$folder/shakespeare-$name" --threads "$threads" --data "$shakespeare" ||
            echo "bench/run: text-$name was not trained on $shakespeare" >&2
    done
}

# Figures of stdin with their goals; $1 = 1: goals of figures that are not there, too.
with_goals() {
    awk -v all="$1" -f "$root/bench/text_goals.awk" "$goals" -
}

run_text() {
    {
        make_here
        compare_steps
        judge_shipped
        [ -z "$folder" ] || judge_all kjv "$folder/text-" ""
        [ $compressors = 0 ] || sh "$root/bench/compressors.sh" "$build/bench/corpus_parts"
    } > "$work/figures"
    with_goals 1 < "$work/figures" > "$figures"
}

run_text_models() {
    train_all
    {
        judge_all kjv "$folder/text-" ""
        if [ -n "$shakespeare" ]; then
            judge_all "$shakespeare" "$folder/shakespeare-" shakespeare-
            sh "$root/bench/compressors.sh" "$build/bench/corpus_parts" "$shakespeare" |
                sed 's/^compressors/shakespeare/'
        fi
    } > "$work/figures"
    with_goals 0 < "$work/figures" > "$figures"
}

run_text_sizes() {
    mkdir -p "$folder"
    sed '/^#/d' "$root/bench/text_sizes" | while read -r name recipe width depth lr steps; do
        sed "s/^recipe: .*/recipe: $name/; s/width: [0-9]*/width: $width/; s/depth: [0-9]*/depth: $depth/
             s/heads: [0-9]*, //; s/lr: [^,]*/lr: $lr/; s/steps: [0-9]*/steps: $steps/" \
            "$root/data/recipes/$recipe.yaml" > "$folder/$name.yaml"
        train "$folder/$name.yaml" "$folder/$name" --threads "$threads" < /dev/null ||
            echo "bench/run: $name was not trained" >&2
    done
    judge_all kjv "$folder/" size- > "$figures"
}
