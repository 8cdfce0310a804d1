#!/bin/sh
# Installs $2 (this folder, with extras) into the environment of the Python $1, at the tested versions.
set -eu
echo "installing clinweave ${2#.} at the versions of constraints.txt (up to a minute or two)" >&2
exec "$1" -m pip install --quiet --quiet --no-input --constraint constraints.txt --editable "$2" </dev/null
