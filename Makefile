# make run    starts the arena (sets everything up first)      make run ARGS="--port 7999 --data DIR"
# make test   runs the tests (sets everything up first)        make test ARGS="tests/elo -k bootstrap" WORKERS=0
# make newcomer  the first battle in a fresh clone beside two busy loops, in a real browser, with the time of each step
# make check  format, lint, types, tests: what a change must pass
# make screenshots  takes the pictures of docs/screenshots again
# make bench  measures beside other projects: ratings, then inference, whose peers compile: plan for an hour and a half
#             make bench-ratings ARGS="--tasks fit --cells 1e6x100"          a part of the first; nothing compiles
#             make bench-inference ARGS="--sizes 15M --dtypes bfloat16"      a part of the second
# make simulations  what intervals cover, who is flagged among honest voters, and whether timing names a side: half an hour of one core
# make gpu-check PYTHON=python3   checks and measures a GPU with what that Python has; installs nothing, takes 9 minutes
# make demo   trains the four demo models again, one after the other: plan for an hour or more

PYTHON ?= python3
VENV := .venv
BENCH_VENV := .venv-bench
RATINGS_VENV := .venv-bench-ratings
BIN := $(VENV)/bin
PIP_INSTALL := python -m pip install --quiet --disable-pip-version-check
PIP := $(BIN)/$(PIP_INSTALL)
# An index to take torch from, such as PyTorch's own CPU index: without a GPU it saves gigabytes.
TORCH_INDEX ?=
ARGS ?=
# Tests run in so many processes side by side; half of their time is waiting.
WORKERS ?= 2
PYTEST := GOMP_SPINCOUNT=0 $(BIN)/python -m pytest -n $(WORKERS) --dist loadfile --tb native

.PHONY: run test newcomer check format lint types screenshots bench bench-inference bench-ratings simulations gpu-check demo debian-packages clean

run: $(VENV)/.run $(VENV)/.compiled
	@exec $(BIN)/python app.py $(ARGS)

test: $(VENV)/.dev $(VENV)/.compiled debian-packages
	$(PYTEST) $(ARGS)

check: $(VENV)/.dev $(VENV)/.compiled debian-packages
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(PYTEST) $(ARGS)

format: $(VENV)/.dev
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

lint: $(VENV)/.dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .

types: $(VENV)/.dev
	$(BIN)/mypy

newcomer: $(VENV)/.dev debian-packages
	$(BIN)/python -m bench.newcomer $(ARGS)

screenshots: $(VENV)/.dev debian-packages
	$(BIN)/python docs/screenshots.py

bench: bench-ratings bench-inference
	$(BENCH_VENV)/bin/python -m bench.report

bench-inference: $(BENCH_VENV)/.bench
	$(BENCH_VENV)/bin/python -m bench.inference $(ARGS)
	$(BENCH_VENV)/bin/python -m bench.gaps --several
	$(BENCH_VENV)/bin/python -m bench.window

bench-ratings: $(RATINGS_VENV)/.bench
	$(RATINGS_VENV)/bin/python -m bench.ratings $(ARGS)

simulations: $(VENV)/.dev
	$(BIN)/python -m bench.coverage
	$(BIN)/python -m bench.voters
	$(BIN)/python -m bench.blind

gpu-check:
	$(PYTHON) -m bench.gpu $(ARGS)

demo: $(VENV)/.run
	$(BIN)/python -m inference.demo $(ARGS)

# Chromium and PostgreSQL for the tests that need them; says what to do where apt is not there.
debian-packages:
	@.ci/debian-packages

$(VENV)/pyvenv.cfg:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
		echo "make: '$(PYTHON)' is $$($(PYTHON) --version 2>&1); Python 3.11 or newer is needed. Install it, or name it: make run PYTHON=python3.12" >&2; exit 1; }
	@$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); \
		echo "make: no virtual environment could be made. On Debian and Ubuntu: apt-get install python3-venv" >&2; exit 1; }

$(VENV)/.run: requirements.txt | $(VENV)/pyvenv.cfg
	@echo "Installing what the arena needs into $(VENV) (once) ..."
	@if [ -n "$(TORCH_INDEX)" ]; then \
		$(PIP) --index-url "$(TORCH_INDEX)" "$$(grep '^torch==' requirements.txt)"; fi
	@$(PIP) -r requirements.txt
	@touch $@

# Without a compiler, or where it fails or takes too long, the arena starts all the same: see inference/model/native.
$(VENV)/.compiled: inference/model/native/decode.c | $(VENV)/.run
	@$(BIN)/python -m inference.model.native --at-most 60 || true
	@touch $@

$(VENV)/.dev: requirements-dev.txt $(VENV)/.run
	@echo "Installing what the tests need into $(VENV) (once) ..."
	@$(PIP) -r requirements-dev.txt
	@touch $@

# llama-cpp-python compiles: cmake and a C++ compiler are needed, and some ten minutes.
$(BENCH_VENV)/.bench: requirements-bench.txt requirements-dev.txt requirements.txt
	@$(PYTHON) -m venv $(BENCH_VENV)
	@echo "Installing the peers into $(BENCH_VENV) (once; llama.cpp compiles) ..."
	@if [ -n "$(TORCH_INDEX)" ]; then \
		$(BENCH_VENV)/bin/$(PIP_INSTALL) --index-url "$(TORCH_INDEX)" "$$(grep '^torch==' requirements.txt)"; fi
	@$(BENCH_VENV)/bin/$(PIP_INSTALL) -r requirements-bench.txt
	@touch $@

# An environment of its own: arena-rank wants an older numpy than ours.
$(RATINGS_VENV)/.bench: requirements-bench-ratings.txt
	@$(PYTHON) -m venv $(RATINGS_VENV)
	@echo "Installing the peers of ratings into $(RATINGS_VENV) (once) ..."
	@$(RATINGS_VENV)/bin/$(PIP_INSTALL) -r requirements-bench-ratings.txt
	@touch $@

clean:
	rm -rf $(VENV) $(BENCH_VENV) $(RATINGS_VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
