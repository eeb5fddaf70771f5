# `make help` lists the commands. The first one that needs the environment makes it.
PYTHON ?= python3
LESSON ?= 00
BUDGET ?= laptop
SEED ?= 0
LAB_ARGS ?=
BENCH_ARGS ?=
PY = .venv/bin/python

# Notebooks run in folders of their own, so paths must not be relative to where make was called.
ifneq ($(GAN_COURSE_DATA),)
override export GAN_COURSE_DATA := $(if $(filter /%,$(GAN_COURSE_DATA)),,$(CURDIR)/)$(GAN_COURSE_DATA)
endif
export GAN_COURSE_RUNS ?= $(CURDIR)/runs

.PHONY: help lab test doctor run refresh record status site slides release bench install
help:            ## this list
	@sed -n 's/^\([a-z]*\):[^#]*## /make \1: /p' Makefile

lab: install     ## JupyterLab on the course (LAB_ARGS="--no-browser" passes options)
	$(PY) -m jupyter trust notebooks/*.ipynb
	$(PY) -m jupyter lab $(LAB_ARGS) notebooks/$(LESSON)_*.ipynb

test: install    ## every check: lint, unit tests, every lesson at the smoke budget
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .
	$(PY) -m pytest

doctor: install  ## whether this machine has what the lessons need, and what to do where not
	@$(PY) -m gan_course doctor

run: install     ## one lesson with papermill: LESSON=02 BUDGET=laptop SEED=1; results go under runs/
	$(PY) -m gan_course run $(LESSON) --budget $(BUDGET) --seed $(SEED)

refresh: install ## make a lesson's committed outputs anew, on MNIST: LESSON=02
	$(PY) -m gan_course refresh $(LESSON)

record: install  ## a lesson's recorded experiments anew, into results/: LESSON=02
	$(PY) -m gan_course record $(LESSON)

status: install  ## which lessons are fresh, stale, or made with an older package
	$(PY) -m gan_course status

site: install    ## the lessons as a website, with all that it needs, in build/site/; warnings are errors
	$(PY) -m sphinx -W --keep-going -E -q -j 2 -c docs -d build/site-doctrees . build/site

slides: install  ## every lesson as a deck for the lecture hall, in build/slides/: fits on a USB stick, needs no network
	$(PY) -m gan_course slides

release: install ## student copy (no solutions, no outputs) and instructor copy, with zip files, in build/release/
	$(PY) -m gan_course release

bench: install   ## speed and time to quality, into benchmarks/RESULTS.md; on an idle machine (BENCH_ARGS=--full)
	$(PY) -m benchmarks $(BENCH_ARGS)

install: .venv/installed ## the environment alone
.venv/installed: pyproject.toml constraints.txt
	$(PYTHON) -m venv .venv
	$(PY) -m pip install --quiet --constraint constraints.txt --editable '.[all]'
	@touch $@
