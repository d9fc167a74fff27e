# Everything runs from here: `make help`. Needs python3 (3.11 or newer), make and a package index; no Docker, no AWS account.

SHELL := bash
# Found or installed once, when a target first needs it.
UV = $(eval UV := $$(or $$(shell infra/local/find-uv),$$(error uv could not be installed)))$(UV)
RUN = $(UV) run --locked --quiet
# How many seeds `make simulate` plays and which comes first; processes of `make test`.
SEEDS ?= 200
FIRST ?= 1
JOBS ?= 2
# The Python of the artefact; template.yaml's unless one tries the build with another.
RUNTIME ?= python3.14

.DEFAULT_GOAL := help
.PHONY: help setup test lint demo up down simulate bench requirements cli-reference sam-build clean

help: ## What there is
	@sed -nE 's/^([a-z-]+):.*## (.*)/  make \1|\2/p' Makefile | column -t -s '|'

setup: ## Install what the project needs, into .venv and .local
	$(UV) sync --locked --quiet

test: ## Run every test, the local stack's included
	$(RUN) pytest -n $(JOBS) --dist loadfile -rs

lint: ## Check style, types and template
	$(RUN) ruff check .
	$(RUN) ruff format --check .
	$(RUN) mypy
	$(RUN) cfn-lint template.yaml

demo: ## Play a day of business on the local stack and show what came of it
	$(RUN) python -m infra.local.demo

up: ## Start the local stack: the whole template, HubSpot and QuickBooks sandboxes
	$(RUN) python -m infra.local.stack up

down: ## Stop the local stack
	$(RUN) python -m infra.local.stack down

simulate: ## Run the seeded simulation (SEEDS=200 FIRST=1)
	$(RUN) python -m tests.simulation --seeds $(SEEDS) --first $(FIRST)

bench: ## Measure calls, cold starts, memory and intake against their limits
	$(RUN) python -m tests.benchmarks

requirements: ## Write the layer's requirements anew, after a change of uv.lock
	$(UV) export --quiet --locked --no-dev --no-emit-project --no-annotate --no-header -o shared/requirements.txt

cli-reference: ## Write the page of the command line anew, after a change of a command
	$(RUN) python -m infra.cli.reference

sam-build: ## Build what is deployed to AWS, into .aws-sam/build (RUNTIME=python3.13 tries another Python)
	$(RUN) python -m infra.local.sam_build $(RUNTIME)

clean: down ## Stop the local stack and remove everything that was installed or built
	rm -rf .local .aws-sam .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis
