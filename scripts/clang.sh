#!/usr/bin/env bash
# What clang says: the second compiler looks at every source and makes no objects (preset syntax),
# then clang-tidy at every header, by .clang-tidy.
#
# usage: scripts/clang.sh
#
# Logs: build/logs. What did not change is not looked at again by the compiler.
# shellcheck source-path=SCRIPTDIR
source "$(dirname "$0")/lib.sh"

(($# == 0)) || {
    sed -n '2,7s/^# \{0,1\}//p' "$0"
    [[ $1 == --help || $1 == -h ]] && exit 0 || exit 2
}

# A folder's headers are one source each (tests/headers), so each is read once.
check_headers() {
    printf '%s\0' build/syntax/tests/headers/all/*.cpp |
        xargs -0 -n 1 -P "$jobs" clang-tidy-14 -p build/syntax --quiet
}

say "packages"
need_packages build clang
build syntax || fail "the second compiler found something"
say "clang-tidy: every header"
run_step build/logs/clang-tidy.log check_headers || fail "clang-tidy found something"
