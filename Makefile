# Everything a target needs is installed by it, into .venv and build/, once: a stamp file remembers each set-up step.
#   make demo   check timm's sources, show one finding in full and leave a picture of it
#   make test   ruff, mypy --strict and the tests, with torch to hold claims against; what .ci/run runs
#   make versions  run the tests under each pair of Python and torch of docs/measurements/versions.md
#   make oracle hold tsl against torch on N random modules, and 2,000 graphs: make oracle N=5000 SEED=1
#   make score  recall and precision against the ground truth in corpus/
#   make bench  start-up and whole-tree cost, as ratios, and the cost of a node of a graph
#   make zoo    build archives of many models into build/zoo, for the figures of archives
#   make agree  hold the archive road against torch over that zoo
#   make laws   search for examples that break the laws of the engines, new ones every time
#   make fuzz   feed tsl N broken and hostile archives: make fuzz N=10000 SEED=1
#   make gallery  draw the pictures of docs/gallery.md again
#   make docs   write docs/rules from the rules' pages
#   make bless  that, the examples in README.md and the gaps in docs/soundness.md: all that a script writes
#   make clean  forget .venv and build/
# Another interpreter: make test PYTHON=python3.12 (after make clean).

PYTHON ?= python3
BIN    := .venv/bin
PIP    := $(BIN)/python -m pip --quiet --disable-pip-version-check
TIMM   := 1.0.31
TORCH  := 2.13.0
MERMAID := 11.17.2

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help demo test versions laws lint types oracle score bench zoo agree fuzz gallery docs bless clean

help:
	@sed -n '2,17s/^#   //p' Makefile

.venv/.created:
	@command -v $(PYTHON) >/dev/null || { echo "there is no $(PYTHON) here; name a Python 3.10 or later with PYTHON=..." >&2; exit 2; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 10))' 2>/dev/null || { \
	  echo "tsl needs Python 3.10 or later; $(PYTHON) is $$($(PYTHON) --version 2>&1 | head -1): name another with PYTHON=..." >&2; exit 2; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
	  echo "$(PYTHON) cannot make a virtual environment; on Debian and Ubuntu install python3-venv" >&2; exit 2; }
	$(PYTHON) -m venv .venv
	@touch $@

.venv/.base: pyproject.toml .venv/.created
	$(PIP) install --editable .
	@touch $@

.venv/.dev: .venv/.base
	$(PIP) install --editable '.[dev]'
	@touch $@

# What the pages, the fixtures and the tables claim about tracing is held against torch itself.
.venv/.torch: .venv/.dev
	$(PIP) install torch==$(TORCH) numpy
	@touch $@

build/timm/.$(TIMM): .venv/.created
	@rm -rf build/timm
	$(PIP) install --no-deps --target build/timm timm==$(TIMM)
	@touch $@

build/site/.installed: .venv/.created corpus/trace/packages.txt
	@rm -rf build/site
	$(PIP) install --no-deps --target build/site -r corpus/trace/packages.txt
	@touch $@

demo: .venv/.base build/timm/.$(TIMM)
	@$(BIN)/python scripts/demo.py build/timm/timm --picture build/demo/finding.svg

lint: .venv/.dev
	$(BIN)/ruff check --quiet .

types: .venv/.dev
	$(BIN)/mypy --strict tsl rules

# Pictures are held against real models, and Mermaid against its own package, where there is npm to fetch that.
build/pictures/.models: .venv/.torch benchmarks/picture_packages.txt
	@rm -rf build/pictures build/pictures-site
	$(PIP) install --no-deps --target build/pictures-site -r benchmarks/picture_packages.txt
	@$(BIN)/python benchmarks/zoo.py --site build/pictures-site --only timm_resnet18 build/pictures 2>/dev/null
	@$(BIN)/python benchmarks/zoo.py --site build/pictures-site --only timm_swin_tiny build/pictures 2>/dev/null
	@cp build/pictures-site/silero_vad/data/silero_vad.jit build/pictures/
	@touch $@

build/mermaid/.$(MERMAID):
	@rm -rf build/mermaid
	@mkdir -p build/mermaid
	@(cd build/mermaid && npm pack --silent mermaid@$(MERMAID) && tar -xzf mermaid-$(MERMAID).tgz package/dist/mermaid.min.js) \
	  >/dev/null 2>&1 && touch $@ || echo "the npm package mermaid could not be had; the tests that need it skip"

test: lint types .venv/.torch build/pictures/.models build/mermaid/.$(MERMAID)
	$(BIN)/python -m pytest -q

# Another set: make versions PAIRS="python3.11:2.6.0"
versions:
	@scripts/versions.sh $(PAIRS)

N    ?= 1000
SEED ?= 0

oracle: .venv/.torch
	@$(BIN)/python scripts/oracle.py --seed $(SEED) $(N)

score: .venv/.base build/site/.installed
	@echo "trace: statements that tracing loses"
	@$(BIN)/python corpus/score_trace.py --site build/site --tsl '"$(CURDIR)/$(BIN)/tsl"'
	@echo "script: programs that torch.jit.script refuses"
	@$(BIN)/python corpus/score_script.py --tsl '"$(CURDIR)/$(BIN)/tsl"'
	@echo "cases: models from bug reports"
	@$(BIN)/python corpus/score_cases.py --tsl '"$(CURDIR)/$(BIN)/tsl"'

bench: .venv/.torch build/timm/.$(TIMM) build/pictures/.models
	@$(BIN)/python benchmarks/startup.py
	@$(BIN)/python benchmarks/tree.py build/timm/timm
	@$(BIN)/python benchmarks/fix.py build/timm/timm
	@$(BIN)/python benchmarks/zoo.py --small build/zoo-small > /dev/null
	@$(BIN)/python benchmarks/ir.py build/zoo-small
	@$(BIN)/python benchmarks/draw.py build/pictures

build/zoo-site/.installed: .venv/.torch benchmarks/zoo_packages.txt
	@rm -rf build/zoo-site
	$(PIP) install --no-deps --target build/zoo-site -r benchmarks/zoo_packages.txt
	@touch $@

zoo: .venv/.torch build/zoo-site/.installed
	@$(BIN)/python benchmarks/zoo.py --site build/zoo-site build/zoo

agree: zoo
	@$(BIN)/python benchmarks/agreement.py build/zoo

laws: .venv/.torch
	$(BIN)/python -m pytest -q --hypothesis-profile search $(shell grep -l hypothesis tests/test_*.py)

fuzz: .venv/.base
	@$(BIN)/python scripts/fuzz.py --seed $(SEED) $(N)

gallery: .venv/.torch build/pictures/.models
	@$(BIN)/python scripts/draw_gallery.py build/pictures

docs: .venv/.base
	$(BIN)/python scripts/build_docs.py

bless: docs
	$(BIN)/python scripts/refresh_examples.py
	$(BIN)/python scripts/list_gaps.py

clean:
	rm -rf .venv build .mypy_cache .ruff_cache .pytest_cache .hypothesis
