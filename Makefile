# `make` alone lists the targets. `make demo` and `make test` each work from nothing.
# PYTHON=... chooses the interpreter of .venv.

BIN := .venv/bin
# Tests that need no Engine; they run first, because they fail in seconds.
PURE := $(wildcard tests/unit tests/property tests/golden tests/test_docs.py)
WORKERS ?= 2
# They wait for the Engine most of the time.
ENGINE_WORKERS ?= 4

.DEFAULT_GOAL := help
# Never in parallel: the steps of one target depend on each other's effects (.venv, Engine, images).
.NOTPARALLEL:
# A recipe that fails leaves no half-written target behind.
.DELETE_ON_ERROR:

.PHONY: help
help:  ## list the targets
	@awk -F ':.*  ## ' '/^[a-z-]+:.*  ## / { printf "  %-13s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: setup
setup: .venv/.stamp  ## make .venv with the pinned dependencies

.venv/.stamp: pyproject.toml constraints.txt scripts/venv.sh
	@PYTHON="$(PYTHON)" scripts/venv.sh
	@touch $@

.PHONY: engine
engine:  ## make sure that a Docker Engine answers (installs or starts one where that is safe)
	@scripts/engine.sh

.PHONY: images
images: setup engine  ## build the demo and test image
	@$(BIN)/python scripts/images.py

.PHONY: check
check: format-check lint types imports docs-check  ## all static checks; writes nothing

.PHONY: format-check
format-check: setup  ## formatting only
	$(BIN)/ruff format --check .

.PHONY: lint
lint: setup  ## ruff's rules
	$(BIN)/ruff check .

.PHONY: types
types: setup  ## mypy, strict
	$(BIN)/mypy

.PHONY: imports
imports: setup  ## the layers of the package
	$(BIN)/lint-imports

.PHONY: docs
docs: setup  ## write the regions of the documentation that come from the code
	$(BIN)/python scripts/docs.py

.PHONY: docs-check
docs-check: setup  ## say which of these regions are out of date
	$(BIN)/python scripts/docs.py --check

.PHONY: fix
fix: setup  ## format, and repair what ruff can repair
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

.PHONY: test
test: setup engine images  ## all tests; an Engine that does not answer is a failure
	$(BIN)/pytest -n $(WORKERS) $(PURE)
	$(BIN)/pytest -n $(ENGINE_WORKERS) tests $(addprefix --ignore=,$(PURE) tests/workloads)

.PHONY: test-fast
test-fast: setup  ## the tests that need no Engine
	$(BIN)/pytest -n $(WORKERS) $(PURE)

.PHONY: search
search: setup  ## look for examples that the property tests have not seen; takes minutes
	PROPERTIES=search $(BIN)/pytest -n $(WORKERS) tests/property

.PHONY: coverage
coverage: setup  ## branch coverage of core by the tests that need no Engine
	$(BIN)/pytest -n $(WORKERS) $(PURE) --cov=minisets.core --cov-branch --cov-report=term-missing

.PHONY: conformance
conformance: setup  ## replay recorded controller traces: make conformance TRACES=folder
	$(BIN)/python -m tests.conformance $(TRACES)

.PHONY: mutation
mutation: setup  ## say which changes of the deciding code no trace or test notices; takes minutes
	$(BIN)/python -m scripts.mutation --workers $(WORKERS) $(TRACES)

.PHONY: golden
golden: setup  ## write the expected output of the golden tests again
	$(BIN)/pytest tests/golden --rewrite-golden

.PHONY: demo
demo: setup engine images  ## run examples/web and show what it is for; the pods stay
	@examples/demo.sh

.PHONY: workloads
workloads: setup engine  ## run the databases and clusters of examples/; builds their images, takes minutes
	$(BIN)/python -m tests.workloads.images
	$(BIN)/pytest -n 0 -v tests/workloads

.PHONY: picture
picture: setup engine images  ## run what docs/terminal.svg shows, and draw it again
	@$(BIN)/python scripts/images.py --stand-in registry.k8s.io/nginx-slim:0.24
	@$(BIN)/python scripts/picture.py

.PHONY: bench
bench: setup engine images  ## compare with a raw SDK loop; takes minutes, prints medians and ratios
	$(BIN)/python scripts/bench.py $(BENCH)

.PHONY: sweep
sweep: setup  ## dry-run every manifest of a folder: make sweep FOLDER=...
	$(BIN)/python scripts/sweep.py $(FOLDER)

.PHONY: dist
dist: setup  ## build wheel and sdist, check them, and run each from an empty venv
	$(BIN)/python scripts/dist.py

.PHONY: lock
lock:  ## pin the newest dependencies that pyproject.toml allows in constraints.txt
	rm -rf .venv && : > constraints.txt && $(MAKE) setup
	{ echo '# Written by `make lock`: what `make setup` installs.'; \
	  $(BIN)/python -m pip freeze --exclude-editable; } > constraints.txt.new
	mv constraints.txt.new constraints.txt && touch .venv/.stamp

.PHONY: clean
clean:  ## remove .venv and caches; nothing in the Engine
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache .coverage build dist
	find . -name __pycache__ -type d -not -path './.git/*' -prune -exec rm -rf {} +
