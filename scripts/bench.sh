#!/usr/bin/env bash
# Compares the broker with others on this machine: installs them, builds, runs the same loads in
# turns.
#
# usage: scripts/bench.sh [--docs DIR] [ARGUMENTS OF ringdown-bench compare]
#
# Without --peers: ringdown,floor,redis,nats,mosquitto,rabbitmq. No other broker is left running,
# and none is started at the next boot if this script installed it.
#
# --docs DIR: all that a page such as docs/benchmarks.md shows of it: pictures in DIR/pictures, and
# in DIR/benchmarks.md the tables of the comparison, in plain and by TLS, and what logins and
# overload came to, each between the comments that mark its place. Takes an hour; nothing else
# should run. Docs: bench/README.md, docs/benchmarks.md.
# shellcheck source-path=SCRIPTDIR
source "$(dirname "$0")/lib.sh"

[[ ${1:-} != --help && ${1:-} != -h ]] || {
    sed -n '2,13s/^# \{0,1\}//p' "$0"
    exit 0
}
docs=''
if [[ ${1:-} == --docs ]]; then
    docs=${2:?--docs needs a folder}
    shift 2
    [[ -f $docs/benchmarks.md ]] ||
        fail "--docs $docs: there is no benchmarks.md to put the tables into"
fi

# add_default <flag> <value>: adds it to `given`, unless it was given.
add_default() {
    [[ " ${given[*]} " == *" $1"[\ =]* ]] || given=("$1" "$2" "${given[@]}")
}
given=("$@")
add_default --peers ringdown,floor,redis,nats,mosquitto,rabbitmq
if [[ $docs ]]; then
    add_default --loads 1x1,1x64,16x64,256x64,256x1,open:20000,16x64/8,fanout:100,connections:10000
    add_default --rounds 5
    add_default --seconds 1
    add_default --warmup 0.4
fi

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

bin=build/release/bin
say "in turns: ${given[*]}"
if [[ ! $docs ]]; then
    exec $bin/ringdown-bench compare "${given[@]}"
fi

# put <place> <file>: the file's text takes the place of what stands between the marks of that name.
put() {
    local page=$docs/benchmarks.md
    grep -qxF "<!-- bench.sh: $1 -->" "$page" || fail "$page has no place for: $1"
    awk -v begin="<!-- bench.sh: $1 -->" -v end="<!-- end of $1 -->" -v file="$2" '
        $0 == end { inside = 0 }
        !inside { print }
        $0 == begin { inside = 1; print ""; while ((getline line < file) > 0) print line; print "" }
    ' "$page" >"$work/page"
    cp "$work/page" "$page"
}

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$docs/pictures"
# A broker that fails under a load is told of in the tables, and is no reason to stop.
$bin/ringdown-bench compare "${given[@]}" --markdown "$work/comparison" \
    --svg "$docs/pictures/brokers" || (($? == 1)) || fail "the comparison failed"
put comparison "$work/comparison"

say "the same by TLS"
$bin/ringdown-bench compare --tls --peers ringdown,redis,nats,mosquitto \
    --loads 1x1,16x64,256x1,connections:5000 --rounds 5 --seconds 1 --warmup 0.4 \
    --markdown "$work/tls" || (($? == 1)) || fail "the comparison by TLS failed"
put tls "$work/tls"
say "agents at work beside logins"
{
    echo '```'
    $bin/ringdown-bench logins --spawn $bin/ringdownd --rounds 10 --quiet
    echo '```'
} >"$work/logins"
put logins "$work/logins"

say "latency by percentile, open loop"
$bin/ringdown-bench run --spawn $bin/ringdownd --workload open --seconds 10 --quiet \
    --svg "$work/open"
cp "$work/open.latency.svg" "$docs/pictures/"
say "latency at rising rates"
$bin/ringdown-bench knee --spawn $bin/ringdownd --seconds 2 --quiet --svg "$work/rates"
cp "$work/rates.knee.svg" "$docs/pictures/"
say "overload for 60 s"
$bin/ringdown-bench overload --spawn $bin/ringdownd --seconds 60 --quiet | tee "$work/all"
{
    echo '```'
    sed -n '/^goal /,$p' "$work/all"
    echo '```'
} >"$work/overload"
put overload "$work/overload"
say "written: $docs/benchmarks.md, $docs/pictures/"
