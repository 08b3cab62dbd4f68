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
[[ $found == "$wanted" ]] ||
    fail "installed headers differ: $(diff <(echo "$wanted") <(echo "$found"))"
! grep -rlE '#include <(caf|google|fmt|boost)/' "$prefix/include" --exclude=caf_bridge.hpp ||
    fail "a header shows too much"

# Who links them optimises nothing anew.
for archive in "$prefix"/lib*/ringdown/*.a "$prefix"/lib/*/ringdown/*.a; do
    [[ ! -e $archive ]] || ! objdump -h "$archive" | grep '\.gnu\.lto_' >/dev/null ||
        fail "$archive has intermediate code"
done

# The programs run from where they were installed.
"$prefix/bin/ringdownd" --check-config \
    --config="$(find "$prefix/share" -name ringdownd.example.toml)" >/dev/null
"$prefix/bin/ringdown" error 118 >/dev/null
unit=$prefix/lib/systemd/system/ringdownd.service
grep -qx "ExecStart=$prefix/bin/ringdownd" "$unit" || fail "the unit does not start this daemon"
[[ -e $(sed -n 's|^Documentation=file://||p' "$unit") ]] ||
    fail "the unit's documentation is not there"

# The manual names every verb and flag.
helps() {
    "$1" --help
    "$1" --help | sed -n '/^Subcommands:$/,/^$/s/^  \([a-z-]*\) .*/\1/p' | while read -r verb; do
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
    told=("EXIT STATUS" ENVIRONMENT)
    [[ $page != ringdown.1 ]] ||
        told+=("STEPS OF A SCRIPT" RINGDOWN_CONNECT "ringdown check-recorder")
    for section in "${told[@]}"; do
        grep -qF "$section" "$work/manual" || fail "$page does not tell of $section"
    done
done

# Each shell finds its completions; what they offer, completion_test.py looks at.
for program in ringdown ringdown-bench ringdownd; do
    for file in "bash-completion/completions/$program" "zsh/vendor-completions/_$program" \
        "fish/vendor_completions.d/$program.fish"; do
        grep -q "Made by packaging/completion.sh" "$prefix/share/$file" ||
            fail "no completion: $file"
    done
done

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

# A client's project, on a machine without what only a broker stands on.
hidden=()
# (CMake's own way to OpenSSL asks for PkgConfig, which comes with CMake.)
for package in CAF Boost tomlplusplus nlohmann_json CLI11; do
    hidden+=("-DCMAKE_DISABLE_FIND_PACKAGE_$package=ON")
done
configure_client() {
    cmake -S "$source/tests/package/client_only" -B "$work/client_$1" -G Ninja \
        -DCMAKE_CXX_COMPILER="$compiler" -DCMAKE_PREFIX_PATH="$prefix" \
        -DPROGRAMS="$source/examples" -DCOMPONENT="$1" "${hidden[@]}"
}
quietly configure_client client
client=$work/client_client
quietly cmake --build "$client"
! configure_client broker >"$work/log" 2>&1 || fail "a broker is found without CAF"
grep -q CAF "$work/log" || fail "nobody says that CAF is missing: $(cat "$work/log")"
! configure_client clients >"$work/log" 2>&1 || fail "a component of another name is found"
grep -q 'clients, accepted are client, broker, caf_bridge' "$work/log" ||
    fail "nobody says which components there are: $(cat "$work/log")"

# What docs/client.md says of CMake and of pkg-config, as it says it.
piece() { sed -n "/^\`\`\`$1\$/,/^\`\`\`\$/{/^\`\`\`/d;p;}" "$source/docs/client.md"; }
page=$work/page
mkdir "$page"
cp "$source/examples/desktop.cpp" "$page"
{
    echo 'cmake_minimum_required(VERSION 3.25)'
    echo 'project(page LANGUAGES CXX)'
    echo 'add_executable(my_desktop desktop.cpp)'
    piece cmake
} >"$page/CMakeLists.txt"
quietly cmake -S "$page" -B "$page/build" -G Ninja -DCMAKE_CXX_COMPILER="$compiler" \
    -DCMAKE_PREFIX_PATH="$prefix" "${hidden[@]}"
quietly cmake --build "$page/build"
by_hand=$(piece sh | grep pkg-config)
libdir=$(dirname "$(find "$prefix" -name ringdown-client.pc)")
export PKG_CONFIG_PATH=$libdir
quietly bash -euc "cd '$page'; ${by_hand/#c++/"'$compiler'"}"
for program in "$page/build/my_desktop" "$page/a.out"; do
    ("$program" 7480: 2>&1 || true) | grep -q 'expected HOST:PORT' || fail "$program does not run"
done

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
"$client/recorder" "127.0.0.1:$(port_of)" >"$work/recorder" 2>&1 &
started+=($!)
for _ in $(seq 300); do # a command without a recorder is refused: try until it has come
    printf 'start\nquit\n' | "$client/desktop" "127.0.0.1:$(port_of)" >"$work/desktop" 2>&1
    ! grep -q '^start: acknowledged' "$work/desktop" || break
    sleep 0.1
done
printf 'pause\nquit\n' | "$client/desktop" "127.0.0.1:$(port_of)" >"$work/desktop" 2>&1
grep -q '^pause: acknowledged' "$work/desktop" || fail "the desktop's pause: $(cat "$work/desktop")"
for _ in $(seq 300); do
    ! grep -q '^7001 paused' "$work/recorder" || break
    sleep 0.1
done
grep -q '^7001 paused' "$work/recorder" ||
    fail "the recorder heard no pause: $(cat "$work/recorder")"

# pkg-config names everything that a link needs, in its order.
read -ra flags <<<"$(pkg-config --cflags ringdown-broker ringdown-client)"
read -ra libs <<<"$(pkg-config --libs ringdown-client ringdown-broker)"
quietly "$compiler" "${flags[@]}" "$source/examples/embedded_broker.cpp" -o "$work/by_hand" \
    "${libs[@]}"
"$work/by_hand" >/dev/null || fail "the program linked by pkg-config"
echo "installed, found, built and run"
