#!/usr/bin/env bash
# What clang says: the second compiler looks at every source and makes no objects (preset syntax),
# then clang-tidy at every header, by .clang-tidy.
#
# usage: scripts/clang.sh
#
# Logs: build/logs. What did not change is not looked at again; headers in another clone neither, as
# ~/.cache/ringdown says of which clang-tidy had nothing to say.
# shellcheck source-path=SCRIPTDIR
source "$(dirname "$0")/lib.sh"

(($# == 0)) || {
    sed -n '2,8s/^# \{0,1\}//p' "$0"
    [[ $1 == --help || $1 == -h ]] && exit 0 || exit 2
}

# A folder's headers are one source each (tests/headers), so each is read once.
check_headers() {
    printf '%s\0' build/syntax/tests/headers/all/*.cpp |
        xargs -0 -n 1 -P "$jobs" clang-tidy-14 -p build/syntax --quiet
}

# All headers in one: what clang-tidy says of one depends on those that it includes.
digest_of_headers() {
    {
        clang-tidy-14 --version
        cat .clang-tidy
        find . -path ./build -prune -o \( -name '*.hpp' -o -name '*.proto' -o -name '*.def' \) \
            -print0 | sort -z | xargs -0 sha256sum
    } | sha256sum | cut -d ' ' -f 1
}

say "packages"
need_packages build clang
build syntax || fail "the second compiler found something"
say "clang-tidy: every header"
clean=${XDG_CACHE_HOME:-$HOME/.cache}/ringdown/clang-tidy/$(digest_of_headers)
if [[ -e $clean ]]; then
    say "  as they are it had nothing to say of them"
else
    run_step build/logs/clang-tidy.log check_headers || fail "clang-tidy found something"
    mkdir -p "$(dirname "$clean")" && : >"$clean"
fi
