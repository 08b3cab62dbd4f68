#!/usr/bin/env bash
# Runs on the machine that systemd_test.sh boots: what an operator does with the package, and what
# systemd then says of the service. /packages has the older and the newer package.
set -euo pipefail
export DEBIAN_FRONTEND=noninteractive
unit=ringdownd.service

fail() {
    journalctl --no-pager --unit $unit --lines 15 || true
    systemctl --no-pager --full --lines 0 status $unit || true
    echo "FAILED: $*"
    exit 1
}

shown() { systemctl show --value --property "$1" $unit; }
# Its lines, as systemd keeps them.
journal() { journalctl --no-pager --output cat --unit $unit "$@"; }
# until_so <command...>: it comes true. The machine's own time limit ends what never does.
until_so() {
    for ((tries = 0; tries < 600; ++tries)); do
        ! "$@" || return 0
        sleep 0.1
    done
    fail "not so in a minute: $*"
}
# is_told_at <priority> <text>: a line with it stands in the journal, with this priority alone.
is_told_at() {
    [[ -n $(journal --grep "$2") ]] &&
        [[ $(journal --priority "$1..$1" --grep "$2") == "$(journal --grep "$2")" ]]
}
is_active() { [[ $(shown ActiveState) == active ]]; }

# ---- installed: it runs, enabled, and has said that it is ready -------------------------------

apt-get install --yes /packages/older.deb
[[ $(shown ActiveState) == active && $(shown Type) == notify ]] || fail "apt is back before it runs"
[[ $(shown StatusText) == "listening on port 7480" ]] || fail "its status: $(shown StatusText)"
[[ $(shown UnitFileState) == enabled ]] || fail "it is $(shown UnitFileState)"
[[ $(shown NRestarts) == 0 ]] || fail "it was started $(shown NRestarts) times more"
[[ $(stat -c %U "/proc/$(shown MainPID)") == ringdown ]] || fail "it runs as another user"
[[ $(stat -c '%U %a' /var/lib/ringdown) == "ringdown 755" ]] || fail "the state is another's"
ringdown info >/dev/null || fail "it does not answer"
faults=$(systemd-analyze verify /usr/lib/systemd/system/$unit 2>&1) || true
[[ -z $faults ]] || fail "systemd finds fault with its unit: $faults"

# ---- the journal: priorities, and no second time stamp ----------------------------------------

is_told_at info ' listening ' || fail "that it listens is no information"
! journal --grep ' listening ' | grep -E '[0-9]{2}:[0-9]{2}:[0-9]{2}' ||
    fail "it tells the time, too"
kill -USR1 "$(shown MainPID)"
until_so is_told_at warning 'passed over'

# ---- the watchdog: it is spoken to, and ends what is stuck ------------------------------------

before=$(shown WatchdogTimestampMonotonic)
spoke_again() { [[ $(shown WatchdogTimestampMonotonic) -gt $before ]]; }
until_so spoke_again

# ---- reloaded ---------------------------------------------------------------------------------

pid=$(shown MainPID)
sed -i 's/^#level = "info"/level = "debug"/' /etc/ringdown/ringdownd.toml
grep -q '^level = "debug"' /etc/ringdown/ringdownd.toml || fail "the example has no log.level"
systemctl reload $unit || fail "it cannot be reloaded"
until_so is_told_at info 'log.level'
cp -p /etc/ringdown/ringdownd.toml /root
echo 'wrong = 1' >>/etc/ringdown/ringdownd.toml
systemctl reload $unit || fail "a reload that is refused counts as none"
until_so is_told_at err 'reload refused'
[[ $(shown StatusText) == "listening on port 7480; "*wrong* ]] ||
    fail "the status does not tell of the fault: $(shown StatusText)"
cp -p /root/ringdownd.toml /etc/ringdown
systemctl reload $unit
is_well() { [[ $(shown StatusText) == "listening on port 7480" ]]; }
until_so is_well
[[ $(shown MainPID) == "$pid" ]] || fail "a reload ended it"

# ---- upgraded: the old one drains, the new one starts -----------------------------------------

ringdown monitor --dn 7001 --json >/root/heard 2>&1 &
monitor=$!
until_so test -s /root/heard
apt-get install --yes /packages/newer.deb
is_active || fail "it does not run after the upgrade"
[[ $(shown MainPID) != "$pid" ]] || fail "the old one runs on"
for line in ' draining ' ' stopped'; do
    [[ -n $(journal _PID="$pid" --grep "$line") ]] || fail "the old one did not drain: $line"
done
until_so grep -q '"reason":"draining"' /root/heard
kill $monitor || true # it may have ended
grep -q '^level = "debug"' /etc/ringdown/ringdownd.toml || fail "what was configured is forgotten"
systemctl stop $unit
[[ $(shown Result) == success && $(shown ExecMainStatus) == 0 ]] ||
    fail "its end: $(shown Result), $(shown ExecMainStatus)"

# ---- what hinders it passes: it comes back by itself ------------------------------------------

python3 -c 'import socket, time; s = socket.create_server(("127.0.0.1", 7480)); time.sleep(1000)' &
holder=$!
holds() { (exec 3<>/dev/tcp/127.0.0.1/7480) 2>/dev/null; }
until_so holds
! systemctl start $unit || fail "it started although its port is another's"
is_retrying() { [[ $(shown NRestarts) -ge 6 || $(shown ActiveState) == failed ]]; }
until_so is_retrying
kill $holder
until_so is_active

# One that is stuck is ended, and another starts.
mkdir /etc/systemd/system/$unit.d
printf '[Service]\nWatchdogSec=5\nTimeoutAbortSec=1\n' >/etc/systemd/system/$unit.d/soon.conf
systemctl daemon-reload
systemctl restart $unit
pid=$(shown MainPID)
kill -STOP "$pid"
is_another() { is_active && [[ $(shown MainPID) != "$pid" ]]; }
until_so is_another
journal --grep 'Watchdog timeout' | grep -q . || fail "it was not the watchdog that ended it"

# ---- removed, and purged ----------------------------------------------------------------------

apt-get remove --yes ringdown
! pgrep_ringdownd=$(grep -lsx ringdownd /proc/[0-9]*/comm) || fail "it runs on: $pgrep_ringdownd"
[[ $(shown LoadState) == not-found ]] || fail "systemd knows it: $(shown LoadState)"
[[ -e /etc/ringdown/ringdownd.toml && -d /var/lib/ringdown ]] || fail "the removal took too much"
apt-get purge --yes ringdown
for path in /etc/ringdown /var/lib/ringdown /var/log/ringdown; do
    [[ ! -e $path ]] || fail "the purge left $path"
done
! getent passwd ringdown || fail "the purge left the user"
echo 'installed, started, reloaded, watched, upgraded, removed and purged'
