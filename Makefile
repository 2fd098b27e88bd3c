# Each target calls one small tool in tools/; arguments for the tool behind it: ARGS="--diff".
SITE ?= demo
PYTHON ?= python3
MAKEFLAGS += --no-print-directory
.DEFAULT_GOAL := help

venv := $(PYTHON) -m tools.setup --python && .venv/bin/python
checks := $(PYTHON) -m tools.setup --python --tests && .venv/bin/python

up: ##       make or change the site: make up SITE=demo
preview: ##  show what would change, line by line
refresh: ##  read both ends into the state; shows drift
outputs: ##  the site's outputs as JSON; with secrets: ARGS=--show-secrets
down: ##     take away what the site made, at both ends
import: ##   take over what sakura-rtx adopt has found, without changing it
up preview refresh outputs down import:
	@$(venv) -m tools.site $@ --site "$(SITE)" -- $(ARGS)

test: ##     lint, unit tests, tests with the real Pulumi engine
	@$(checks) -m tools.test -- $(ARGS)

matrix: ##   every fault at every place, as tables; one of them: ARGS=office
	@$(checks) -m tests.matrix $(ARGS)

bench: ##    every goal of speed, measured, as a table; one of them: ARGS=session
	@$(PYTHON) -m tools.bench -- $(ARGS)

lint format: ## check, or mend, style and layout
	@$(venv) -m tools.test $@

setup: ##    only the set-up, which every target does by itself
	@$(PYTHON) -m tools.setup --tests

lock: ##     write requirements.lock anew: newer versions with ARGS=--upgrade
	@$(PYTHON) -m tools.lock $(ARGS)

clean: ##    remove .venv and caches; sites and the rehearsal's state stay
	@rm -rf .venv .venv-bench .mypy_cache .pytest_cache .ruff_cache .hypothesis build dist *.egg-info
	@find components tests tools -name __pycache__ -prune -exec rm -rf {} +

help: ##     this list
	@awk -F ': ## *' '/^[a-z ]+: ##/ {printf "  make %-14s%s\n", $$1, $$2}' Makefile

.PHONY: up preview refresh outputs down import test matrix bench lint format setup lock clean help
