#!/usr/bin/env bash
# The preset that makes packages needs nothing that only tests need, and builds none.
#   without_tests_test.sh <source tree> <work folder>
set -euo pipefail
source=$1 work=$2
rm -rf "$work"
mkdir -p "$work"

fail() {
    echo "FAILED: $*" >&2
    exit 1
}

hidden=()
for package in Catch2 rapidcheck benchmark; do
    hidden+=("-DCMAKE_DISABLE_FIND_PACKAGE_$package=ON")
done
cmake -S "$source" --preset package -B "$work" "${hidden[@]}" >"$work/log" 2>&1 || {
    cat "$work/log" >&2
    fail "it is not configured"
}
[[ ! -d $work/tests ]] || fail "tests are configured"
! ninja -C "$work" -t targets all | grep -E '_test(\.|:)' || fail "tests are built"
ninja -C "$work" -t targets all | grep '^bin/ringdownd: ' >/dev/null ||
    fail "the daemon is not built"
grep -qF 'CPACK_GENERATOR "DEB"' "$work/CPackConfig.cmake" || fail "no packages are made"
echo "without tests"
