#!/usr/bin/env bash
# Shows what Ringdown does: builds it, starts the daemon, a recorder and an agent's desktop on one
# DN, plays start, pause, resume, query, stop, then a second call's start during a pause, which
# waits, and once more with a recorder that ignores pause; and measures the daemon under load.
#
# usage: scripts/demo.sh [--installed]
#
#   --installed  builds nothing: the programs of the Debian packages, on the PATH
#
# What is installed: scripts/packages.txt. Logs: build/demo/, of --installed a folder that the first
# lines name. Nothing runs on afterwards.
# shellcheck source-path=SCRIPTDIR
source "$(dirname "$0")/lib.sh"

installed=no
[[ $* != --installed ]] || installed=yes
[[ $# == 0 || $installed == yes ]] || {
    sed -n '2,11s/^# \{0,1\}//p' "$0"
    [[ $1 == --help || $1 == -h ]] && exit 0 || exit 2
}

dn=7001
logs=build/demo
bin=build/release/bin
conversation="wait 200ms, start, wait 200ms, pause, wait 200ms, resume, wait 200ms, query, \
wait 200ms, stop, wait 200ms"
second_call="wait 200ms, start conn=71, expect recording, pause conn=71, expect paused, \
start conn=72, expect-outcome held, wait 500ms, expect paused, resume conn=71, expect recording, \
wait 200ms, stop, expect-outcome confirmed, wait 200ms"
failing="wait 200ms, start, wait 200ms, pause, expect-outcome timed_out within 10s, stop, \
wait 200ms"

# ---- programs in the background ----------------------------------------------------------------

patience=150 # tenths of a second for a program to end by itself

# stop <pid>: asks, waits, then insists. The status is the program's.
stop() {
    local pid=$1 status=0 i
    kill "$pid" 2>/dev/null || true
    for ((i = 0; i < patience; i++)); do
        kill -0 "$pid" 2>/dev/null || break
        sleep 0.1
    done
    kill -KILL "$pid" 2>/dev/null || true
    wait "$pid" 2>/dev/null || status=$?
    return "$status"
}

# Whatever this script has started and not seen end. All are asked before the first is waited for.
stop_all() {
    trap '' INT TERM # a second Ctrl-C must not leave the rest running
    local pid running
    running=$(jobs -p)
    # shellcheck disable=SC2086 # numbers
    [[ -z $running ]] || kill $running 2>/dev/null || true
    for pid in $running; do
        stop "$pid" || true
    done
}
trap stop_all EXIT
trap 'patience=20; exit 130' INT
trap 'patience=20; exit 143' TERM

# finish <command...>: in the foreground, but a signal does not wait for its end.
finish() {
    "$@" &
    wait $!
}

# start_daemon <log> <flags...>: on a port that the kernel chooses. Sets daemon and address.
start_daemon() {
    local log=$1 port='' i
    shift
    : >"$log"
    "$bin/ringdownd" --listen.address=127.0.0.1 --listen.port=0 --log.file="$log" "$@" &
    daemon=$!
    for ((i = 0; i < 200; i++)); do
        kill -0 "$daemon" 2>/dev/null || fail "ringdownd did not start: see $log"
        port=$(sed -n 's/.* listening .*port=\([0-9]*\).*/\1/p' "$log")
        address=127.0.0.1:$port
        [[ -z $port ]] || ! "$bin/ringdown" --connect "$address" info >/dev/null 2>&1 || return 0
        sleep 0.1
    done
    fail "ringdownd is not ready after 20 s: see $log"
}

# lines <file> <text>: how many lines have it.
lines() {
    { grep -- "$2" "$1" 2>/dev/null || true; } | wc -l
}

# wait_for <file> <text> [<count>]: more lines with the text than that.
wait_for() {
    local i
    for ((i = 0; i < 100; i++)); do
        (($(lines "$1" "$2") <= ${3:-0})) || return 0
        sleep 0.1
    done
    fail "no \"$2\" in $1 after 10 s"
}

# play <script> <recorder's flags...>: a recorder and a desktop on the DN, until the script is over.
play() {
    local script=$1 before recorder status=0
    shift
    before=$(lines "$logs/recorder.log" EventRegistered)
    "$bin/ringdown" --connect "$address" recorder --dn "$dn" --app video-3 "$@" \
        >>"$logs/recorder.log" 2>&1 &
    recorder=$!
    wait_for "$logs/recorder.log" EventRegistered "$before"
    finish "$bin/ringdown" --connect "$address" desktop --dn "$dn" --app agent --script "$script" \
        >>"$logs/desktop.log" 2>&1 || status=$?
    stop "$recorder" || fail "the recorder failed: see $logs/recorder.log"
    ((status == 0)) || fail "the desktop failed ($status): see $logs/desktop.log"
}

# ---- the demonstration -------------------------------------------------------------------------

if [[ $installed == yes ]]; then
    program=$(command -v ringdownd) || fail "--installed: the package ringdown is not installed"
    bin=$(dirname "$program")
    logs=$(mktemp -d --tmpdir ringdown-demo.XXXXXX)
    say "logs: $logs"
else
    say "packages"
    need_packages build
    build release ringdownd ringdown ringdown-bench || fail "the build failed"
    rm -rf "$logs"
    mkdir -p "$logs"
fi
say "ringdownd starts"
start_daemon "$logs/broker.log" --log.levels.connection=debug --log.levels.dn=debug
say "  it listens on $address"

say "a recorder and a desktop meet on DN $dn"
echo
python3 scripts/transcript.py --ready "$logs/ready" --from-end "broker=$logs/broker.log" \
    "recorder=$logs/recorder.log" "desktop=$logs/desktop.log" &
transcript=$!
wait_for "$logs/ready" following
# A real recorder takes a moment too before it has done what it was told.
play "$conversation" --delay 60
say "call 71 is paused, a card number is on the screen; call 72 is to be recorded: it waits"
play "$second_call" --delay 60
say "once more, with a recorder that ignores pause"
play "$failing" --delay 60 --misbehave "ignore pause"
stop "$daemon" || fail "ringdownd did not end in order: see $logs/broker.log"
sleep 0.1
stop "$transcript" || true
echo
grep -q 'EventOutcome .*pause timed_out' "$logs/desktop.log" ||
    fail "the desktop was not told of the pause that was ignored: see $logs/desktop.log"
grep -q 'EventOutcome .*start held' "$logs/desktop.log" ||
    fail "the second call's start was not held: see $logs/desktop.log"
say "each command ended in one outcome: the recorder's own word, or that there was none"

if [[ $installed == yes && ! -x $bin/ringdown-bench ]]; then
    say "the load run needs the package ringdown-bench"
    exit 0
fi
say "ringdownd under load: 16 desktops, 64 requests in flight each, 10,000 DNs, 2 s"
finish "$bin/ringdown-bench" run --spawn "$bin/ringdownd" --seconds 2 --quiet \
    >"$logs/bench.log" 2>&1 || {
    cat "$logs/bench.log" >&2
    fail "the load run failed"
}
show "$logs/bench.log"

events=$(awk '$1 == "events/s" { print $2 }' "$logs/bench.log")
say "throughput: ${green}$events events/s${plain}, every one delivered once, whole and in order"
