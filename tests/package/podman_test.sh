#!/usr/bin/env bash
# Builds packaging/Containerfile by a container engine and runs the daemon and the demonstration in
# it. There is no network: the image it begins with is a bare machine (bare_machine.py), and the
# stage that compiles is replaced by the packages that this build has made.
#   podman_test.sh <source tree> <folder with packages> <work folder>
# 77 where there is no podman, or no container can be started.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd) source=$1 packages=$2 work=$3
# shellcheck source=tests/package/lib.sh
. "$here/lib.sh"

skip() {
    echo "skipped: $*"
    exit 77
}

[[ -d $packages ]] || skip "no packages were made here"
command -v podman >/dev/null || skip "needs podman"
((EUID == 0)) || skip "only root can make a machine to begin with"
if [[ -z ${INSIDE_NAMESPACE:-} ]]; then
    # The engine wants one hierarchy of cgroups, which not every machine has: it gets its own.
    mount='umount -R /sys/fs/cgroup; mount -t cgroup2 cgroup2 /sys/fs/cgroup'
    unshare --mount --cgroup bash -c "$mount" 2>/dev/null || skip "nothing may be mounted here"
    INSIDE_NAMESPACE=yes exec unshare --mount --cgroup bash -c "$mount"' && exec "$@"' - "$0" "$@"
fi
rm -rf "$work"
mkdir -p "$work/context/build/package/packages"

# All that it keeps is in the work folder, but what it keeps while it runs: its sockets are there,
# so it refuses a path of more than 50 characters.
runs=$(mktemp -d /tmp/ringdown-podman.XXXXXX)
engine=(podman --root "$work/store" --runroot "$runs" --storage-driver vfs --events-backend none
    --cgroup-manager cgroupfs)
# The engine's own limits are more than a machine may allow; these are enough. (That of files is the
# unit's.) A container has no group of processes of its own here.
limits=(--ulimit nofile=16384:16384)
running=(--network none --cgroups disabled "${limits[@]}" --ulimit nproc=4096:4096)
trap '"${engine[@]}" rm --force --all >/dev/null 2>&1 || true; rm -rf "$runs"' EXIT

# ---- built -----------------------------------------------------------------------------------

wanted=()
for name in ringdown ringdown-bench ringdown-examples; do
    wanted+=("$packages/${name}"_*.deb)
done
python3 -B "$here/bare_machine.py" "$work/machine" "${wanted[@]}" apt
tar -C "$work/machine" -cf "$work/machine.tar" .
rm -rf "$work/machine"
quietly "${engine[@]}" import "$work/machine.tar" debian:12-slim
rm "$work/machine.tar"
"${engine[@]}" run --rm "${running[@]}" debian:12-slim true >"$work/log" 2>&1 ||
    skip "no container can be started here: $(tail -n 1 "$work/log")"
cp "${wanted[@]}" "$work/context/build/package/packages"
{
    printf 'FROM scratch AS build\nCOPY build /src/build\n'
    sed -n '/^FROM debian:12-slim$/,$p' "$source/packaging/Containerfile"
} >"$work/Containerfile"
quietly "${engine[@]}" build --isolation chroot --network host --layers=false --pull=never \
    "${limits[@]}" --tag ringdown --file "$work/Containerfile" "$work/context"

# ---- the daemon: not as root, ready, and drained by `podman stop` ------------------------------

quietly "${engine[@]}" run --detach --name broker "${running[@]}" \
    --volume state:/var/lib/ringdown ringdown
tries=0
until "${engine[@]}" exec broker ringdown info >"$work/log" 2>&1; do
    ((++tries < 100)) || fail "it does not answer: $(cat "$work/log")"
    sleep 0.2
done
[[ $("${engine[@]}" exec broker id -un) == ringdown ]] || fail "the daemon runs as another user"
quietly "${engine[@]}" stop --time 60 broker
[[ $("${engine[@]}" inspect --format '{{.State.ExitCode}}' broker) == 0 ]] ||
    fail "its end: $("${engine[@]}" logs broker 2>&1 | tail -n 5)"
"${engine[@]}" logs broker >"$work/log" 2>&1
grep -q ' drained ' "$work/log" || fail "it was not drained: $(tail -n 5 "$work/log")"
[[ -n $(ls "$work/store/volumes/state/_data") ]] || fail "nothing is kept of the state"

# ---- the demonstration -------------------------------------------------------------------------

quietly "${engine[@]}" run --rm "${running[@]}" ringdown \
    /usr/share/ringdown/scripts/demo.sh --installed
grep -q 'every one delivered once' "$work/log" || fail "the demonstration: $(tail "$work/log")"
echo "built, started, and demonstrated"
"${engine[@]}" rm --force --all >/dev/null
trap - EXIT
rm -rf "$work/store" "$runs" "$work/context"
