# What the tests of packages share; sourced by them. They set `work`, a folder of their own.
# shellcheck shell=bash
work=${work:?}

fail() {
    echo "FAILED: $*" >&2
    exit 1
}

# Says what a command said only if it fails.
quietly() {
    "$@" >"$work/log" 2>&1 || {
        cat "$work/log" >&2
        fail "$*"
    }
}

# make_older <package> <other package>: the daemon's package once more, as if of an earlier version,
# and with another example of an access file.
make_older() {
    quietly dpkg-deb -R "$1" "$work/older"
    sed -i 's/^Version: .*/Version: 0.0.1/' "$work/older/DEBIAN/control"
    echo '# of 0.0.1' >>"$work/older/etc/ringdown/access.toml"
    quietly dpkg-deb -Znone -b "$work/older" "$2"
}
