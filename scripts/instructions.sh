#!/usr/bin/env bash
# Counts the instructions of each part of an event's way through the broker, under callgrind: the
# same on a busy machine as on a quiet one, so a slower change shows without a clock.
#
# usage: scripts/instructions.sh [--check | --update] [STEP...]
#
# Prints the table. --check fails if a step takes 5 % more than bench/micro/instructions.txt says;
# --update writes that file. Counts depend on the compiler and the libraries: the file names them.
# Docs: docs/benchmarks.md.
# shellcheck source-path=SCRIPTDIR
source "$(dirname "$0")/lib.sh"

table=bench/micro/instructions.txt
program=build/release/bin/ringdown-bench-count
tolerance_percent=5
# Setting up is the same with so many items and with twice as many, so their difference is the
# items' alone. What is left of the setting up is below 1 % of the smallest step through the actors.
items=16384

mode=print
case ${1:-} in
--help | -h)
    sed -n '2,11s/^# \{0,1\}//p' "$0"
    exit 0
    ;;
--check | --update) mode=${1#--} && shift ;;
-*) fail "expected --check, --update or the names of steps" ;;
esac
[[ $mode != update ]] || (($# == 0)) || fail "--update writes all steps"

# versions: what the counts depend on beside our code, a line.
versions() {
    local of
    printf 'g++ %s' "$(g++ -dumpfullversion)"
    for of in libcaf-core0.17=CAF libprotobuf32=Protobuf libstdc++6=libstdc++ libc6=libc \
        valgrind=valgrind; do
        printf ', %s %s' "${of#*=}" \
            "$(dpkg-query -W -f '${Version}' "${of%=*}" 2>/dev/null || echo unknown)"
    done
    printf ', %s, preset release\n' "$(uname -m)"
}

# A step takes seconds; one that waits for what never comes is a failure and no hang.
count_seconds_max=300

# count <step> <items>: the instructions of a whole run.
count() {
    # Killed it says no count; asked to end it would say what it had counted so far.
    timeout --signal=KILL "$count_seconds_max" valgrind --tool=callgrind \
        --callgrind-out-file=/dev/null "$program" "$1" "$2" 2>&1 |
        awk '$2 == "Collected" { print $4 }'
}

# measure <step>: a line of the table.
measure() {
    local once twice
    once=$(count "$1" "$items")
    twice=$(count "$1" $((2 * items)))
    [[ $once && $twice ]] || fail "$1: $program $1 $items does not end well"
    printf '%s %d\n' "$1" $(((twice - once + items / 2) / items))
}

say "packages"
need_packages build count
build release ringdown-bench-count || fail "the build failed"
mapfile -t all < <("$program" --list | cut -f 1)
(($# > 0)) && steps=("$@") || steps=("${all[@]}")
for step in "${steps[@]}"; do
    grep -qxF "$step" < <(printf '%s\n' "${all[@]}") || fail "no step $step; there are: ${all[*]}"
done

say "counting ${#steps[@]} steps, $jobs at a time"
export -f count measure fail
export program items count_seconds_max red plain
# shellcheck disable=SC2016 # $1 is the inner shell's
counted=$(printf '%s\n' "${steps[@]}" | xargs -P "$jobs" -I '{}' bash -c 'measure "$1"' _ '{}') ||
    fail "not every step could be counted"

# Against the table, in the program's order.
was=''
[[ ! -f $table ]] || was=$(grep -v '^#' "$table" || true)
worse=0
printf '%-14s %10s %10s %8s  %s\n' step now table change what
while IFS=$'\t' read -r step what; do
    now=$(awk -v step="$step" '$1 == step { print $2 }' <<<"$counted")
    [[ $now ]] || continue
    before=$(awk -v step="$step" '$1 == step { print $2 }' <<<"$was")
    if [[ -z $before ]]; then
        change=new
        worse=1
    else
        change=$(awk -v a="$before" -v b="$now" 'BEGIN { printf "%+.1f %%", 100 * (b - a) / a }')
        ((100 * now <= (100 + tolerance_percent) * before)) || worse=1
    fi
    printf '%-14s %10d %10s %8s  %s\n' "$step" "$now" "${before:--}" "$change" "$what"
done < <("$program" --list)

case $mode in
update)
    {
        echo "# Instructions for each item of a step. Written by scripts/instructions.sh --update."
        echo "# $(versions)"
        for step in "${all[@]}"; do
            awk -v step="$step" '$1 == step' <<<"$counted"
        done
    } >"$table"
    say "wrote $table"
    ;;
check)
    told=$(sed -n '2s/^# //p' "$table" 2>/dev/null || true)
    [[ $told == "$(versions)" ]] || say "the table is of another system: $told; here: $(versions)"
    ((worse == 0)) ||
        fail "a step takes over $tolerance_percent % more than the table says, or is not in it." \
            "If that is meant: scripts/instructions.sh --update"
    ;;
esac
