#!/bin/sh
# Writes the completion of a program's words for a shell from what the program says of itself, so
# that it offers verbs, flags and values as they are.
#   completion.sh bash|zsh|fish <name> <program> [<its example configuration>]
# shellcheck disable=SC2016 # what stands in single quotes is awk's
set -eu
shell=$1 name=$2 program=$3 example=${4:-}
function=_$(printf %s "$name" | tr - _)
tab=$(printf '\t')

# Flags whose value is a file; help does not tell them from other texts.
files='--config --spawn --ringdownd --hgrm --html --svg --markdown --log.file --dns.file --append'
files="$files --tls-ca --tls-cert --tls-key --token-file"

# ---- the table: a line each of
#   verb NAME WHAT | flag VERB FLAG none|word|file|key VALUES WHAT | word VERB VALUES
# between tabs. VERB is - for the program's own flags; a key's value stands behind a `=`.

of_help='
function flush(   list, names, count, i) {
    if (flag == "") return
    if (takes == "word" && values == "") {
        # "Of the open loop: constant, poisson, ramp, burst"; "Of ringdown,floor; ..."
        if (match(what, /: [a-z0-9-]+, [a-z0-9-]+(, [a-z0-9-]+)+$/)) list = substr(what, RSTART + 2)
        else if (match(what, /^Of [a-z]+(,[a-z]+)+;/)) list = substr(what, 4, RLENGTH - 4)
        gsub(/, ?/, " ", list)
        values = list
    }
    if (index(" " files " ", " " flag " ")) takes = "file"
    count = split(flag, names, ",")
    for (i = 1; i <= count; i++) print "flag", verb, names[i], takes, values, first(what)
    flag = ""
}
function first(text) { # of what is said of it
    sub(/([.;] | \(default).*/, "", text)
    return text
}
BEGIN { OFS = "\t" }
/^[A-Z][a-z]*:$/ { flush(); section = $0; next }
/^$/ { flush(); section = ""; next }
section == "Subcommands:" && /^  [a-z]/ {
    word = $1
    sub(/^ +[a-z-]+ +/, "")
    print "verb", word, first($0)
}
section == "Options:" && /^  -/ {
    flush()
    head = substr($0, 3)
    what = ""
    if (match(head, /  +/)) {
        what = substr(head, RSTART + RLENGTH)
        head = substr(head, 1, RSTART - 1)
    }
    match(head, /--[a-z][a-z-]*(,--[a-z][a-z-]*)*/) # all its names
    flag = substr(head, RSTART, RLENGTH)
    head = substr(head, RSTART + RLENGTH)
    takes = head ~ /^ [A-Z][A-Z]/ ? "word" : "none"
    values = ""
    if (match(head, /\{[^}]*\}/)) values = substr(head, RSTART + 1, RLENGTH - 2)
    gsub(/,/, " ", values)
    next
}
section == "Options:" && /^    / { sub(/^ +/, ""); what = what (what == "" ? "" : " ") $0 }
END { flush() }'

# The daemon has no verbs, but keys; which values they take the example of its configuration says.
of_daemon='
function first(text) {
    sub(/([.;] | \[).*/, "", text)
    return text
}
BEGIN { OFS = "\t" }
FNR == NR && /^\[/ { section = substr($0, 2, length($0) - 2) "."; next }
FNR == NR && /^# / { said = said " " substr($0, 3); next }
FNR == NR && /^#[a-z]/ {
    key = section substr($1, 2)
    if (match(said, /Accepted: one of [a-z0-9_., ]+\./)) {
        list = substr(said, RSTART + 17, RLENGTH - 18)
        gsub(/,/, "", list)
        values["--" key] = list
    } else if (said ~ /Accepted: true or false/) values["--" key] = "true false"
}
FNR == NR { said = ""; next }
/^  --/ {
    head = substr($0, 3)
    what = ""
    if (match(head, /  +/)) {
        what = substr(head, RSTART + RLENGTH)
        head = substr(head, 1, RSTART - 1)
    }
    count = split(head, names, ", ")
    for (i = 1; i <= count; ++i) {
        split(names[i], parts, " ")
        takes = parts[2] != "" ? "word" : names[1] ~ /\./ ? "key" : "none"
        if (index(" " files " ", " " parts[1] " ")) takes = takes == "key" ? "key file" : "file"
        print "flag", "-", parts[1], takes, values[names[1]], first(what)
    }
}'

table() {
    if [ "$example" ]; then
        "$program" --help | awk -v files="$files" "$of_daemon" "$example" -
        return
    fi
    "$program" --help | awk -v files="$files" -v verb=- "$of_help"
    "$program" --help | awk -v files="$files" -v verb=- "$of_help" |
        awk '$1 == "verb" { print $2 }' | while read -r verb; do
            # --help is one of the program's own.
            "$program" "$verb" --help | awk -v files="$files" -v verb="$verb" "$of_help" |
                awk '$3 != "--help"'
            [ "$verb" != context ] || printf 'word\tcontext\tlist show add remove\n'
            # Of errors it knows the numbers and the names.
            [ "$verb" != error ] || printf 'word\terror\t%s\n' \
                "$("$program" error | awk '/^ *[0-9]+ / { printf "%s %s ", $1, $2 }')"
        done
}

# ---- bash

in_bash='
function quoted(text) { gsub(/\047/, "\047\\\047\047", text); return "\047" text "\047" }
function add(list, word) { return list (list == "" ? "" : " ") word }
$1 == "verb" { verbs = add(verbs, $2) }
$1 == "word" { words[$2] = $3 }
$1 == "flag" {
    flags[$2] = add(flags[$2], $3 ($4 ~ /^key/ ? "=" : ""))
    any = $2 == "-" ? "*" : $2
    if ($5 != "") valued = valued "    " any ":" $3 ") words=" quoted($5) " ;;\n"
    else if ($4 ~ /file/) paths = paths "    " any ":" $3 ") is_file=1 ;;\n"
    else if ($4 != "none") texts = texts "    " any ":" $3 ") return ;;\n"
    if ($2 == "-" && $4 != "none") own = own (own == "" ? "" : " | ") $3
}
END {
    print "# Completion in bash for " name ". Made by packaging/completion.sh from its help."
    print "# shellcheck shell=bash\n"
    print fun "() {"
    print "    local word=${COMP_WORDS[COMP_CWORD]} flag=${COMP_WORDS[COMP_CWORD - 1]}"
    print "    local words=\047\047 is_file=0" (verbs == "" ? "" : " i") " verb=\047\047"
    print "    COMPREPLY=()"
    print "    if [[ $word == = ]]; then"
    print "        word=\047\047 # bash takes --flag=value for three words"
    print "    elif [[ $flag == = ]]; then"
    print "        flag=${COMP_WORDS[COMP_CWORD - 2]}"
    print "    fi"
    if (verbs != "") {
        all = verbs
        gsub(/ /, " | ", all)
        print "    for ((i = 1; i < COMP_CWORD; i++)); do"
        print "        case ${COMP_WORDS[i - 1]} in"
        print "        " own ") continue ;; # the value of a flag"
        print "        esac"
        print "        case ${COMP_WORDS[i]} in"
        print "        " all ") verb=${COMP_WORDS[i]} && break ;;"
        print "        esac"
        print "    done"
    }
    print "    case $verb:$flag in"
    printf "%s%s%s", valued, paths, texts
    print "    esac"
    print "    if ((is_file)); then"
    print "        compopt -o filenames 2>/dev/null"
    print "        mapfile -t COMPREPLY < <(compgen -f -- \"$word\")"
    print "        return"
    print "    fi"
    print "    if [[ -z $words && $word == -* ]]; then"
    print "        words=" quoted(flags["-"])
    if (verbs != "") {
        print "        case $verb in"
        count = split(verbs, each, " ")
        for (i = 1; i <= count; ++i)
            if (flags[each[i]] != "")
                print "        " each[i] ") words+=" quoted(" " flags[each[i]]) " ;;"
        print "        esac"
        print "    elif [[ -z $words ]]; then"
        print "        case $verb in"
        print "        \047\047) words=" quoted(verbs) " ;;"
        for (i = 1; i <= count; ++i)
            if (words[each[i]] != "")
                print "        " each[i] ") words=" quoted(words[each[i]]) " ;;"
        print "        esac"
    }
    print "    fi"
    print "    mapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$word\")"
    print "    [[ ${#COMPREPLY[@]} != 1 || ${COMPREPLY[0]} != *= ]] ||"
    print "        compopt -o nospace 2>/dev/null"
    print "}\n"
    print "complete -F " fun " " name
}'

# ---- zsh

in_zsh='
function quoted(text) { gsub(/\047/, "\047\\\047\047", text); return "\047" text "\047" }
function plain(text) { gsub(/[][\\]/, "\\\\&", text); return text }
$1 == "verb" {
    gsub(/[:"\\]/, "", $3)
    verbs = verbs (verbs == "" ? "" : " ") $2 "\\:\"" $3 "\""
    order[++count] = $2
}
$1 == "word" { specs[$2] = specs[$2] "      " quoted("2:" $2 ":(" $3 ")") "\n" }
$1 == "flag" {
    spec = "*" $3
    if ($4 == "none") spec = spec "[" plain($6) "]"
    else {
        action = $5 != "" ? "(" $5 ")" : $4 ~ /file/ ? "_files" : " "
        spec = spec "=[" plain($6) "]:value:" action
    }
    specs[$2] = specs[$2] "      " quoted(spec) "\n"
}
END {
    print "#compdef " name
    print "# Completion in zsh for " name ". Made by packaging/completion.sh from its help.\n"
    print fun "() {"
    print "  local -a specs"
    print "  local each"
    print "  specs=("
    printf "%s", specs["-"]
    if (verbs != "") print "      " quoted("1:verb:((" verbs "))")
    print "  )"
    if (verbs != "") {
        print "  for each in ${words[2,CURRENT-1]}; do"
        print "    case $each in"
        for (i = 1; i <= count; ++i)
            print "    " order[i] ") specs+=(\n" specs[order[i]] "      ) && break ;;"
        print "    esac"
        print "  done"
    }
    print "  _arguments $specs"
    print "}\n"
    print fun " \"$@\""
}'

# ---- fish

in_fish='
function quoted(text) { gsub(/[\047\\]/, "\\\\&", text); return "\047" text "\047" }
$1 == "verb" { verbs = verbs (verbs == "" ? "" : " ") $2; said[$2] = $3 }
$1 == "word" { lines = lines begin($2) " -a " quoted($3) "\n" }
$1 == "flag" {
    line = begin($2) " -l " substr($3, 3)
    if ($5 != "") line = line " -x -a " quoted($5)
    else if ($4 ~ /file/) line = line " -r -F"
    else if ($4 != "none") line = line " -x"
    lines = lines line " -d " quoted($6) "\n"
}
function begin(verb) {
    if (verb == "-") return "complete -c " name
    return "complete -c " name " -n " quoted("__fish_seen_subcommand_from " verb)
}
END {
    print "# Completion in fish for " name ". Made by packaging/completion.sh from its help.\n"
    print "complete -c " name " -f"
    count = split(verbs, each, " ")
    for (i = 1; i <= count; ++i)
        print "complete -c " name " -n " quoted("not __fish_seen_subcommand_from " verbs) \
            " -a " each[i] " -d " quoted(said[each[i]])
    printf "%s", lines
}'

case $shell in
bash) written=$in_bash ;;
zsh) written=$in_zsh ;;
fish) written=$in_fish ;;
*)
    echo "no completion for this shell: $shell" >&2
    exit 2
    ;;
esac
"$program" --help >/dev/null # or it has nothing to say of itself, and this fails
table | awk -F "$tab" -v name="$name" -v fun="$function" "$written"
