#!/bin/sh
# Registers the deployments of prefect.yaml with the server PREFECT_API_URL names: infra/deploy.sh
# GVIO_PACK, GVIO_STORE and GVIO_WORKSPACE say where the pack, the store and the files of the work are, for the worker.
set -eu
: "${PREFECT_API_URL:?is not set: export PREFECT_API_URL=http://127.0.0.1:4200/api}"
: "${GVIO_PACK:?is not set: the region pack, as a full path or s3://bucket/prefix}"
: "${GVIO_STORE:?is not set: the store, as a full path or s3://bucket/prefix}"
: "${GVIO_WORKSPACE:?is not set: a folder for the files of the work, as a full path}"
here="$(cd "$(dirname "$0")" && pwd)"
. "$here/env.sh"
PATH="$here/../.venv/bin:$PATH"
cd "$here/.."
prefect work-pool inspect gvio >/dev/null 2>&1 || prefect work-pool create gvio --type process
prefect --no-prompt deploy --all
echo "now start a worker: prefect worker start --pool gvio --limit 1"
