#!/usr/bin/env bash
# Makes the Debian packages of the build tree and looks at them as their users' machines do.
#   deb_test.sh <build tree> <work folder>
# 77 where there is no dpkg. Debian's own checker is asked if it is installed.
set -euo pipefail
build=$1 work=$2
command -v dpkg-deb >/dev/null && command -v dpkg-shlibdeps >/dev/null || exit 77
rm -rf "$work"
mkdir -p "$work"

fail() {
    echo "FAILED: $*" >&2
    exit 1
}

(cd "$build" && cpack -G DEB -B "$work") >"$work/log" 2>&1 || {
    cat "$work/log" >&2
    fail "cpack"
}
for package in "$work"/*.deb; do
    dpkg-deb -x "$package" "$work/root"
done

# All that names a path names the one where the packages put it.
program=$(sed -n 's/^ExecStart=//p' "$work/root/usr/lib/systemd/system/ringdownd.service")
[[ $program == /usr/bin/ringdownd && -x $work/root$program ]] || fail "the unit starts $program"
"$work/root$program" --version >/dev/null
PKG_CONFIG_PATH=$(dirname "$(find "$work/root" -name ringdown-client.pc)") \
    pkg-config --cflags ringdown-client | grep -qF "$work/root/usr/" ||
    fail "pkg-config looks elsewhere"

echo "packaged, unpacked and looked at"
if ! command -v lintian >/dev/null; then
    echo "skipped: lintian is not installed"
    exit 77
fi
lintian --fail-on error,warning --allow-root "$work"/*.deb || fail "lintian"
