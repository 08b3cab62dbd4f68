#!/bin/sh
# Writes a manual page from what the programs say of themselves, so that it cannot say anything
# else. The languages of scripts and misbehavior are those of docs/cli.md, which is made from them.
#   manual.sh ringdown|ringdown-bench|ringdownd <program> <version> [<docs/cli.md>]
# shellcheck disable=SC2016 # what stands in single quotes is awk's
set -eu
page=$1 program=$2 version=$3 languages=${4:-}

# roff reads backslashes anywhere, and dots and quotes at the beginning of a line.
escaped() {
    sed -e 's/\\/\\e/g' -e 's/-/\\-/g' -e "s/^[.']/\\\\\\&&/"
}

# What is escaped and yet a request of ours.
with_requests() {
    escaped | sed -e 's/^\\&\.\(TP\|PP\|nf\|fi\|B \)/.\1/'
}

# The help's "  --flag VALUE    what it does" as a list, with the text on the next line where the
# flag is long; examples as they are; the rest as paragraphs. What the page says elsewhere is left
# out.
from_help() {
    awk '
        /^(Options|Positionals):$/ || /^(Usage|usage): / || /^Exit status: / { next }
        /^For every verb:$/ { exit }
        /^Subcommands:$/ { in_verbs = 1; next }
        in_verbs { in_verbs = NF > 0; next }
        function leave() { if (in_example) print ".fi"; in_example = 0 }
        function begin() { print ".PP\nExample:\n.PP\n.nf"; in_example = 1 }
        /^Example:$/ { leave(); begin(); next }
        /^Try: / { leave(); begin(); sub(/^Try: /, ""); print "  " $0; next }
        in_example && /^ / { sub(/^ +/, "  "); print; next }
        /^  +-/ || /^  [a-z]+ [A-Z]+( (\.\.\. )?REQUIRED)?  / || /^  SIG.*  / {
            leave(); sub(/^ +/, ""); print ".TP"
            if (match($0, /  +/)) {
                print ".B " substr($0, 1, RSTART - 1)
                print substr($0, RSTART + RLENGTH)
            } else print ".B " $0
            next
        }
        /^ / { sub(/^ +/, ""); print; next }
        NF { leave(); print ".PP"; print; next }
        END { leave() }' | with_requests
}

# from_page <heading>: a section of docs/cli.md, its table as a list.
from_page() {
    awk -v heading="## $1" '
        /^## / { inside = $0 == heading; next }
        !inside || /^\|---/ || /^\| (step|misbehavior) \|/ { next }
        {
            gsub(/`/, "")
            while (match($0, /\[[^]]*\]\([^)]*\)/)) { # a link
                text = substr($0, RSTART + 1, RLENGTH - 1)
                sub(/\].*/, "", text)
                $0 = substr($0, 1, RSTART - 1) text substr($0, RSTART + RLENGTH)
            }
        }
        /^\|/ { split($0, cell, / *\| */); print ".TP\n.B " cell[2] "\n" cell[3]; next }
        NF == 0 { print ".PP"; next }
        { print }' "$languages" | with_requests
}

exit_status() {
    printf '.SH EXIT STATUS\n'
    "$@" --help | sed -n 's/.*Exit status: \(.*\)\./\1/p' | sed 's/, \([0-9] \)/\n\1/g' |
        awk '{ print ".TP\n.B " $1; sub(/^[0-9]+ /, ""); print }' | with_requests
}

# The variables that the help names.
environment() {
    printf '.SH ENVIRONMENT\n'
    "$program" --help | awk '
        match($0, /\(Env:[A-Z_]+\)/) {
            print ".TP\n.B " substr($0, RSTART + 5, RLENGTH - 6)
            match($0, /--[a-z-]+/)
            print "Where " substr($0, RSTART, RLENGTH) " is not given."
        }' | with_requests
}

verbs() {
    "$program" --help | sed -n '/^Subcommands:$/,/^$/s/^  \([a-z-]*\) .*/\1/p'
}

# The description of a program with verbs.
of_verbs() {
    printf '.SH DESCRIPTION\n'
    "$program" --help | from_help
    verbs | while read -r verb; do
        printf '.SH "%s %s"\n' "$page" "$verb"
        "$program" "$verb" --help | from_help
    done
}

case $page in
ringdown)
    printf '.TH RINGDOWN 1 "" "ringdown %s" "User Commands"\n' "$version"
    printf '.SH NAME\nringdown \\- client of the Ringdown event broker\n'
    printf '.SH SYNOPSIS\n.B ringdown\n[\\fIOPTIONS\\fR] \\fIVERB\\fR [\\fIOPTIONS\\fR]\n'
    of_verbs
    printf '.SH STEPS OF A SCRIPT\n'
    from_page "The steps of a script"
    printf '.SH MISBEHAVIOR OF A RECORDER\n'
    from_page "What a recorder can do wrong"
    environment
    exit_status "$program"
    printf '.SH SEE ALSO\n.BR ringdownd (8),\n.BR ringdown\\-bench (1)\n'
    ;;
ringdown-bench)
    printf '.TH RINGDOWN-BENCH 1 "" "ringdown %s" "User Commands"\n' "$version"
    printf '.SH NAME\nringdown-bench \\- measures the Ringdown event broker\n'
    printf '.SH SYNOPSIS\n.B ringdown-bench\n[\\fIOPTIONS\\fR] \\fIVERB\\fR [\\fIOPTIONS\\fR]\n'
    of_verbs
    environment
    exit_status "$program"
    printf '.SH SEE ALSO\n.BR ringdown (1),\n.BR ringdownd (8)\n'
    ;;
ringdownd)
    printf '.TH RINGDOWND 8 "" "ringdown %s" "System Administration"\n' "$version"
    printf '.SH NAME\nringdownd \\- event broker for contact centers\n'
    printf '.SH SYNOPSIS\n.B ringdownd\n'
    printf '[\\fB\\-\\-config\\fR \\fIFILE\\fR] [\\fB\\-\\-KEY=VALUE\\fR ...]\n'
    printf '.SH DESCRIPTION\n'
    "$program" --help | from_help
    exit_status "$program"
    printf '.SH FILES\n.TP\n.I /etc/ringdown/ringdownd.toml\nThe configuration, if it exists.\n'
    printf '.TP\n.I ringdownd.example.toml\n'
    printf 'Every key with its default, among the documentation of the package.\n'
    printf '.SH ENVIRONMENT\n.TP\n.B RINGDOWN_SECTION_KEY\n'
    printf 'The value of the key section.key, in capitals and with _ for each dot:\n'
    printf '.B RINGDOWN_LISTEN_PORT\nis listen.port. A flag is stronger, the file weaker.\n'
    printf '.TP\n.B NOTIFY_SOCKET\nWhere systemd hears that the broker listens, reloads, ends.\n'
    printf '.SH SEE ALSO\n.BR ringdown (1)\n'
    ;;
*)
    echo "no such page: $page" >&2
    exit 2
    ;;
esac
