#!/usr/bin/env bash
# Installs the build tree into a folder, builds the outside project against it, and runs both.
#   outside_test.sh <source tree> <build tree> <work folder> <compiler>
set -euo pipefail
source=$1 build=$2 work=$3 compiler=$4
prefix=$work/prefix
rm -rf "$work"
mkdir -p "$work"

fail() {
    echo "FAILED: $*" >&2
    exit 1
}

quietly() {
    "$@" >"$work/log" 2>&1 || { cat "$work/log" >&2; fail "$*"; }
}

quietly cmake --install "$build" --prefix "$prefix"

# Only what is meant for others is there, and none of it shows a library behind it.
found=$(cd "$prefix/include" && find . -name '*.hpp' | sed 's|^./ringdown/||' | sort)
wanted=$(sed -n 's/^  \([a-z_/]*\.hpp\).*/\1/p' "$source/cmake/public_headers.cmake" | sort)
[[ $found == "$wanted" ]] || fail "installed headers differ: $(diff <(echo "$wanted") <(echo "$found"))"
! grep -rlE '#include <(caf|google|spdlog|boost)/' "$prefix/include" --exclude=caf_bridge.hpp ||
    fail "a header shows too much"

# The programs run from where they were installed.
"$prefix/bin/ringdownd" --check-config \
    --config="$(find "$prefix/share" -name ringdownd.example.toml)" >/dev/null
"$prefix/bin/ringdown" error 118 >/dev/null
unit=$prefix/lib/systemd/system/ringdownd.service
grep -qx "ExecStart=$prefix/bin/ringdownd" "$unit" || fail "the unit does not start this daemon"
[[ -e $(sed -n 's|^Documentation=file://||p' "$unit") ]] || fail "the unit's documentation is not there"

# The manual names every verb and flag, and so does the completion.
helps() {
    "$1" --help
    "$1" --help | sed -n '/^Subcommands:$/,/^$/s/^  \([a-z]*\) .*/\1/p' | while read -r verb; do
        "$1" "$verb" --help
    done
}
for page in ringdown.1 ringdownd.8 ringdown-bench.1; do
    manual=$(find "$prefix/share/man" -name "$page.gz")
    program=$prefix/bin/${page%.*}
    zcat "$manual" | sed 's/\\//g' >"$work/manual"
    while read -r flag; do
        grep -qF -e "$flag" "$work/manual" || fail "$page does not tell of $flag"
    done < <(helps "$program" | grep -oE -e '--[a-z][a-z._-]+')
done
complete_as() {
    bash -c 'source "$1"; COMP_WORDS=("${@:2}"); COMP_CWORD=$(($# - 2)); "_$(basename "$2")" "$2"
        echo "${COMPREPLY[@]}"' - "$prefix/share/bash-completion/completions/$(basename "$1")" "$@"
}
[[ $(complete_as "$prefix/bin/ringdown" desk) == desktop ]] || fail "no completion of a verb"
[[ $(complete_as "$prefix/bin/ringdown" desktop --scr) == --script ]] || fail "no completion of a flag"
[[ $(complete_as "$prefix/bin/ringdown" recorder --mis) == --misbehave ]] || fail "no completion of a verb's flag"
grep -q "^complete .* ringdown-bench$" "$prefix/share/bash-completion/completions/ringdown-bench" ||
    fail "no completion of ringdown-bench"
[[ $(complete_as "$prefix/bin/ringdownd" --listen.po) == --listen.port= ]] || fail "no completion of a key"

# The Python client, if it was built.
python=$prefix/lib/python3/dist-packages
if [[ -e $build/python/ringdown ]]; then
    (cd / && PYTHONPATH=$python /usr/bin/python3 -c 'import ringdown, ringdown.v1.ringdown_pb2') ||
        fail "the Python client cannot be imported"
fi

# find_package, and the programs of the documentation.
quietly cmake -S "$source/tests/package/outside" -B "$work/build" -G Ninja \
    -DCMAKE_CXX_COMPILER="$compiler" -DCMAKE_PREFIX_PATH="$prefix" -DPROGRAMS="$source/examples"
quietly cmake --build "$work/build"
"$work/build/bridged"
"$work/build/embedded_broker" | tee "$work/out"
grep -q 'light: paused' "$work/out" || fail "the embedded broker's desktop saw no pause"

# The desktop and the recorder, beside the installed daemon.
started=()
stop_all() { ((${#started[@]} == 0)) || kill "${started[@]}" 2>/dev/null || true; }
trap stop_all EXIT
"$prefix/bin/ringdownd" --listen.port=0 >"$work/daemon" 2>&1 &
started+=($!)
port_of() { sed -n 's/.* listening .*port=\([0-9]*\).*/\1/p' "$work/daemon"; }
for _ in $(seq 300); do
    [[ -z $(port_of) ]] || break
    sleep 0.1
done
"$work/build/recorder" "127.0.0.1:$(port_of)" >"$work/recorder" 2>&1 &
started+=($!)
for _ in $(seq 300); do # a command without a recorder is refused: try until it has come
    printf 'start\nquit\n' | "$work/build/desktop" "127.0.0.1:$(port_of)" >"$work/desktop" 2>&1
    ! grep -q '^start: acknowledged' "$work/desktop" || break
    sleep 0.1
done
printf 'pause\nquit\n' | "$work/build/desktop" "127.0.0.1:$(port_of)" >"$work/desktop" 2>&1
grep -q '^pause: acknowledged' "$work/desktop" || fail "the desktop's pause: $(cat "$work/desktop")"
for _ in $(seq 300); do
    ! grep -q '^7001 paused' "$work/recorder" || break
    sleep 0.1
done
grep -q '^7001 paused' "$work/recorder" || fail "the recorder heard no pause: $(cat "$work/recorder")"

# pkg-config names everything that a link needs, in its order.
libdir=$(dirname "$(find "$prefix" -name ringdown-client.pc)")
export PKG_CONFIG_PATH=$libdir
read -ra flags <<<"$(pkg-config --cflags ringdown-broker ringdown-client)"
read -ra libs <<<"$(pkg-config --libs ringdown-client ringdown-broker)"
quietly "$compiler" "${flags[@]}" "$source/examples/embedded_broker.cpp" -o "$work/by_hand" "${libs[@]}"
"$work/by_hand" >/dev/null || fail "the program linked by pkg-config"
echo "installed, found, built and run"
