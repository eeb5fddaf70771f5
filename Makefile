# `make help` lists the commands. The first one that needs the environment makes it.
PYTHON ?= $(or $(shell cat .venv/installed 2>/dev/null),python3)
LESSON ?= 00
BUDGET ?= laptop
SEED ?= 0
DATASET ?=
LAB_ARGS ?=
BENCH_ARGS ?=
GAN_COURSE_RUNS ?= $(CURDIR)/runs
PY = .venv/bin/python

# Commands take these from the environment, as they were written: nothing in them is run by make or the shell.
override export LESSON := $(value LESSON)
override export BUDGET := $(value BUDGET)
override export SEED := $(value SEED)
override export DATASET := $(value DATASET)
ifneq ($(value GAN_COURSE_DATA),)
override export GAN_COURSE_DATA := $(value GAN_COURSE_DATA)
endif
export GAN_COURSE_RUNS

.PHONY: help lab test doctor run refresh record status site site-open slides release bench install
help:            ## this list
	@sed -n 's/^\([a-z-]*\):[^#]*## /make \1: /p' Makefile

lab: install     ## JupyterLab on the course (LAB_ARGS="--no-browser" passes options)
	@$(PY) -m gan_course lab "$$LESSON" $(LAB_ARGS)

test: install    ## every check: lint, unit tests, every lesson at the smoke budget
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .
	$(PY) -m pytest

doctor: install  ## whether this machine has what the lessons need, how fast it is, and what to do where not
	@$(PY) -m gan_course doctor

run: install     ## one lesson with papermill: LESSON=02 BUDGET=laptop SEED=1 (DATASET=fashion); results go under runs/
	@$(PY) -m gan_course run "$$LESSON" --budget "$$BUDGET" --seed "$$SEED" $${DATASET:+--dataset "$$DATASET"}

refresh: install ## make a lesson's committed outputs again, on MNIST: LESSON=02
	@$(PY) -m gan_course refresh "$$LESSON"

record: install  ## make a lesson's recorded experiments again, into results/: LESSON=02
	@$(PY) -m gan_course record "$$LESSON"

status: install  ## which lessons are fresh, stale, or made with an older package
	@$(PY) -m gan_course status

site: install    ## the lessons as a website, with all that it needs, in build/site/; warnings are errors
	$(PY) -m sphinx -W --keep-going -E -q -j 2 -c docs -d build/site-doctrees . build/site

site-open: site  ## the website in your browser, served on this machine only, so that its search shows excerpts; Ctrl+C ends it
	@$(PY) -m webbrowser http://127.0.0.1:8800 || true
	@$(PY) -m http.server 8800 --bind 127.0.0.1 --directory build/site

slides: install  ## every lesson as a deck for the lecture hall, in build/slides/: fits on a USB stick, needs no network
	$(PY) -m gan_course slides

release: install ## student copy (no solutions, no outputs) and instructor copy, with zip files, in build/release/
	$(PY) -m gan_course release

bench: install   ## speed and time to quality, into benchmarks/RESULTS.md; on an idle machine (BENCH_ARGS=--full)
	$(PY) -m benchmarks $(BENCH_ARGS)

# PYTHON is kept in .venv/installed; asked for another one, make makes the environment again.
ifneq ($(PYTHON),$(shell cat .venv/installed 2>/dev/null))
.PHONY: .venv/installed
CLEAR = --clear
endif
install: .venv/installed ## the environment alone
.venv/installed: pyproject.toml constraints.txt
	$(PYTHON) -m venv $(CLEAR) .venv
	$(PY) -m pip install --quiet --constraint constraints.txt --editable '.[all]'
	@echo '$(PYTHON)' > $@
