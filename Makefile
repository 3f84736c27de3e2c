# `make run` and `make test` do all the set-up themselves; they need Python 3.11, make and git.
PYTHON ?= python3.11
CORES ?= all
VENV := .venv
PREFECT := .venv-prefect
BIN := $(VENV)/bin
export PATH := $(CURDIR)/$(BIN):$(PATH)
INSTALL := $(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps

.PHONY: help
help: ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

.PHONY: run
run: environment ## build everything from the starter archive, record it in DVC, show the summary
	@snakemake --cores $(CORES)
	@pitchline record

.PHONY: test
test: environment-dev check ## lint, types and tests
	pytest -n 2 --dist worksteal

.PHONY: check
check: environment-dev ## lint and types only
	ruff check .
	ruff format --check .
	snakefmt --check Snakefile workflow
	mypy
	python tests/snakemake_lint.py

.PHONY: format
format: environment-dev ## put the code into its standard form
	ruff check --fix .
	ruff format .
	snakefmt Snakefile workflow

.PHONY: serve
serve: environment ## answer over HTTP on port 8000
	@exec pitchline serve

.PHONY: mlflow
mlflow: environment ## open the MLflow UI on port 5000
	@mkdir -p mlruns
	@DO_NOT_TRACK=true MLFLOW_SERVER_ENABLE_JOB_EXECUTION=false \
		mlflow ui --backend-store-uri sqlite:///mlruns/mlflow.db --port 5000 --workers 1

.PHONY: services
services: environment-celery environment-prefect ## start all services of the Procfile until Ctrl-C
	@exec honcho start

.PHONY: report
report: environment ## write report.html with the plots and the decision
	snakemake --report report.html

.PHONY: pictures
pictures: environment-dev ## draw the pictures of the README anew; the page's needs chromium
	pitchline summary --svg docs/images/summary.svg
	python docs/draw_dag.py
	python docs/draw_page.py

.PHONY: lock
lock: environment ## pin the newest allowed versions of all dependencies
	$(BIN)/python requirements/compile.py

.PHONY: environment
environment: $(VENV)/run.stamp ## make .venv from the hash-pinned lock file

.PHONY: environment-dev
environment-dev: $(VENV)/dev.stamp ## the same with what tests and checks need

.PHONY: environment-celery
environment-celery: $(VENV)/celery.stamp ## the same with Celery on Redis, Flower and what starts the Procfile

.PHONY: environment-prefect
environment-prefect: $(PREFECT)/prefect.stamp ## make .venv-prefect, which Prefect has to itself

.PHONY: environment-s3
environment-s3: $(VENV)/s3.stamp ## the same with what a DVC remote in an S3 bucket needs

.PHONY: environment-slurm
environment-slurm: $(VENV)/slurm.stamp ## the same with what Snakemake on SLURM needs

$(VENV)/uv.stamp: requirements/bootstrap.lock
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r $<
	@touch $@

$(VENV)/run.stamp: requirements/run.lock pyproject.toml $(VENV)/uv.stamp
	@echo "installing the pinned dependencies into $(VENV)"
	@$(INSTALL) --compile-bytecode --require-hashes -r $<
	@$(INSTALL) --no-build-isolation --editable .
	@touch $@

$(PREFECT)/prefect.stamp: requirements/prefect.lock $(VENV)/uv.stamp
	@echo "installing Prefect into $(PREFECT)"
	@$(PYTHON) -m venv --without-pip $(PREFECT)
	@$(BIN)/uv pip install --quiet --python $(PREFECT)/bin/python --no-deps --compile-bytecode \
		--require-hashes -r $<
	@touch $@

$(VENV)/%.stamp: requirements/%.lock $(VENV)/run.stamp
	@$(INSTALL) --compile-bytecode --require-hashes -r $<
	@touch $@
