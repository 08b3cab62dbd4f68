#!/usr/bin/env bash
# Installs the Debian packages on a bare machine, upgrades, removes and purges them, as dpkg does it
# for an operator; the machine is a folder (bare_machine.py). There is no systemd in it: what the
# scripts ask of it is looked at, not done.
#   install_test.sh <folder with packages> <work folder>
# 77 where no such machine can be made.
set -euo pipefail
here=$(dirname "$0") packages=$1 work=$2 machine=$2/machine
[[ -d $packages ]] || {
    echo "skipped: no packages were made here"
    exit 77
}
rm -rf "$work"
mkdir -p "$work/packages"

# shellcheck source=tests/package/lib.sh
. "$here/lib.sh"
inside() { chroot "$machine" "$@"; }
dpkg_inside() { quietly chroot "$machine" env DEBIAN_FRONTEND=noninteractive dpkg "$@"; }
rights() { inside stat -c '%U:%G %a' "$1"; }

# Not those that have libraries behind them, too: what the daemon's package does not say it needs is
# to be missing.
wanted=()
for name in ringdown ringdown-doc ringdown-examples; do
    found=("$packages/${name}"_*.deb)
    [[ -e ${found[0]} ]] || fail "no package $name in $packages"
    wanted+=("${found[0]}")
done
python3 -B "$here/bare_machine.py" "$machine" "${wanted[@]}"
cp "${wanted[@]}" "$machine/tmp"

make_older "${wanted[0]}" "$machine/tmp/older.deb"

# systemd's own helper notes what the scripts ask of it.
mkdir -p "$machine/run/systemd/system" "$machine/usr/local/bin"
for asked in systemctl deb-systemd-invoke; do
    printf '#!/bin/sh\necho "%s $*" >>/tmp/asked\n' "$asked" >"$machine/usr/local/bin/$asked"
    chmod 755 "$machine/usr/local/bin/$asked"
done
# asked_of_systemd <command...>: it was asked just that since the last time.
asked_of_systemd() {
    grep -qxF "$*" "$machine/tmp/asked" || fail "not asked: $*, but: $(cat "$machine/tmp/asked")"
    rm "$machine/tmp/asked"
}

# ---- installed -------------------------------------------------------------------------------

dpkg_inside -i /tmp/older.deb
asked_of_systemd deb-systemd-invoke start ringdownd.service
inside getent passwd ringdown | grep -q ':/nonexistent:/usr/sbin/nologin$' ||
    fail "the user: $(inside getent passwd ringdown)"
for file in ringdownd.toml access.toml; do
    [[ $(rights "/etc/ringdown/$file") == "root:ringdown 640" ]] ||
        fail "$file is of $(rights "/etc/ringdown/$file")"
done
enabled=$machine/etc/systemd/system/multi-user.target.wants/ringdownd.service
[[ -L $enabled ]] || fail "the service is not enabled"
unit=$machine/usr/lib/systemd/system/ringdownd.service
grep -qx User=ringdown "$unit" || fail "the unit runs as another user"
as_daemon() { chroot --userspec=ringdown:ringdown "$machine" "$@"; }
as_daemon ringdownd --check-config >/dev/null || fail "the configuration as it is installed"
as_daemon ringdownd --check-config --auth.file=/etc/ringdown/access.toml >/dev/null ||
    fail "the example of an access file"
! chroot --userspec=nobody:nogroup "$machine" cat /etc/ringdown/access.toml 2>/dev/null ||
    fail "everybody reads the access file"

# ---- upgraded: what the operator changed stays, what it did not is new ------------------------

sed -i 's/^#port = 7480/port = 7499/' "$machine/etc/ringdown/ringdownd.toml"
inside chgrp root /etc/ringdown/access.toml
rm "$enabled"
dpkg_inside -i "${wanted[@]/#*\//\/tmp\/}"
asked_of_systemd deb-systemd-invoke restart ringdownd.service
grep -qx 'port = 7499' "$machine/etc/ringdown/ringdownd.toml" || fail "the port is forgotten"
! grep -q '# of 0.0.1' "$machine/etc/ringdown/access.toml" || fail "the old example is left"
[[ $(rights /etc/ringdown/access.toml) == "root:root 640" ]] ||
    fail "the operator's rights are lost"
[[ $(rights /etc/ringdown/ringdownd.toml) == "root:ringdown 640" ]] || fail "the daemon's are lost"
[[ ! -L $enabled ]] || fail "an operator's disabled service is enabled again"
for file in ringdown/grafana-dashboard.json ringdown/prometheus-rules.yml \
    doc/ringdown-doc/docs/protocol.md doc/ringdown-examples/examples/desktop.cpp; do
    [[ -s $machine/usr/share/$file ]] || fail "no $file"
done
as_daemon ringdownd --check-config >/dev/null || fail "the configuration after the upgrade"
inside dpkg --audit | grep . && fail "dpkg finds fault with it"

# ---- both have changed a conffile: dpkg asks, and who does not answer is told -------------------

# Once more an older one comes, with an example that differs from what the operator has.
echo '# mine' >>"$machine/etc/ringdown/access.toml"
! inside dpkg -i /tmp/older.deb </dev/null >"$work/log" 2>&1 || fail "dpkg asks nobody"
grep -q "Configuration file '/etc/ringdown/access.toml'" "$work/log" ||
    fail "dpkg asked something else: $(cat "$work/log")"
dpkg_inside --configure --force-confold ringdown
asked_of_systemd deb-systemd-invoke restart ringdownd.service
grep -q '^# mine' "$machine/etc/ringdown/access.toml" || fail "what the operator wrote is gone"
grep -q '^# of 0.0.1' "$machine/etc/ringdown/access.toml.dpkg-dist" ||
    fail "the new example is nowhere"
[[ $(rights /etc/ringdown/access.toml) == "root:root 640" ]] || fail "their rights are lost"
dpkg_inside --force-confold -i "/tmp/${wanted[0]##*/}"

# ---- removed, and purged ---------------------------------------------------------------------

mkdir -p "$machine/var/lib/ringdown" "$machine/var/log/ringdown"
touch "$machine/var/lib/ringdown/epoch" "$machine/etc/ringdown/key.pem"
dpkg_inside -r ringdown-examples ringdown-doc ringdown
asked_of_systemd deb-systemd-invoke stop ringdownd.service
[[ ! -e $machine/usr/bin/ringdownd && ! -e $unit ]] || fail "files are left by the removal"
for file in /etc/ringdown/ringdownd.toml /etc/ringdown/access.toml /var/lib/ringdown/epoch; do
    [[ -e $machine$file ]] || fail "the removal took $file"
done
dpkg_inside -P ringdown
[[ $(ls -A "$machine/etc/ringdown") == key.pem ]] ||
    fail "the purge left $(ls -A "$machine/etc/ringdown")"
for folder in /var/lib/ringdown /var/log/ringdown; do
    [[ ! -e $machine$folder ]] || fail "the purge left $folder"
done
inside getent passwd ringdown >/dev/null || fail "a key is left, and its group is another's to get"

# Once more, with nothing of the operator's: nothing is left.
rm -r "$machine/etc/ringdown"
dpkg_inside -i "/tmp/${wanted[0]##*/}"
dpkg_inside -P ringdown
! inside getent passwd ringdown >/dev/null || fail "the purge left the user"
! inside getent group ringdown >/dev/null || fail "the purge left the group"
left=$(cd "$machine" && find etc usr var -name '*ringdown*')
[[ -z $left ]] || fail "the purge left $left"
echo "installed, upgraded, removed and purged"
rm -rf "$machine"
