#!/usr/bin/env bash
# What cmake/without_lto.cmake leaves of an archive is machine code alone, and it links. An
# installation of what is shipped leaves the same of every archive.
#   without_lto_test.sh <source tree> <work folder> <compiler> <cmake>
# 77 where the compiler makes no such archives.
set -euo pipefail
source=$1 work=$2 compiler=$3 cmake=$4
rm -rf "$work"
mkdir -p "$work"
cd "$work"

fail() {
    echo "FAILED: $*" >&2
    exit 1
}

intermediate() { objdump -h "$1" | grep '\.gnu\.\(debug\)\?lto_' >/dev/null; }

echo 'int answer() { return 42; }' >answer.cpp
echo 'int answer(); int main() { return answer() - 42; }' >main.cpp
"$compiler" -g1 -flto -ffat-lto-objects -c answer.cpp -o answer.o || exit 77
ar rcs libanswer.a answer.o
cp libanswer.a libother.a
cp libanswer.a as_built.a
intermediate libanswer.a || exit 77

"$cmake" -Dobjcopy=objcopy "-Darchives=$work/libanswer.a;$work/libother.a" \
    -P "$source/cmake/without_lto.cmake"
for archive in libanswer.a libother.a; do
    ! intermediate "$archive" || fail "$archive has intermediate code"
    "$compiler" main.cpp "$archive" -o program
    ./program || fail "the program of $archive"
done

# The preset `release`, configured and not built: an archive as the compiler makes them stands for
# each of its own.
(cd "$source" && "$cmake" --preset release -B "$work/build" \
    "-DCMAKE_CXX_COMPILER=$compiler" >"$work/log" 2>&1) ||
    fail "the release cannot be configured: $(tail -n 20 "$work/log")"
made() {
    sed -nE 's|.* STATIC_LIBRARY .*FILES "([^"]*\.a)".*|\1|p' "$work/build/cmake_install.cmake"
}
for archive in $(made); do
    cp as_built.a "$archive"
done
touch "$work/build/packaging/changelog.gz"
"$cmake" --install "$work/build" --prefix "$work/prefix" --component dev >"$work/log" 2>&1 ||
    fail "it cannot be installed: $(tail -n 20 "$work/log")"
installed=$(find "$work/prefix" -name '*.a')
[[ $(wc -l <<<"$installed") == $(made | wc -l) && -n $installed ]] ||
    fail "installed are not the archives that were made: $installed"
for archive in $installed; do
    ! intermediate "$archive" || fail "$archive has intermediate code"
done
