# text_goals.awk GOALS FIGURES: figures as figure.h has them, each as often as GOALS (text_goals)
# has a goal for it, then figures that GOALS itself gives. -v all=1: goals without a figure, too.

function add(name, number, its_unit) {
    if (!(name in value)) figure[++n_figures] = name
    value[name] = number
    unit[name] = its_unit
}

# What word[at] and those behind it come to; a name where that figure is missing.
function limit(at,    plus) {
    plus = word[at + 1] == "+" ? word[at + 2] : word[at + 1] == "-" ? -word[at + 2] : 0
    return word[at] in value ? value[word[at]] + plus : word[at]
}

function print_row(text,    at, most, missing, ok, name) {
    split("", word)
    split(text, word, " ")
    name = word[1]
    at = word[2] == "stretch" ? 3 : 2
    most = limit(at + 1)
    missing = most ~ /^[a-z]/
    if (missing) most = substr(text, index(text, "= ") + 2)
    if (missing || !(name in value)) ok = "-"
    else ok = (value[name] - most) * (word[at] == "<=" ? 1 : -1) <= 0 ? "yes" : at == 3 ? "-" : "no"
    printf "%s\t%s\t%s\t%s%s %s\t%s\n", name, name in value ? value[name] : "-",
           name in value ? unit[name] : "1", at == 3 ? "stretch " : "", word[at], most, ok
}

# The least figure WHAT of all models whose names begin with `models`, of at most `most` MB.
function least(models, what, most,    i, stored, found) {
    found = ""
    for (i = 1; i <= n_figures; i++) {
        if (index(figure[i], models) != 1 || figure[i] !~ ("\\." what "$")) continue
        stored = figure[i]
        sub("\\." what "$", ".stored", stored)
        if (value[stored] + 0 <= most && (found == "" || value[figure[i]] + 0 < found + 0))
            found = value[figure[i]]
    }
    return found
}

FNR == 1 {n_files++}
/^#/ {next}
n_files == 1 && $2 == "is" {given[++n_given] = $0}
n_files == 1 && $2 ~ /^(<=|>=|stretch)$/ {
    goal[++n_goals] = $0
    goals_of[$1] = goals_of[$1] " " n_goals
}
n_files == 2 {
    split($0, part, "\t")
    add(part[1], part[2], part[3])
    if (part[4] != "-") own_goal[part[1]] = part[4] "\t" part[5]
}

END {
    for (i = 1; i <= n_given; i++) {
        split(given[i], part, " ")
        if (!(part[1] in value)) add(part[1], part[3], "bit/B")
    }
    if (least("text.shipped.", "validation", 2) != "")
        add("text.best_shipped.validation", least("text.shipped.", "validation", 2), "bit/B")
    if (least("text.shakespeare-", "both", 1e9) != "")
        add("text.best_shakespeare.both", least("text.shakespeare-", "both", 1e9), "bit/B")
    for (i = 1; i <= n_figures; i++) {
        name = figure[i]
        n = split(goals_of[name], number, " ")
        for (k = 1; k <= n; k++) print_row(goal[number[k]])
        if (n == 0)
            printf "%s\t%s\t%s\t%s\n", name, value[name], unit[name],
                   name in own_goal ? own_goal[name] : "-\t-"
    }
    for (i = 1; all && i <= n_goals; i++) {
        split(goal[i], part, " ")
        if (!(part[1] in value)) print_row(goal[i])
    }
}
