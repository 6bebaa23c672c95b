"""The model registry: the only place that knows MLflow."""
