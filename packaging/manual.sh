#!/bin/sh
# Writes a manual page from what the programs say of themselves, so that it cannot say anything else.
#   manual.sh ringdown|ringdown-bench|ringdownd <program> <version>
set -eu
page=$1 program=$2 version=$3

# roff reads backslashes anywhere, and dots and quotes at the beginning of a line.
escaped() {
    sed -e 's/\\/\\e/g' -e 's/-/\\-/g' -e "s/^[.']/\\\\\\&&/"
}

# The help's "  --flag VALUE    what it does" as a list, with the text on the next line where the flag
# is long; examples as they are; the rest as paragraphs. What the page says elsewhere is left out.
from_help() {
    awk '
        /^(Options|Positionals):$/ || /^(Usage|usage): / || /^Exit status: / { next }
        /^Subcommands:$/ { in_verbs = 1; next }
        in_verbs { in_verbs = NF > 0; next }
        function leave() { if (in_example) print ".fi"; in_example = 0 }
        /^Example:$/ || /^Try: / { leave(); print ".PP"; print "Example:"; print ".PP"; print ".nf"; in_example = 1
                                   if (sub(/^Try: /, "")) print "  " $0; next }
        in_example && /^ / { sub(/^ +/, "  "); print; next }
        /^  +-/ || /^  [a-z]+ [A-Z]+  / {
            leave(); sub(/^ +/, ""); print ".TP"
            if (match($0, /  +/)) { print ".B " substr($0, 1, RSTART - 1); print substr($0, RSTART + RLENGTH) }
            else print ".B " $0
            next
        }
        /^ / { sub(/^ +/, ""); print; next }
        NF { leave(); print ".PP"; print; next }
        END { leave() }' | escaped | sed -e 's/^\\&\.\(TP\|PP\|nf\|fi\|B \)/.\1/'
}

exit_status() {
    printf '.SH EXIT STATUS\n'
    "$@" --help | sed -n 's/.*Exit status: //p' | escaped
}

# The description of a program with verbs.
of_verbs() {
    printf '.SH DESCRIPTION\n'
    "$program" --help | from_help
    "$program" --help | sed -n '/^Subcommands:$/,/^$/s/^  \([a-z]*\) .*/\1/p' | while read -r verb; do
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
    exit_status "$program"
    printf '.SH SEE ALSO\n.BR ringdownd (8)\n'
    ;;
ringdown-bench)
    printf '.TH RINGDOWN-BENCH 1 "" "ringdown %s" "User Commands"\n' "$version"
    printf '.SH NAME\nringdown-bench \\- measures the Ringdown event broker\n'
    printf '.SH SYNOPSIS\n.B ringdown-bench\n[\\fIOPTIONS\\fR] \\fIVERB\\fR [\\fIOPTIONS\\fR]\n'
    of_verbs
    exit_status "$program"
    printf '.SH SEE ALSO\n.BR ringdownd (8)\n'
    ;;
ringdownd)
    printf '.TH RINGDOWND 8 "" "ringdown %s" "System Administration"\n' "$version"
    printf '.SH NAME\nringdownd \\- event broker for contact centers\n'
    printf '.SH SYNOPSIS\n.B ringdownd\n[\\fB\\-\\-config\\fR \\fIFILE\\fR] [\\fB\\-\\-KEY=VALUE\\fR ...]\n'
    printf '.SH DESCRIPTION\n'
    "$program" --help | from_help
    exit_status "$program"
    printf '.SH FILES\n.TP\n.I /etc/ringdown/ringdownd.toml\nThe configuration, if it exists.\n'
    printf '.TP\n.I ringdownd.example.toml\nEvery key with its default, among the documentation of the package.\n'
    printf '.SH SEE ALSO\n.BR ringdown (1)\n'
    ;;
*)
    echo "no such page: $page" >&2
    exit 2
    ;;
esac
