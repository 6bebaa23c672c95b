"""The estimate of log output: prior, light as a measurement, official sums."""
