#!/usr/bin/env bash
# Compares the broker with others on this machine: installs them, builds, runs the same loads in turns.
#
# usage: scripts/bench.sh [ARGUMENTS OF ringdown-bench compare]
#
# Without --peers: ringdown,floor,redis,nats,mosquitto,rabbitmq. No other broker is left running, and none is
# started at the next boot if this script installed it. Docs: bench/README.md, docs/benchmarks.md.
# shellcheck source-path=SCRIPTDIR
source "$(dirname "$0")/lib.sh"

[[ ${1:-} != --help && ${1:-} != -h ]] || {
    sed -n '2,7s/^# \{0,1\}//p' "$0"
    exit 0
}
[[ " $* " == *" --peers"[\ =]* ]] || set -- --peers ringdown,floor,redis,nats,mosquitto,rabbitmq "$@"

# Debian starts a server where it is installed; these are only wanted for the comparison.
mapfile -t new < <(missing_of redis-server nats-server mosquitto rabbitmq-server erlang-base)
say "packages"
need_packages build bench
for package in "${new[@]}"; do
    services=("$package")
    [[ $package != erlang-base ]] || services=(epmd.socket epmd.service) # Erlang's name server
    [[ -z $package ]] || ! command -v systemctl >/dev/null ||
        as_root systemctl disable --now "${services[@]}" >/dev/null 2>&1 || true
done
build release ringdownd ringdown-bench ringdown-bench-floor || fail "the build failed"

say "in turns: $*"
build/release/bin/ringdown-bench compare "$@"
