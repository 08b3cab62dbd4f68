#!/bin/sh
# Before files go: a daemon that is removed drains and ends. One that is upgraded runs on until its
# new version is in place.
set -e

if [ "$1" = remove ] && [ -d /run/systemd/system ]; then
    deb-systemd-invoke stop ringdownd.service >/dev/null || true
fi
