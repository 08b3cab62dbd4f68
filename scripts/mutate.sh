#!/usr/bin/env bash
# Plants the faults of tests/mutants/mutants.py in a copy of the sources, one at a time, and says
# which test finds each. By hand, after a change of the broker or of its tests; the last line of a
# whole run goes into tests/README.md, which has the list.
#
# usage: scripts/mutate.sh [--check] [--only NAME]... [--jobs N]
#
#   --check      only whether each fault can be planted; nothing is built
#   --only NAME  this fault
#   --jobs N     so many compilers at a time
#
# The copy is build/mutants; sources are never changed. Exit status 0 if every fault is found.
# shellcheck source-path=SCRIPTDIR
source "$(dirname "$0")/lib.sh"

case ${1:-} in
--help | -h)
    sed -n '2,12s/^# \{0,1\}//p' "$0"
    exit 0
    ;;
--check) ;;
*)
    say "packages"
    need_packages build check
    ;;
esac
# The same properties each time: a fault must be found again.
export RC_PARAMS=${RC_PARAMS:-seed=20261122}
exec python3 -B tests/mutants/mutate.py "$@" "$root"
