"""The servers that a team runs, on one machine, without containers: `python -m infra.stack` (`make stack-up`)."""
