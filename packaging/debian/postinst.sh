#!/bin/sh
# After unpacking: the daemon's user, the rights of what it reads, and the service itself.
set -e
unit=ringdownd.service

if [ "$1" = configure ]; then
    adduser --quiet --system --group --no-create-home --home /nonexistent \
        --gecos "Ringdown event broker" ringdown

    # Its group reads the configuration, nobody else does. Later rights are the operator's.
    if [ -z "$2" ]; then
        for file in ringdownd.toml access.toml; do
            [ ! -e /etc/ringdown/$file ] || chown root:ringdown /etc/ringdown/$file
        done
    fi
fi

case $1 in
configure | abort-upgrade | abort-deconfigure | abort-remove)
    # Enabled the first time; afterwards as the operator has left it.
    deb-systemd-helper unmask $unit >/dev/null || true
    if deb-systemd-helper --quiet was-enabled $unit; then
        deb-systemd-helper enable $unit >/dev/null || true
    else
        deb-systemd-helper update-state $unit >/dev/null || true
    fi
    # A restart drains what runs: systemd's stop is SIGTERM.
    if [ -d /run/systemd/system ]; then
        systemctl --system daemon-reload >/dev/null || true
        action=start
        [ -z "$2" ] || action=restart
        deb-systemd-invoke $action $unit >/dev/null || true
    fi
    ;;
esac
