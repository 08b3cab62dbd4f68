#!/bin/sh
# Runs a compiler so that it looks at a source and makes an empty object (RINGDOWN_SYNTAX_ONLY).
#   syntax_only.sh <compiler> <arguments...>
set -eu
object=
previous=
for argument; do
    # Precompiled headers are what the other sources are read with.
    [ "$argument" != -emit-pch ] || exec "$@"
    [ "$previous" != -o ] || object=$argument
    previous=$argument
done
"$@" -fsyntax-only -Wno-unused-command-line-argument
[ -z "$object" ] || : >"$object"
