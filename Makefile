# Names for the steps; what they do stands in manage.py, the Procfile, deploy/ and tests/.
# Python 3.11 to 3.13 and make are enough: the rest is installed into .venv/.

PYTHON_IN_ENVIRONMENT = .venv/bin/python
TESTS = $(PYTHON_IN_ENVIRONMENT) -m tests.run_all

.DEFAULT_GOAL = help
.PHONY: help environment demo up test lint format screenshots reliability bench clean

help:
	@echo "make demo         a seeded inbox at http://127.0.0.1:8000 (PORT=9000 make demo: elsewhere)"
	@echo "make test         everything: style, types, tests, browser tests"
	@echo "make lint         style and types alone"
	@echo "make format       put the code into shape"
	@echo "make screenshots  every screen and state, in screenshots/ (make screenshots ONLY=inbox)"
	@echo "make reliability  long programmes: make reliability ONLY=CRASH-MATRIX SCALE=0.2"
	@echo "make bench        measure the budgets on this machine"
	@echo "make up           run the processes without demo data"
	@echo "make clean        remove the environment and caches; data in .data/ stays"

environment:
	@sh deploy/environment.sh

demo: environment
	@exec $(PYTHON_IN_ENVIRONMENT) manage.py up --demo

up: environment
	@exec $(PYTHON_IN_ENVIRONMENT) manage.py up

test: environment
	@$(TESTS)

lint: environment
	@$(TESTS) --only static

format: environment
	@.venv/bin/ruff format
	@.venv/bin/ruff check --fix

screenshots: environment
	@$(PYTHON_IN_ENVIRONMENT) -m tests.screenshots $(ONLY)

reliability: environment
	@$(PYTHON_IN_ENVIRONMENT) -m tests.reliability $(if $(ONLY),--only $(ONLY)) $(if $(SCALE),--scale $(SCALE)) $(if $(SEED),--seed $(SEED))

bench: environment
	@$(PYTHON_IN_ENVIRONMENT) -m tests.benchmarks $(if $(ONLY),--only $(ONLY))

clean:
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
