# Shorthand for what CONTRIBUTING.md explains.
PYTHON ?= python3
BIN = .venv/bin

.PHONY: install test lint format types schema messages demo servers ci constraints

install: ; $(PYTHON) -m venv .venv && $(BIN)/pip install -r requirements-dev.txt

test: ; $(BIN)/pytest -n 2

lint: ; $(BIN)/ruff check && $(BIN)/ruff format --check && $(BIN)/lint-imports --no-logo && $(BIN)/mypy

format: ; $(BIN)/ruff check --fix && $(BIN)/ruff format

schema: ; for version in v1 v2; do $(BIN)/python manage.py openapi $$version --file docs/openapi/$$version.yaml || exit 1; done

# Needs gettext. The compiled catalogue is committed, so that nobody else does.
messages: ; $(BIN)/python manage.py makemessages --locale=de --no-location --no-obsolete --ignore='templates/admin/*' --ignore='templates/rest_framework/*' --ignore='var/*' --ignore='.venv/*' --ignore='*/tests/*' && $(BIN)/python manage.py compilemessages --locale=de --ignore='.venv'

demo: ; $(BIN)/python manage.py demo

servers: ; $(BIN)/python -m delivery_site.testing.servers

ci: ; .ci/run

# After a pin has changed: what a fresh environment without constraints holds.
constraints: ; rm -rf var/pins && $(PYTHON) -m venv var/pins && sed '/^-/d' requirements.txt requirements-dev.txt | var/pins/bin/pip install --quiet -r /dev/stdin && { echo '# Made by `make constraints`: every package of a fresh install of requirements-dev.txt at one known version.'; var/pins/bin/pip freeze; } > constraints.txt
