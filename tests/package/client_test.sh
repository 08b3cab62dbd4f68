#!/usr/bin/env bash
# Builds a client's project with the package of libraries on a bare machine (bare_machine.py): it
# has neither CAF nor Boost. Says how long an outside program is linked.
#   client_test.sh <source tree> <folder with packages> <work folder>
# 77 where no such machine can be made.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd) source=$1 packages=$2 work=$3 machine=$3/machine
# shellcheck source=tests/package/lib.sh
. "$here/lib.sh"
found=("$packages"/libringdown-dev_*.deb)
[[ -e ${found[0]} ]] || {
    echo "skipped: no packages were made here"
    exit 77
}
rm -rf "$work"
mkdir -p "$work"
inside() { quietly chroot "$machine" "$@"; }

python3 -B "$here/bare_machine.py" "$machine" "${found[0]}" g++ cmake ninja-build pkgconf
cp "${found[0]}" "$machine/tmp/libringdown-dev.deb"
cp -r "$here/client_only" "$source/examples" "$machine/tmp"
inside dpkg -i /tmp/libringdown-dev.deb
for folder in caf boost; do
    [[ ! -e $machine/usr/include/$folder ]] || fail "$folder is there: this shows nothing"
done
inside cmake -S /tmp/client_only -B /tmp/build -G Ninja -DPROGRAMS=/tmp/examples
inside cmake --build /tmp/build
(chroot "$machine" /tmp/build/desktop 7480: 2>&1 || true) | grep -q 'expected HOST:PORT' ||
    fail "the desktop does not run"

# By pkg-config too, and timed: a link optimises nothing anew.
told_by_pkg_config() { chroot "$machine" pkg-config "$1" ringdown-client; }
read -ra flags <<<"$(told_by_pkg_config --cflags)"
read -ra libraries <<<"$(told_by_pkg_config --libs)"
inside g++ "${flags[@]}" -c /tmp/examples/desktop.cpp -o /tmp/desktop.o
begun=$(date +%s%N)
inside g++ /tmp/desktop.o -o /tmp/desktop "${libraries[@]}"
echo "linked in $((($(date +%s%N) - begun) / 1000000)) ms, without CAF and Boost"
rm -rf "$machine"
