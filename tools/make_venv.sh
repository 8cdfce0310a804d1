#!/bin/sh
# Makes the virtual environment $1 with the first Python >= 3.11 that can, or says in one line what to install.
# PYTHON=/path/to/python names one.
set -eu
venv=$1
no_venv=
newer='import sys; sys.exit(sys.version_info < (3, 11))'

for python in ${PYTHON:-python3.11 python3.12 python3.13 python3.14 python3 python}; do
    "$python" -c "$newer" >/dev/null 2>&1 </dev/null || continue
    if "$python" -c 'import ensurepip, venv' >/dev/null 2>&1; then
        echo "making $venv with $("$python" --version 2>&1) ($python)" >&2
        rm -rf "$venv"
        exec "$python" -m venv "$venv"
    fi
    no_venv=${no_venv:-$("$python" -c 'import sys; print("python%d.%d-venv" % sys.version_info[:2])')}
done

if command -v uv >/dev/null 2>&1; then
    echo "making $venv with uv" >&2
    rm -rf "$venv"
    # uv takes a Python that is there, else brings one; 3.11 is the tested one
    for wanted in 3.11 '>=3.11,<3.15'; do
        uv venv --quiet --seed --python "$wanted" "$venv" >/dev/null 2>&1 </dev/null && exit 0
    done
fi
if [ -n "$no_venv" ]; then
    echo "install $no_venv (the Python here cannot make virtual environments), then run make again" >&2
else
    echo "install python3.11 and python3.11-venv (clinweave needs Python 3.11 or newer), then run make again" >&2
fi
exit 1
