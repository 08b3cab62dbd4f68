#!/usr/bin/env bash
# What shellcheck says of every shell script that git lists.
#
# Exit status: 0 nothing, 1 something, 77 there is no shellcheck or no repository (a skipped test).
set -euo pipefail
cd "$(dirname "$0")/../.."
command -v shellcheck >/dev/null || {
    echo "skipped: shellcheck is not installed"
    exit 77
}
listed() {
    git -c safe.directory='*' ls-files -z -- "$@"
}
mapfile -d '' -t scripts < <(listed '*.sh' '*.bash')
mapfile -d '' -t others < <(listed .ci)
((${#scripts[@]} > 0)) || {
    echo "skipped: this is no git repository"
    exit 77
}
shellcheck --external-sources "${scripts[@]}" "${others[@]}"
