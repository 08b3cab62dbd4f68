#!/bin/sh
# After files went: a removal leaves configuration, state and logs; a purge leaves nothing.
set -e
unit=ringdownd.service

if [ "$1" = remove ] && [ -d /run/systemd/system ]; then
    systemctl --system daemon-reload >/dev/null || true
fi

if [ "$1" = purge ]; then
    if command -v deb-systemd-helper >/dev/null; then
        deb-systemd-helper purge $unit >/dev/null || true
        deb-systemd-helper unmask $unit >/dev/null || true
    fi
    rm -rf /var/lib/ringdown /var/log/ringdown
    # dpkg has removed the configuration. Keys that an operator put beside it stay, and with them
    # the name that may read them: another must not get its number.
    rmdir /etc/ringdown 2>/dev/null || true
    if [ ! -e /etc/ringdown ] && command -v deluser >/dev/null; then
        deluser --quiet --system ringdown >/dev/null || true # its group goes with it
    fi
fi
