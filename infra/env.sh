# Source this (`. infra/env.sh`): nothing we start reports home, and MLflow stays quiet and small.
# `true` and not `1`: MLflow ignores DO_NOT_TRACK=1.
export DO_NOT_TRACK=true
export PREFECT_SERVER_ANALYTICS_ENABLED=false
# A new database takes Prefect 18 s on two idle cores, and it gives up after 20.
export PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS=120
export MLFLOW_DISABLE_TELEMETRY=true
export DVC_NO_ANALYTICS=1
export ITERATIVE_DO_NOT_TRACK=1
export STREAMLIT_BROWSER_GATHER_USAGE_STATS=false
export MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR=false
export MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT=true
# Without job execution the MLflow server is 2 processes and 0.5 GB instead of 10 and 2.2 GB.
export MLFLOW_SERVER_ENABLE_JOB_EXECUTION=false
