#!/usr/bin/env bash
# Installs what is missing, builds, runs all tests.
#
# usage: scripts/test.sh [--quick] [--clang] [--only-label LABEL]
#
#   --quick             the daily build and its tests only
#   --clang             all tests of the second compiler's build too
#   --only-label LABEL  unit, actor, simulation, e2e or no_caf: only tests with this label
#
# Stages: dev (all tests, tidy and shellcheck among them; without --quick also 20,000 runs of the
# simulator, or five minutes of them), asan (all tests under AddressSanitizer and
# UndefinedBehaviorSanitizer), tsan (what is free of CAF, under ThreadSanitizer), fuzz (each target
# of tests/fuzz for 35 s), clang (the second compiler looks at every source, clang-tidy at every
# header), instructions (counted, not timed, against bench/micro/instructions.txt). The last three
# not with --only-label. The first stage that fails ends the run. The last lines are CTest's own.
# shellcheck source-path=SCRIPTDIR
source "$(dirname "$0")/lib.sh"

quick=no
with_clang=no
label=
while (($# > 0)); do
    case $1 in
    --quick) quick=yes ;;
    --clang) with_clang=yes ;;
    --only-label)
        (($# > 1)) || fail "--only-label needs a label"
        label=$2
        shift
        ;;
    *)
        sed -n '2,15s/^# \{0,1\}//p' "$0"
        [[ $1 == --help || $1 == -h ]] && exit 0 || exit 2
        ;;
    esac
    shift
done

export CTEST_OUTPUT_ON_FAILURE=1
export ASAN_OPTIONS=${ASAN_OPTIONS:-detect_stack_use_after_return=1}
export UBSAN_OPTIONS=${UBSAN_OPTIONS:-print_stacktrace=1}
# The same properties for everybody: a gate must say the same twice. Look further with another seed.
export RC_PARAMS=${RC_PARAMS:-seed=20261122}
export TSAN_OPTIONS=${TSAN_OPTIONS:-halt_on_error=1}

# GCC 12's sanitizers fail by chance where the kernel places memory very randomly. Not every
# container allows to switch that off.
steady=()
if setarch "$(uname -m)" -R true 2>/dev/null; then
    steady=(setarch "$(uname -m)" -R)
fi

# test_stage <preset> <ctest arguments...>: its output goes to the terminal and to a log.
test_stage() {
    local preset=$1 begin=$SECONDS
    shift
    say "$preset: test"
    # One more at a time than there are processors: many wait longer than they work.
    "${steady[@]}" ctest --test-dir "build/$preset" -j $((jobs + 1)) "$@" ${label:+-L "^$label\$"} |
        tee "build/logs/$preset-test.log" || exit 1 # CTest's closing lines stay the last
    say "  done in $((SECONDS - begin)) s"
}

# What CTest says at the end of a stage.
closing_lines() {
    sed -n '/tests passed,.*tests failed/,$p' "build/logs/$1-test.log"
}

say "packages"
need_packages build check
[[ $with_clang == no ]] || need_packages clang

stages=(dev)
build dev
long=()
[[ $quick == yes ]] || long=(-C Long) # five minutes of the simulator
test_stage dev "${long[@]}" --no-tests=error
if [[ $quick == no ]]; then
    build asan
    test_stage asan --no-tests=error
    build tsan no_caf_tests
    # A label may leave nothing that is free of CAF.
    test_stage tsan -L '^no_caf$' --no-tests=ignore
    stages=(tsan asan dev)
fi
if [[ $with_clang == yes ]]; then
    build clang
    test_stage clang --no-tests=error
    stages=(clang "${stages[@]}")
fi

if [[ $quick == no && -z $label ]]; then
    say "fuzz"
    scripts/fuzz.sh --seconds 35
    say "clang"
    scripts/clang.sh
    say "instructions"
    scripts/instructions.sh --check
fi

say "${green}all stages passed${plain}"
for stage in "${stages[@]}"; do
    printf '\n%s:\n' "$stage"
    closing_lines "$stage"
done
