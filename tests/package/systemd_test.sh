#!/usr/bin/env bash
# Installs, upgrades, removes and purges the daemon's package on a bare machine (bare_machine.py)
# that has been booted: with a systemd that starts, watches, reloads and ends the service. What is
# looked at there stands in inside_systemd.sh.
#   systemd_test.sh <folder with packages> <work folder>
# 77 where no such machine can be made or booted.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd) packages=$1 work=$2 machine=$2/machine
# shellcheck source=tests/package/lib.sh
. "$here/lib.sh"
found=("$packages"/ringdown_*.deb)
[[ -e ${found[0]} ]] || {
    echo "skipped: no packages were made here"
    exit 77
}
command -v systemd-nspawn >/dev/null || {
    echo "skipped: needs systemd-container"
    exit 77
}
rm -rf "$work"
mkdir -p "$work"

python3 -B "$here/bare_machine.py" "$machine" "${found[0]}" systemd-sysv apt python3
mkdir "$machine/packages"
cp "${found[0]}" "$machine/packages/newer.deb"
make_older "${found[0]}" "$machine/packages/older.deb"
install -m 755 "$here/inside_systemd.sh" "$machine/packages"

# The machine ends with the script, by its exit status.
cat >"$machine/etc/systemd/system/inside.service" <<'end'
[Unit]
SuccessAction=exit-force
FailureAction=exit-force
[Service]
Type=oneshot
ExecStart=/packages/inside_systemd.sh
StandardOutput=append:/packages/log
StandardError=append:/packages/log
[Install]
WantedBy=multi-user.target
end
begun=$machine/etc/systemd/system/multi-user.target.wants
mkdir -p "$begun"
ln -s ../inside.service "$begun"

status=0
timeout --kill-after=10 240 systemd-nspawn --quiet --register=no --keep-unit --private-network \
    --console=pipe --directory="$machine" --boot </dev/null >"$work/console" 2>&1 || status=$?
[[ -e $machine/packages/log ]] || {
    echo "skipped: no systemd starts here: $(tail -n 3 "$work/console")"
    exit 77
}
((status == 0)) || fail "status $status; the last it said: $(tail -n 40 "$machine/packages/log")"
grep -qx 'installed, started, reloaded, watched, upgraded, removed and purged' \
    "$machine/packages/log" || fail "it ended before its end: $(tail -n 40 "$machine/packages/log")"
tail -n 1 "$machine/packages/log"
rm -rf "$machine"
