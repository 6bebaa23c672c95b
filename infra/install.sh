#!/bin/sh
# Makes a virtual environment and installs gvio: install.sh [VENV [pinned | lowest]]. Pinned are the versions of
# constraints.txt; lowest are the lowest that pyproject.toml allows, which `make check-lowest` tries. uv does it in half
# a minute where old pip takes seven; it is told of the find-links that pip is configured with, so that both see the same
# CPU build of torch.
set -eu
venv="${1:-.venv}"
versions="${2:-pinned}"
case "$versions" in
pinned | lowest) ;;
*)
    echo "install.sh: versions '$versions' are unknown; say pinned or lowest" >&2
    exit 2
    ;;
esac
python="${PYTHON:-python3.11}"
command -v "$python" >/dev/null 2>&1 || python=python3
"$python" -m venv "$venv"
"$venv/bin/python" -m pip install --quiet --disable-pip-version-check "uv>=0.9"
UV_FIND_LINKS="$("$venv/bin/python" -m pip config get global.find-links 2>/dev/null || true)"
export UV_FIND_LINKS
export VIRTUAL_ENV="$venv"
if [ "$versions" = lowest ]; then
    # Beforehand, at its best build: the lowest one of the same version is the build with CUDA.
    "$venv/bin/uv" pip install --quiet "$(sed -n 's/^ *"\(torch==[^"]*\)".*/\1/p' pyproject.toml)"
    set -- --resolution lowest-direct
else
    set -- --constraint constraints.txt
fi
# Compiled here, on all cores, the libraries need not be compiled by the first run, one module after the other.
"$venv/bin/uv" pip install --quiet --compile-bytecode "$@" --editable ".[run,dev,demo,stack,judges,cluster]"
