# Two commands for users (make demo, make test); one script for laptop and CI (make check).
VENV := .venv
LOWEST := .venv-lowest
PY := $(VENV)/bin/python
export DO_NOT_TRACK := true
export PREFECT_SERVER_ANALYTICS_ENABLED := false
export MLFLOW_DISABLE_TELEMETRY := true
export DVC_NO_ANALYTICS := 1
export ITERATIVE_DO_NOT_TRACK := 1
export STREAMLIT_BROWSER_GATHER_USAGE_STATS := false

# COVER=1 measures coverage on the way; it costs time, so that only the hosted checks and `make coverage` ask for it.
PYTEST := $(VENV)/bin/pytest $(if $(COVER),--cov --cov-append --cov-report= --cov-fail-under=0)
# Two workers have a core each: libraries that start threads of their own would only wait for each other.
unit check-lowest: export OMP_NUM_THREADS := 1
FAST := -m "not slow and not online" -q -n 2 --dist loadfile

.PHONY: install demo test check lint docs words unit integration coverage coverage-report check-lowest hooks release-files bench bench-model bench-see stack-up stack-settings stack-status stack-down stack-test stack-backup stack-restore clean

install: $(VENV)/.installed

$(VENV)/.installed: pyproject.toml constraints.txt
	sh infra/install.sh $(VENV)
	@touch $@

demo: $(VENV)/.installed
	$(VENV)/bin/gvio demo --workspace demo

test: check

check: $(VENV)/.installed lint docs unit integration

lint: $(VENV)/.installed
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/ruff check .
	$(VENV)/bin/mypy
	$(VENV)/bin/lint-imports
	$(VENV)/bin/pre-commit validate-config
	$(VENV)/bin/check-jsonschema --builtin-schema vendor.github-workflows .github/workflows/*.yml
	$(VENV)/bin/check-jsonschema --builtin-schema vendor.github-issue-forms .github/ISSUE_TEMPLATE/bug.yml .github/ISSUE_TEMPLATE/region.yml
	$(VENV)/bin/check-jsonschema --builtin-schema vendor.github-issue-config .github/ISSUE_TEMPLATE/config.yml
	$(VENV)/bin/check-jsonschema --builtin-schema vendor.dependabot .github/dependabot.yml
	$(VENV)/bin/check-jsonschema --builtin-schema vendor.compose-spec infra/compose.yaml
	$(VENV)/bin/hadolint infra/Dockerfile

unit: $(VENV)/.installed
	$(PYTEST) tests/unit $(FAST)

# Three workers on two cores: servers are waited for half of the time.
integration: $(VENV)/.installed
	$(PYTEST) tests -m "not online" --ignore tests/unit -q -n 3 --dist loadfile
	$(PYTEST) tests/unit -m "slow" -q

coverage: $(VENV)/.installed
	$(VENV)/bin/coverage erase
	$(MAKE) unit integration COVER=1
	$(MAKE) coverage-report

# Fails below the floor of pyproject.toml.
coverage-report:
	@$(VENV)/bin/coverage report

# The lower bounds of pyproject.toml are true when the fast tests pass with them.
$(LOWEST)/.installed: pyproject.toml infra/install.sh
	sh infra/install.sh $(LOWEST) lowest
	@touch $@

check-lowest: $(LOWEST)/.installed
	$(LOWEST)/bin/pytest tests/unit $(FAST)

# The documentation as a site in site/; a link that leads nowhere is an error. To search in it: python -m http.server -d site
docs: $(VENV)/.installed
	NO_MKDOCS_2_WARNING=1 $(VENV)/bin/mkdocs build --strict --quiet

# The catalogues of the page's languages as the code asks for them: what is new has no translation yet.
words: $(VENV)/.installed
	$(PY) -m infra.catalogues

hooks: $(VENV)/.installed
	$(VENV)/bin/pre-commit install

release-files:
	sh infra/release.sh

# Beside what a user would otherwise pick (docs/cost.md). It names libraries that are absent.
bench: export OMP_NUM_THREADS := 1
bench: $(VENV)/.installed
	$(PY) -m benchmarks.bench $(ARGS)

# Twelve known-truth worlds and the table of targets; SEED for other worlds, ARGS for all else (--only, --skip, --params).
SEED ?= 1
bench-model: $(VENV)/.installed
	$(PY) -m benchmarks.bench_model --seed $(SEED) $(ARGS)

# What is recovered of factories planted into a region's own light; PACKS for other regions than the worlds here, ARGS for all else.
PACKS ?= spike-rich/1 spike-few/1 clean-rich/1 hard-few/1
bench-see: $(VENV)/.installed
	$(PY) -m benchmarks.bench_see $(PACKS) --seed $(SEED) $(ARGS)

# The servers of a team on this machine (infra/README.md); a newcomer needs none of them.
STACK ?= stack
SERVERS := $(PY) -m infra.stack --stack $(STACK)

stack-up: $(VENV)/.installed
	@$(SERVERS) up $(if $(PACK),--pack $(PACK))

stack-settings: $(VENV)/.installed
	@$(SERVERS) settings $(if $(PACK),--pack $(PACK))

stack-status: $(VENV)/.installed
	@$(SERVERS) status

stack-down: $(VENV)/.installed
	@$(SERVERS) down

# Months through deployment and worker while servers are killed: half an hour, in a folder of its own.
stack-test: $(VENV)/.installed
	@$(PY) -m infra.stack --stack $(STACK)-test test $(ARGS)

stack-backup: $(VENV)/.installed
	@$(SERVERS) backup --to "$(TO)" $(ARGS)

stack-restore: $(VENV)/.installed
	@$(SERVERS) restore --from "$(FROM)"

clean:
	rm -rf $(VENV) $(LOWEST) .venv-build build dist site demo .coverage coverage.xml .mypy_cache .ruff_cache .pytest_cache
