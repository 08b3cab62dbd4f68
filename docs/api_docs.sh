#!/bin/sh
# Writes the reference of the public headers; a warning of Doxygen's is an error.
#   api_docs.sh <Doxyfile>
# Exit status 77 where there is no Doxygen: an error for who builds, a skipped test.
set -eu
command -v doxygen >/dev/null || {
    echo "doxygen is not installed, which writes the reference of the public headers." >&2
    echo "On Debian: apt-get install doxygen (scripts/packages.txt)" >&2
    exit 77
}
exec doxygen "$1"
