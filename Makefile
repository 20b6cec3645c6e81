# make run          start the arena (the first time, set everything up)   make run ARGS="--port 7999 --data DIR"
# make test         run the tests                                         make test ARGS="tests/elo -k bootstrap" WORKERS=0
# make check        run format, lint, types and tests: what a change must pass
# make format       format the code, and fix what the linter can
# make newcomer     play the first battle in a fresh clone beside two busy loops, and print the time of each step
# make wheel        build the package into dist/
# make docs         build the documentation into site/, with every link checked
# make generated    write the generated pages of docs/ again: settings, command line, API, tree, tables
# make screenshots  take the pictures of docs/screenshots again
#                   make screenshots ARGS="--states FOLDER"   every page and state, in FOLDER
# make bench        compare ratings and inference with other projects; compiles llama.cpp, takes an hour and a half
#                   make bench-ratings ARGS="--tasks fit --cells 1e6x100"          part of the first; compiles nothing
#                   .venv/bin/python -m bench.rating.reading                       how long votes files take to read
#                   make bench-inference ARGS="--sizes 15M --dtypes bfloat16"      part of the second
#                   make bench-inference ARGS="--isa avx2"     the second as on a processor without AVX-512; compiles llama.cpp again
# make bench-pages  measure the pages: in a browser beside a plain Gradio arena, with 100 battles, page loads: half an hour
#                   .venv/bin/python -m bench.pages.visits --rounds 1 --votes 1000 a quick look at the first of them
# make bench-boards measure boards, filters, a model's page and quick rounds on a database of a million votes
# make simulations  measure what intervals cover, how often voters are flagged, what timing reveals, what draws need: half an hour
# make clients      check the model server with real clients: openai, mistralai, litellm, LangChain, aider, lm-eval, ...
#                   make clients ARGS="--only openai_sdk,llm_command"              some of them; 3 GB of packages, once
# make gpu-check    check and measure a GPU with the packages of PYTHON=python3; installs nothing, takes 9 minutes
# make demo         train the four demo models again, one after the other: an hour or more

PYTHON ?= python3
VENV := .venv
BENCH_VENV := .venv-bench
RATINGS_VENV := .venv-bench-ratings
CLIENTS_VENV := .venv-clients
OPENAI2_VENV := .venv-clients-openai2
BIN := $(VENV)/bin
PIP_INSTALL := python -m pip install --quiet --disable-pip-version-check
PIP := $(BIN)/$(PIP_INSTALL)
# An index to take torch from, such as PyTorch's own for CPUs: without a GPU it saves gigabytes.
TORCH_INDEX ?=
ARGS ?=
# Not empty for --isa avx2: then bench-inference needs a second llama.cpp, and runs only what has peers.
IS_AVX2 := $(findstring avx2,$(ARGS))
# How many processes run tests side by side; half of their time is waiting.
WORKERS ?= 2
PYTEST := GOMP_SPINCOUNT=0 $(BIN)/python -m pytest -n $(WORKERS) --dist loadfile --tb native

.PHONY: run test newcomer check wheel format lint types docs generated screenshots bench bench-inference bench-ratings bench-pages bench-boards simulations clients gpu-check demo debian-packages clean

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

# The build folder of an earlier run is removed first: files deleted since then would be in the wheel again.
wheel: $(VENV)/.dev
	@rm -rf build
	$(BIN)/pip wheel --quiet --no-deps --no-build-isolation --wheel-dir dist .

docs: generated
	$(BIN)/zensical build --strict

generated: $(VENV)/.dev
	$(BIN)/python docs/generate.py

screenshots: $(VENV)/.dev debian-packages
	$(BIN)/python docs/screenshots.py $(ARGS)

bench: bench-ratings bench-inference
	$(BENCH_VENV)/bin/python -m bench.report

bench-inference: $(BENCH_VENV)/.bench $(if $(IS_AVX2),$(BENCH_VENV)/llama-avx2/.built)
	$(BENCH_VENV)/bin/python -m bench.inference $(ARGS)
	$(if $(IS_AVX2),,$(BENCH_VENV)/bin/python -m bench.gaps --several)
	$(if $(IS_AVX2),,$(BENCH_VENV)/bin/python -m bench.window)

bench-ratings: $(RATINGS_VENV)/.bench
	$(RATINGS_VENV)/bin/python -m bench.ratings $(ARGS)

bench-pages: $(VENV)/.dev debian-packages
	$(BIN)/python -m bench.pages.visits
	$(BIN)/python -m bench.pages
	$(BIN)/python -m bench.pages.loads

bench-boards: $(VENV)/.dev
	$(BIN)/python -m bench.boards $(ARGS)

simulations: $(VENV)/.dev
	$(BIN)/python -m bench.coverage
	$(BIN)/python -m bench.voters
	$(BIN)/python -m bench.blind
	$(BIN)/python -m bench.matchmaking

clients: $(VENV)/.run $(VENV)/.compiled $(CLIENTS_VENV)/.clients $(OPENAI2_VENV)/.clients
	$(BIN)/python -m bench.clients $(ARGS)

gpu-check:
	$(PYTHON) -m bench.gpu $(ARGS)

demo: $(VENV)/.run
	$(BIN)/python -m inference.demo $(ARGS)

# Chromium and PostgreSQL for the tests that need them; without apt, a message names what to install.
debian-packages:
	@.ci/debian-packages

$(VENV)/pyvenv.cfg:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
		echo "make: '$(PYTHON)' is $$($(PYTHON) --version 2>&1); Python 3.11 or newer is needed. Install it, or name it: make run PYTHON=python3.12" >&2; exit 1; }
	@$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); \
		echo "make: cannot make a virtual environment. On Debian and Ubuntu: apt-get install python3-venv" >&2; exit 1; }

$(VENV)/.run: requirements.txt | $(VENV)/pyvenv.cfg
	@echo "Installing what the arena needs into $(VENV) (once) ..."
	@if [ -n "$(TORCH_INDEX)" ]; then \
		$(PIP) --index-url "$(TORCH_INDEX)" "$$(grep '^torch==' requirements.txt)"; fi
	@$(PIP) -r requirements.txt
	@touch $@

# The arena also starts if there is no compiler, or if it fails or takes too long: see inference/model/native.
$(VENV)/.compiled: $(wildcard inference/model/native/code/*.[ch]) | $(VENV)/.run
	@$(BIN)/python -m inference.model.native --at-most 60 || true
	@touch $@

$(VENV)/.dev: requirements-dev.txt $(VENV)/.run
	@echo "Installing what the tests need into $(VENV) (once) ..."
	@$(PIP) -r requirements-dev.txt
	@touch $@

# llama-cpp-python compiles: it needs cmake, a C++ compiler and about ten minutes.
$(BENCH_VENV)/.bench: requirements-bench.txt requirements-dev.txt requirements.txt
	@$(PYTHON) -m venv $(BENCH_VENV)
	@echo "Installing the peers into $(BENCH_VENV) (once; llama.cpp compiles) ..."
	@if [ -n "$(TORCH_INDEX)" ]; then \
		$(BENCH_VENV)/bin/$(PIP_INSTALL) --index-url "$(TORCH_INDEX)" "$$(grep '^torch==' requirements.txt)"; fi
	@$(BENCH_VENV)/bin/$(PIP_INSTALL) -r requirements-bench.txt
	@touch $@

# llama.cpp selects instructions when it is compiled. Cached wheels may be from the build above: they are not used.
$(BENCH_VENV)/llama-avx2/.built: requirements-bench.txt | $(BENCH_VENV)/.bench
	@rm -rf $(@D)
	@echo "Compiling llama.cpp without AVX-512 into $(@D) (once) ..."
	@CMAKE_ARGS="-DGGML_NATIVE=OFF -DGGML_AVX=ON -DGGML_AVX2=ON -DGGML_FMA=ON -DGGML_F16C=ON -DGGML_BMI2=ON -DGGML_AVX512=OFF" \
		$(BENCH_VENV)/bin/$(PIP_INSTALL) --no-deps --no-cache-dir --target $(@D) \
		"$$(grep '^llama-cpp-python==' requirements-bench.txt)"
	@touch $@

# A separate environment: arena-rank needs an older numpy.
$(RATINGS_VENV)/.bench: requirements-bench-ratings.txt
	@$(PYTHON) -m venv $(RATINGS_VENV)
	@echo "Installing the peers of ratings into $(RATINGS_VENV) (once) ..."
	@$(RATINGS_VENV)/bin/$(PIP_INSTALL) -r requirements-bench-ratings.txt
	@touch $@

$(CLIENTS_VENV)/.clients: requirements-clients.txt
	@$(PYTHON) -m venv $(CLIENTS_VENV)
	@echo "Installing clients into $(CLIENTS_VENV) (once) ..."
	@if [ -n "$(TORCH_INDEX)" ]; then \
		$(CLIENTS_VENV)/bin/$(PIP_INSTALL) --index-url "$(TORCH_INDEX)" "$$(grep '^torch==' requirements-clients.txt)"; fi
	@$(CLIENTS_VENV)/bin/$(PIP_INSTALL) --only-binary :all: -r requirements-clients.txt
	@$(CLIENTS_VENV)/bin/$(PIP_INSTALL) --only-binary :all: --no-deps "$$(sed -n 's/^# without its dependencies: //p' requirements-clients.txt)"
	@touch $@

# Another environment: LlamaIndex and aider need release 2 of openai, and the others release 3.
$(OPENAI2_VENV)/.clients: requirements-clients-openai2.txt
	@$(PYTHON) -m venv $(OPENAI2_VENV)
	@echo "Installing clients into $(OPENAI2_VENV) (once) ..."
	@$(OPENAI2_VENV)/bin/$(PIP_INSTALL) --only-binary :all: -r requirements-clients-openai2.txt
	@touch $@

clean:
	rm -rf $(VENV) $(BENCH_VENV) $(RATINGS_VENV) $(CLIENTS_VENV) $(OPENAI2_VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
