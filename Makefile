# Two commands are enough: `make run` and `make test`. What they need they make; a second run starts in seconds.
PORT ?= 8000
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
HOME_DIR := instance

# Development's settings; a deployment sets its own (README, "Running it for real").
export PORT
RUN_ENV = DATABASE_URL=sqlite:///$(CURDIR)/$(HOME_DIR)/wallet.db SECRET_KEY_FILE=$(CURDIR)/$(HOME_DIR)/secret_key \
	NETWORK_KEYS_FILE=$(CURDIR)/$(HOME_DIR)/network_keys.json ORIGIN=http://localhost:$(PORT) DEVELOPMENT=1 WORKERS=1

.PHONY: help run test lint types messages migrate bench sure system lock clean
.DEFAULT_GOAL := help

help: ## What there is to make
	@sed -n 's/^\([a-z]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 12

run: .venv/run.stamp .venv/build.stamp .venv/messages.stamp $(HOME_DIR)/secret_key $(HOME_DIR)/network_keys.json ## The product on SQLite, at PORT (8000)
	@$(RUN_ENV) $(BIN)/wallet db upgrade
	@$(RUN_ENV) $(BIN)/wallet load-network wallet/sample_network
	@echo; echo "Open http://localhost:$(PORT), or as one of these. Each link works once; make run prints fresh ones."; echo
	@$(RUN_ENV) $(BIN)/wallet demo-links
	@echo; echo "Serving on http://localhost:$(PORT) until Ctrl-C."
	@$(RUN_ENV) exec $(BIN)/gunicorn

test: sure ## Everything to a green suite: lint, types, Python, JavaScript, PostgreSQL, Chromium

sure: lint types ## What CI runs
	node --test tests/js/*.test.js
	$(BIN)/python -m pytest -n 3 --dist worksteal --cov=wallet/codes --cov=wallet/register --cov-branch --cov-report= $(ARGS)
	$(BIN)/python -m coverage report --skip-covered --show-missing --fail-under=100

lint: .venv/dev.stamp ## Style, imports, formatting
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: .venv/dev.stamp ## Types, strict in codes and register
	$(BIN)/mypy -p wallet

messages: .venv/dev.stamp ## Read new texts from code and templates into the catalogues
	$(BIN)/pybabel -q extract -F pyproject.toml --no-location --sort-output --project kaikukortti -o wallet/locales/messages.pot .
	@# Babel's own header is dates and made-up addresses: ours is put back.
	@for po in wallet/locales/*/LC_MESSAGES/messages.po; do sed '/^$$/q' $$po > $$po.head; done
	$(BIN)/pybabel -q update -i wallet/locales/messages.pot -d wallet/locales --no-fuzzy-matching --ignore-obsolete --omit-header
	@for po in wallet/locales/*/LC_MESSAGES/messages.po; do cat $$po >> $$po.head && mv $$po.head $$po; done

migrate: .venv/run.stamp ## A new migration from the tables: make migrate M="Say what changes"
	@$(RUN_ENV) $(BIN)/wallet db migrate -m "$(M)"

bench: system .venv/dev.stamp .venv/build.stamp .venv/messages.stamp ## What is claimed about speed, measured
	$(BIN)/python -m bench

lock: ## Lock the newest versions that fit
	$(PYTHON) -m venv .venv/lock && .venv/lock/bin/pip install -q uv
	.venv/lock/bin/uv pip compile -q -U --universal --generate-hashes --no-header --no-emit-index-url --no-emit-find-links --python-version 3.11 pyproject.toml -o requirements.lock
	.venv/lock/bin/uv pip compile -q -U --universal --generate-hashes --no-header --no-emit-index-url --no-emit-find-links --python-version 3.11 --extra dev -c requirements.lock pyproject.toml -o requirements-dev.lock

clean: ## Remove what was made, but not instance/ (the register is there)
	rm -rf .venv node_modules static/dist

# What each needs

system: ## Debian packages that tests need: installed where we are root, else named
	@tests/system-packages.sh

.venv/made.stamp:
	@$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or newer is needed" if sys.version_info < (3, 11) else 0)'
	@$(PYTHON) -m venv $(VENV) || { echo "Install Python's venv: apt-get install python3-venv"; exit 1; }
	@touch $@

.venv/run.stamp: .venv/made.stamp requirements.lock pyproject.toml
	$(BIN)/pip install -q --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/pip install -q --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

.venv/dev.stamp: system .venv/run.stamp requirements-dev.lock .venv/build.stamp .venv/messages.stamp
	@[ -e $@ ] && [ $@ -nt requirements-dev.lock ] && [ $@ -nt .venv/run.stamp ] || \
		{ $(BIN)/pip install -q --disable-pip-version-check --require-hashes -r requirements-dev.lock && touch $@; }

node_modules/.package-lock.json: package.json package-lock.json
	npm ci --no-audit --no-fund --loglevel=error
	@touch $@

.venv/build.stamp: node_modules/.package-lock.json build.mjs $(shell find static/js static/css static/icons -type f) | .venv/made.stamp
	npm run --silent build
	@touch $@

.venv/messages.stamp: $(wildcard wallet/locales/*/LC_MESSAGES/messages.po) | .venv/run.stamp
	$(BIN)/pybabel -q compile -d wallet/locales
	@touch $@

$(HOME_DIR)/secret_key:
	@mkdir -p $(HOME_DIR) && umask 077 && $(PYTHON) -c 'import secrets; print(secrets.token_hex(32))' > $@

$(HOME_DIR)/network_keys.json: | .venv/run.stamp
	@$(BIN)/wallet keys new --file $@
