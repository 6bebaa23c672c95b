#!/bin/sh
# MLflow's pages over the local state of a workspace: infra/mlflow.sh WORKSPACE [PORT]
# Serves on the loopback address only: the registry knows no passwords.
set -eu
workspace="${1:?usage: infra/mlflow.sh WORKSPACE [PORT]}"
port="${2:-5000}"
here="$(cd "$(dirname "$0")" && pwd)"
. "$here/env.sh"
database="$(cd "$workspace" && pwd)/mlflow.db"
[ -f "$database" ] || { echo "$database: no registry yet. Run \`gvio run\` with this workspace first." >&2; exit 2; }
PATH="$here/../.venv/bin:$PATH"
echo "MLflow: http://127.0.0.1:$port"
exec mlflow server --host 127.0.0.1 --port "$port" --workers 1 \
  --backend-store-uri "sqlite:///$database" --artifacts-destination "$(dirname "$database")/mlartifacts"
