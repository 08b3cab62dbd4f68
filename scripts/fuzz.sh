#!/usr/bin/env bash
# Runs the fuzz targets of tests/fuzz under libFuzzer, two at a time, from the kept corpus.
#
# usage: scripts/fuzz.sh [--seconds N] [--seed N] [--keep] [TARGET...]
#
#   --seconds N  how long each target runs (60)
#   --seed N     of the mutations; 0: another one each time (the same each time: a gate must say
#                the same twice)
#   --keep       take what reaches code that the kept corpus does not into tests/fuzz/corpus
#   TARGET       frame, connection, routing, ...: all, if none is named
#
# Prints for each target how many inputs ran, how much code they reached, and what was found. Exit
# status: 0 nothing found, 1 a finding (its file is named) or a failure. What is learnt on the way
# stays in build/fuzz/corpus and serves the next run.
# shellcheck source-path=SCRIPTDIR
source "$(dirname "$0")/lib.sh"

seconds=60
seed=20261122
keep=no
targets=()
while (($# > 0)); do
    case $1 in
    --seconds)
        [[ ${2:-} =~ ^[1-9][0-9]*$ ]] || fail "--seconds needs a whole number above 0"
        seconds=$2
        shift
        ;;
    --seed)
        [[ ${2:-} =~ ^[0-9]+$ ]] || fail "--seed needs a whole number"
        seed=$2
        shift
        ;;
    --keep) keep=yes ;;
    -*)
        sed -n '2,14s/^# \{0,1\}//p' "$0"
        [[ $1 == --help || $1 == -h ]] && exit 0 || exit 2
        ;;
    *) targets+=("$1") ;;
    esac
    shift
done

known=(tests/fuzz/corpus/*/)
known=("${known[@]%/}")
known=("${known[@]##*/}")
((${#targets[@]} > 0)) || targets=("${known[@]}")
for target in "${targets[@]}"; do
    [[ " ${known[*]} " == *" $target "* ]] ||
        fail "there is no target $target; there are: ${known[*]}"
done

# Frames of the default limit are not tried: what is long reaches no other code than what is short.
declare -A bytes_max=([frame]=2048 [connection]=4096 [config]=4096 [access_file]=4096 [jwk]=4096
    [jwt]=4096)
at_once=2           # targets
input_seconds_max=20 # an input that takes longer is a finding
memory_mib_max=2048  # and one that needs more

export ASAN_OPTIONS=${ASAN_OPTIONS:-detect_stack_use_after_return=1}
export UBSAN_OPTIONS=${UBSAN_OPTIONS:-print_stacktrace=1}
symbolizer=$(command -v llvm-symbolizer-14 || true)
[[ -z $symbolizer ]] || export ASAN_SYMBOLIZER_PATH=$symbolizer

fuzz_one() {
    local target=$1 options=()
    options=(-max_total_time="$seconds" -seed="$seed" -max_len="${bytes_max[$target]:-2048}"
        -timeout="$input_seconds_max" -rss_limit_mb="$memory_mib_max"
        -print_final_stats=1 -verbosity=1
        -artifact_prefix="build/fuzz/findings/$target/")
    [[ ! -e tests/fuzz/$target.dict ]] || options+=(-dict="tests/fuzz/$target.dict")
    "build/fuzz/bin/fuzz_$target" "${options[@]}" \
        "build/fuzz/corpus/$target" "tests/fuzz/corpus/$target" \
        >"build/logs/fuzz-$target.log" 2>&1 </dev/null
}

# The last value of something in a target's log.
last_of() {
    grep -o "$2[^0-9]*[0-9]*" "build/logs/fuzz-$1.log" | tail -n 1 | grep -o '[0-9]*$' || echo '?'
}

report() {
    local target=$1 status=$2
    say "  $target: $(last_of "$target" 'number_of_executed_units:') inputs," \
        "$(last_of "$target" ' cov:') places in the code reached," \
        "$([[ $status == 0 ]] && echo nothing found || echo "FOUND SOMETHING")"
    [[ $status != 0 ]] || return 0
    findings=$((findings + 1))
    grep -m 3 -E 'broken promise:|found:|ERROR:|SUMMARY:|runtime error:' \
        "build/logs/fuzz-$target.log" >&2 || true
    local file
    file=$(grep -o 'build/fuzz/findings/[^ ]*' "build/logs/fuzz-$target.log" | tail -n 1) || true
    echo "log: build/logs/fuzz-$target.log; repeat it: build/fuzz/bin/fuzz_$target ${file:-}" >&2
}

# The union of what is kept and what is new, without what adds nothing.
keep_new() {
    local target=$1 merged
    merged=$(mktemp -d "build/fuzz/merged.XXXXXX")
    "build/fuzz/bin/fuzz_$target" -set_cover_merge=1 -use_counters=0 \
        -max_len="${bytes_max[$target]:-2048}" \
        "$merged" "tests/fuzz/corpus/$target" "build/fuzz/corpus/$target" \
        >"build/logs/fuzz-$target-merge.log" 2>&1 </dev/null || return 1
    cp -n "$merged"/* "tests/fuzz/corpus/$target/"
    rm -r "$merged"
}

say "packages"
need_packages build clang fuzz
build fuzz fuzz_targets

say "fuzz: ${#targets[@]} targets, $seconds s each, $at_once at a time"
findings=0
declare -A target_of=()
# Waits for one of the running targets and reports it.
wait_one() {
    local pid status=0
    wait -n -p pid || status=$?
    report "${target_of[$pid]}" "$status"
    unset "target_of[$pid]"
}
trap 'kill "${!target_of[@]}" 2>/dev/null; exit 130' INT TERM
for target in "${targets[@]}"; do
    mkdir -p "build/fuzz/corpus/$target" "build/fuzz/findings/$target"
    ((${#target_of[@]} < at_once)) || wait_one
    fuzz_one "$target" &
    target_of[$!]=$target
done
while ((${#target_of[@]} > 0)); do
    wait_one
done
trap - INT TERM
((findings == 0)) || fail "findings: $findings"

if [[ $keep == yes ]]; then
    for target in "${targets[@]}"; do
        keep_new "$target" || fail "the corpus of $target could not be merged"
        say "  $target: $(find "tests/fuzz/corpus/$target" -type f | wc -l) inputs are kept"
    done
fi
