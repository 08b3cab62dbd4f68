# Shared by the scripts: progress lines, packages, logs of failed steps. Sourced, not run.
# shellcheck shell=bash
# shellcheck disable=SC2034 # colours and numbers for the scripts that source this

set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$root"
shopt -s extglob
started=$SECONDS
jobs=$(nproc)

# A second clone finds what the first one compiled: the cache leaves the clone's own path aside.
export CCACHE_BASEDIR=$root CCACHE_NOHASHDIR=1
# Precompiled headers need to be told apart by content, not by time.
export CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime

# Colours for a terminal that has some: NO_COLOR, pipes and TERM=dumb get plain text.
if [[ -t 1 && -z ${NO_COLOR:-} && ${TERM:-dumb} != dumb ]]; then
    bold=$'\e[1m' red=$'\e[31m' green=$'\e[32m' grey=$'\e[90m' plain=$'\e[0m'
else
    bold='' red='' green='' grey='' plain=''
fi

# What a line may take of the terminal's width; pipes and files get whole lines.
columns=10000
if [[ -t 1 ]]; then
    wide=${COLUMNS:-$({ stty size </dev/tty | cut -d ' ' -f 2; } 2>/dev/null || true)}
    [[ ! $wide =~ ^[0-9]+$ ]] || ((wide < 20)) || columns=$wide
fi

# folded <width> <text>: lines of whole words, with the text's own indentation. Colours take no
# room.
folded() {
    local width=$1 indent=${2%%[^ ]*} line='' bare='' plain_word word words
    read -ra words <<<"$2"
    for word in "${words[@]}"; do
        plain_word=${word//$'\e['*([0-9;])m/}
        if [[ $line ]] && ((${#indent} + ${#bare} + 1 + ${#plain_word} > width)); then
            printf '%s%s\n' "$indent" "$line"
            line='' bare=''
        fi
        line+=${line:+ }$word
        bare+=${bare:+ }$plain_word
    done
    printf '%s%s\n' "$indent" "$line"
}

# Progress, with the seconds since the script began; what a line has no room for goes below it.
say() {
    local mark line
    mark=$(printf '[%4ds]' $((SECONDS - started)))
    while IFS= read -r line; do
        printf '%s%s%s %s%s%s\n' "$grey" "$mark" "$plain" "$bold" "$line" "$plain"
        mark=${mark//?/ }
    done < <(folded $((columns - ${#mark} - 1)) "$*")
}

# show <file>: its lines below what was said last.
show() {
    fold -s -w $((columns - 2)) "$1" | sed 's/^/  /'
}

fail() {
    printf '%s%s%s\n' "$red" "$*" "$plain" >&2
    exit 1
}

# tree_of <pid>: the process and all that it started, the oldest first.
tree_of() {
    local file line pid parent i
    local -A children=()
    for file in /proc/[0-9]*/stat; do
        { read -r line <"$file"; } 2>/dev/null || continue # it has ended meanwhile
        # 12 (a name (with anything)) S 11 ...
        read -r _ parent _ <<<"${line##*) }"
        children[$parent]+=" ${line%% *}"
    done
    local tree=("$1")
    for ((i = 0; i < ${#tree[@]}; i++)); do
        for pid in ${children[${tree[i]}]:-}; do
            tree+=("$pid")
        done
    done
    echo "${tree[@]}"
}

# end_tree <pid>: a build is a tree of processes, and its root does not end the others.
end_tree() {
    # shellcheck disable=SC2046 # numbers
    kill $(tree_of "$1") 2>/dev/null || true
}

# run_step <log> <command...>: runs quietly, with a sign of life now and then; the end of the log is
# shown if the command fails. A signal ends the step and the script; the caller's own traps are put
# back afterwards.
run_step() {
    local log=$1 begin=$SECONDS shown=$SECONDS traps
    shift
    mkdir -p "$(dirname "$log")"
    traps=$(trap -p INT TERM)
    "$@" >"$log" 2>&1 </dev/null &
    step_pid=$!
    trap 'end_tree "$step_pid"; exit 130' INT
    trap 'end_tree "$step_pid"; exit 143' TERM
    while kill -0 "$step_pid" 2>/dev/null; do
        sleep 0.1
        if ((SECONDS - shown >= 15)); then
            shown=$SECONDS
            say "  $(tail -n 1 "$log" | cut -c -$((columns < 99 ? columns - 9 : 90)))"
        fi
    done
    local status=0
    wait "$step_pid" || status=$?
    trap - INT TERM
    eval "$traps"
    if ((status == 0)); then
        say "  done in $((SECONDS - begin)) s"
        return 0
    fi
    printf '%sfailed: %s%s\n' "$red" "$*" "$plain" >&2
    # The first error says more than the last line.
    grep -n -m 20 -E 'error:|Error|FAILED:|^E: ' "$log" >&2 || true
    echo "-- the last lines of $log:" >&2
    tail -n 60 "$log" >&2
    return "$status"
}

# ---- packages --------------------------------------------------------------------------------

# The packages of some groups of packages.txt.
packages_of() {
    local group
    for group in "$@"; do
        awk -v group="$group" '$1 == group { print $2 }' scripts/packages.txt
    done
}

# Those of the given packages that are not installed.
missing_of() {
    local installed
    installed=$(dpkg-query -W -f '${db:Status-Status} ${Package}\n' "$@" 2>/dev/null |
        awk '$1 == "installed" { print $2 }') || true
    printf '%s\n' "$@" | grep -vxF "$installed" || true
}

as_root() {
    if ((EUID == 0)); then "$@"; else sudo "$@"; fi
}

apt_get() {
    # The timeout waits for another apt to finish instead of failing.
    as_root env DEBIAN_FRONTEND=noninteractive apt-get -q -y \
        -o DPkg::Lock::Timeout=300 "$@"
}

install_missing() {
    local missing=("$@")
    # Lists may be absent (a bare container) or old (a package of theirs is gone): then update.
    if apt_get install -s --no-install-recommends "${missing[@]}" >/dev/null 2>&1 &&
        apt_get install --no-install-recommends "${missing[@]}"; then
        return
    fi
    apt_get update && apt_get install --no-install-recommends "${missing[@]}"
}

# need_packages <group...>: takes no time and no network if all is there.
need_packages() {
    command -v dpkg-query >/dev/null || {
        say "this is no Debian: install the packages of scripts/packages.txt yourself"
        return
    }
    local wanted missing
    mapfile -t wanted < <(packages_of "$@")
    mapfile -t missing < <(missing_of "${wanted[@]}")
    ((${#missing[@]} > 0)) || return 0
    ((EUID == 0)) || command -v sudo >/dev/null ||
        fail "missing: ${missing[*]}. Run this as root or install sudo, or install them yourself."
    say "installing ${#missing[@]} packages: ${missing[*]}"
    run_step build/logs/packages.log install_missing "${missing[@]}" ||
        fail "the packages could not be installed"
}

# ---- building --------------------------------------------------------------------------------

# build <preset> <target...>: configures if need be, and builds; without targets, everything.
build() {
    local preset=$1 targets=()
    shift
    (($# == 0)) || targets=(--target "$@")
    say "$preset: configure"
    run_step "build/logs/$preset-configure.log" cmake --preset "$preset" || return 1
    say "$preset: build (${*:-everything}), $jobs at a time"
    run_step "build/logs/$preset-build.log" \
        cmake --build --preset "$preset" -j "$jobs" "${targets[@]}"
}
