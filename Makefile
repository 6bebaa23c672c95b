# Two commands for users (make demo, make test); one script for laptop and CI (make check).
VENV := .venv
PY := $(VENV)/bin/python
export DO_NOT_TRACK := true
export PREFECT_SERVER_ANALYTICS_ENABLED := false
export MLFLOW_DISABLE_TELEMETRY := true
export DVC_NO_ANALYTICS := 1
export ITERATIVE_DO_NOT_TRACK := 1
export STREAMLIT_BROWSER_GATHER_USAGE_STATS := false

.PHONY: demo test check lint unit integration bench-model clean

$(VENV)/.installed: pyproject.toml constraints.txt
	sh infra/install.sh $(VENV)
	@touch $@

demo: $(VENV)/.installed
	$(VENV)/bin/gvio demo --workspace demo

test: check

check: $(VENV)/.installed lint unit integration

lint: $(VENV)/.installed
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/ruff check .
	$(VENV)/bin/mypy
	$(VENV)/bin/lint-imports

unit: $(VENV)/.installed
	$(VENV)/bin/pytest tests/unit -m "not slow and not online" -q -n 2 --dist loadfile

integration: $(VENV)/.installed
	$(VENV)/bin/pytest tests -m "not online" --ignore tests/unit -q -n 2 --dist loadfile
	$(VENV)/bin/pytest tests/unit -m "slow" -q

# Twelve known-truth worlds and the table of targets; SEED for other worlds, ARGS for all else (--only, --skip, --params).
SEED ?= 1
bench-model: $(VENV)/.installed
	$(PY) -m benchmarks.bench_model --seed $(SEED) $(ARGS)

clean:
	rm -rf $(VENV) demo .mypy_cache .ruff_cache .pytest_cache
