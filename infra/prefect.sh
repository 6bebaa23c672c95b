#!/bin/sh
# A Prefect server with its pages and scheduler, state in WORKSPACE/prefect: infra/prefect.sh WORKSPACE [PORT]
# `gvio serve` uses it when PREFECT_API_URL=http://127.0.0.1:PORT/api is set, and starts one of its own otherwise.
set -eu
workspace="${1:?usage: infra/prefect.sh WORKSPACE [PORT]}"
port="${2:-4200}"
here="$(cd "$(dirname "$0")" && pwd)"
. "$here/env.sh"
mkdir -p "$workspace/prefect"
PREFECT_HOME="$(cd "$workspace/prefect" && pwd)"
export PREFECT_HOME
# The pages ask this address, and not what PREFECT_API_URL or a profile says of another server.
export PREFECT_SERVER_API_HOST=127.0.0.1 PREFECT_SERVER_API_PORT="$port"
export PREFECT_SERVER_UI_API_URL="http://127.0.0.1:$port/api" PREFECT_UI_URL="http://127.0.0.1:$port"
# In memory, the default, leases die with the server, and the slots that they held stay taken for ever.
export PREFECT_SERVER_CONCURRENCY_LEASE_STORAGE=prefect.server.concurrency.lease_storage.filesystem
# Off by default: every run, step and log line stays for ever. So they go after 90 days.
export PREFECT_SERVER_SERVICES_DB_VACUUM_ENABLED=true
PATH="$here/../.venv/bin:$PATH"
echo "Prefect: http://127.0.0.1:$port   (export PREFECT_API_URL=http://127.0.0.1:$port/api)"
exec prefect server start --host 127.0.0.1 --port "$port" --analytics-off
