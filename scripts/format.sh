#!/usr/bin/env bash
# Formats our C++ by .clang-format, or checks that it is formatted.
#
# usage: scripts/format.sh [--check]
#
# Exit status of --check: 0 formatted, 1 not, 77 there is no clang-format-14 (a skipped test).
set -euo pipefail
cd "$(dirname "$0")/.."

formatter=$(command -v clang-format-14) || {
    echo "clang-format-14 is not installed: nothing was checked"
    exit 77
}

# The tracked files; all files where this is no repository (a source archive).
sources() {
    git -c safe.directory='*' ls-files -z -- '*.cpp' '*.hpp' 2>/dev/null ||
        find . -path ./build -prune -o \( -name '*.cpp' -o -name '*.hpp' \) -print0
}

case ${1:-} in
--check)
    if ! sources | xargs -0 -r "$formatter" --dry-run --Werror; then
        echo "not formatted: run scripts/format.sh"
        exit 1
    fi
    ;;
"") sources | xargs -0 -r "$formatter" -i ;;
*)
    sed -n '2,7s/^# \{0,1\}//p' "$0"
    exit 2
    ;;
esac
