#!/bin/sh
# Makes a virtual environment and installs gvio at the pinned versions. uv does it in half a minute where old pip takes
# seven; it is told of the find-links that pip is configured with, so that both see the same CPU build of torch.
set -eu
venv="${1:-.venv}"
python="${PYTHON:-python3.11}"
command -v "$python" >/dev/null 2>&1 || python=python3
"$python" -m venv "$venv"
"$venv/bin/python" -m pip install --quiet --disable-pip-version-check "uv>=0.9"
UV_FIND_LINKS="$("$venv/bin/python" -m pip config get global.find-links 2>/dev/null || true)"
export UV_FIND_LINKS
# Compiled here, on all cores, the libraries need not be compiled by the first run, one module after the other.
VIRTUAL_ENV="$venv" "$venv/bin/uv" pip install --quiet --compile-bytecode --constraint constraints.txt --editable ".[dev,demo]"
