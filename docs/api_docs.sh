#!/bin/sh
# Writes the reference of the public headers; a warning of Doxygen's is an error, and so is a class
# without a text of its own.
#   api_docs.sh <Doxyfile>
# Exit status 77 where there is no Doxygen: an error for who builds, a skipped test.
set -eu
command -v doxygen >/dev/null || {
    echo "doxygen is not installed, which writes the reference of the public headers." >&2
    echo "On Debian: apt-get install doxygen (scripts/packages.txt)" >&2
    exit 77
}
doxygen "$1"
# Doxygen asks for the texts of all members or of none: of this second pass only classes count.
silent=$({
    cat "$1"
    echo "EXTRACT_ALL = NO"
    echo "GENERATE_HTML = NO"
    echo "WARN_AS_ERROR = NO"
    echo "WARN_IF_UNDOCUMENTED = YES"
} | doxygen - 2>&1 | grep 'Compound .* is not documented') || exit 0
echo "$silent" >&2
exit 1
