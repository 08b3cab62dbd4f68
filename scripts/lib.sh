# Shared by the scripts: progress lines, packages, logs of failed steps. Sourced, not run.
# shellcheck shell=bash
# shellcheck disable=SC2034 # colours and numbers for the scripts that source this

set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$root"
started=$SECONDS
jobs=$(nproc)

# A second clone finds what the first one compiled: the cache leaves the clone's own path aside.
export CCACHE_BASEDIR=$root CCACHE_NOHASHDIR=1
# Precompiled headers need to be told apart by content, not by time.
export CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime

# Colours for a terminal only: NO_COLOR and pipes get plain text.
if [[ -t 1 && -z ${NO_COLOR:-} ]]; then
    bold=$'\e[1m' red=$'\e[31m' green=$'\e[32m' grey=$'\e[90m' plain=$'\e[0m'
else
    bold='' red='' green='' grey='' plain=''
fi

# One line of progress, with the seconds since the script began.
say() {
    printf '%s[%4ds]%s %s%s%s\n' "$grey" $((SECONDS - started)) "$plain" "$bold" "$*" "$plain"
}

fail() {
    printf '%s%s%s\n' "$red" "$*" "$plain" >&2
    exit 1
}

# run_step <log> <command...>: runs quietly, with a sign of life now and then; the end of the log is
# shown if the command fails.
run_step() {
    local log=$1 begin=$SECONDS shown=$SECONDS
    shift
    mkdir -p "$(dirname "$log")"
    "$@" >"$log" 2>&1 </dev/null &
    step_pid=$!
    trap 'kill "$step_pid" 2>/dev/null; exit 130' INT TERM
    while kill -0 "$step_pid" 2>/dev/null; do
        sleep 0.1
        if ((SECONDS - shown >= 15)); then
            shown=$SECONDS
            say "  $(tail -n 1 "$log" | cut -c -90)"
        fi
    done
    local status=0
    wait "$step_pid" || status=$?
    trap - INT TERM
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
