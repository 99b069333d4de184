# From a ROOT file to verified trigger firmware: the order of the stages, and the only file that knows paths under build/.
#
#   make                      set up .venv, then run configs/demo to its report
#   make RUN=top_tagging      another configuration
#   make FILES='/data/*.root' your own files instead of simulated ones; `make FILES=` takes the simulated ones again
#   make images | train | …   up to that stage
#   make help                 everything else
#
# Every stage is called every time, and decides itself whether anything has changed: it compares inputs, settings, code
# and versions with those its artefact was made from, never times.

RUN    ?= demo
PYTHON ?= python3.11

# RUN must be exactly the name of a folder in configs/.
CONFIGURED := $(notdir $(patsubst %/,%,$(wildcard configs/*/)))
RUNS       := $(patsubst configs/%/model.yaml,%,$(wildcard configs/*/model.yaml))
ifeq ($(strip $(foreach run,$(CONFIGURED),$(and $(findstring <$(run)>,<$(RUN)>),$(findstring <$(RUN)>,<$(run)>)))),)
$(error there is no configs/$(RUN); configurations are: $(RUNS))
endif
C := configs/$(RUN)
B := build/$(RUN)

VENV := .venv
READY := $(VENV)/.ready
PIPELINE := $(VENV)/bin/python -m pipeline
# If it were set, Python would not look for `-m pipeline` in this folder.
unexport PYTHONSAFEPATH

# A run with a file `sample` uses the simulated sample of the run named in it.
SAMPLED := $(or $(file <$(C)/sample),$(RUN))
SAMPLE  := build/$(SAMPLED)/10_root

# Events weighted by cross section, for the trigger rates of all runs with a file `rates.yaml`.
WEIGHTED := build/rates/10_root

# Your own files. The text as typed goes to the stages in one argument, which no shell splits; a run remembers it. If
# images were made by hand, or on a batch system, from other files than the sample, the run continues from them.
GIVEN := $(filter command environment,$(firstword $(origin FILES)))
ifdef GIVEN
JET_FILES := $(value FILES)
else
JET_FILES := $(if $(wildcard $(B)/.files),$(file <$(B)/.files))
endif
export JET_FILES
IMAGES_MANIFEST := $(wildcard $(B)/20_images.manifest.json)
ifneq ($(strip $(value JET_FILES)),)
SOURCE := remember
INPUT  := "$$JET_FILES"
else ifneq ($(and $(if $(GIVEN),,yes),$(IMAGES_MANIFEST),$(if $(shell grep -e '"[./a-z0-9_]*10_root/' $(IMAGES_MANIFEST)),,yes)),)
SOURCE :=
INPUT  :=
else
SOURCE := $(if $(GIVEN),remember) generate
INPUT  := $(SAMPLE)
endif
# The studies read jets, not images: without your own files they use the simulated ones.
JETS := $(or $(INPUT),$(SAMPLE))

STAGES := images mass-closure candidates symmetries symmetries-rtl search train lower convert csim rtl synth rates export report
.DEFAULT_GOAL := all
.PHONY: all help setup remember generate weighted $(STAGES) test test-slow test-faults test-all check bench clean distclean

all: report ## run every stage of RUN (default demo) to the report
	@echo "report: $(B)/80_report/index.html"

setup: $(READY) ## make .venv with every version of requirements.lock

$(READY): requirements.lock
	@command -v $(PYTHON) >/dev/null || { echo "error: $(PYTHON) not found (install Python 3.11 or give it: make PYTHON=/path/to/python3.11)" >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info[:2] == (3, 11) else f"error: Python 3.11 is needed, $(PYTHON) is {sys.version.split()[0]} (give another: make PYTHON=/path/to/python3.11)")'
	@test -x $(VENV)/bin/python || $(PYTHON) -m venv $(VENV)
	$(VENV)/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --requirement requirements.lock
	@# Makes this folder importable from everywhere, also with -P and -I; the path is relative to the installed packages.
	@$(VENV)/bin/python -c 'import pathlib, sysconfig; pathlib.Path(sysconfig.get_path("purelib"), "checkout.pth").write_text("../../../..\n")'
	@touch $@

remember:
	@mkdir -p $(B)
	@if test -n "$$JET_FILES"; then printf '%s\n' "$$JET_FILES" >$(B)/.files.new && mv $(B)/.files.new $(B)/.files; else rm -f $(B)/.files; fi

generate: $(READY) ## simulate jets or events and write ROOT files
	$(PIPELINE) generate --config configs/$(SAMPLED)/generate.yaml --out $(SAMPLE)

weighted: $(READY)
	$(PIPELINE) generate --config configs/rates/generate.yaml --out $(WEIGHTED)

images: $(SOURCE) $(READY) ## ROOT files to sparse jet images
	$(PIPELINE) images --config $(C)/images.yaml $(INPUT) --out $(B)/20_images

mass-closure: $(or $(SOURCE),generate) $(READY) ## how preprocessing and pixels change the jet mass (not run by `make`)
	$(PIPELINE) mass-closure --config $(C)/images.yaml $(JETS) --out $(B)/25_mass_closure

candidates: $(or $(SOURCE),generate) $(READY) ## what is lost if the firmware sees only N candidates of a jet (not run by `make`)
	$(PIPELINE) candidates --config $(C)/candidates.yaml --images-config $(C)/images.yaml --model-config $(C)/model.yaml --train-config $(C)/train.yaml $(JETS) --out $(B)/25_candidates

symmetries: $(or $(SOURCE),generate) $(READY) ## networks with built-in symmetry on rotated jets (not run by `make`)
	$(PIPELINE) symmetries --config $(C)/symmetries.yaml --images-config $(C)/images.yaml --model-config $(C)/model.yaml --train-config $(C)/train.yaml $(JETS) --out $(B)/26_symmetries

symmetries-rtl: symmetries ## the RTL of these networks, each proven (not run by `make`)
	$(PIPELINE) symmetries-rtl --config $(C)/hardware.yaml $(B)/26_symmetries --out $(B)/27_symmetries_rtl

search: $(or $(SOURCE),generate) $(READY) ## the best taggers within the limits of search.yaml (not run by `make`)
	$(PIPELINE) search --config $(C)/search.yaml --images-config $(C)/images.yaml --model-config $(C)/model.yaml --train-config $(C)/train.yaml --hardware-config $(C)/hardware.yaml $(JETS) --out $(B)/28_search

train: images ## images to float and quantized taggers
	$(PIPELINE) train --config $(C)/train.yaml --model-config $(C)/model.yaml $(B)/20_images --out $(B)/30_model

lower: train ## the quantized tagger in plain layers, with proven types
	$(PIPELINE) lower --model $(B)/30_model/model.h5 --out $(B)/40_lowered

convert: lower ## the HLS project
	$(PIPELINE) convert --config $(C)/hardware.yaml --images $(B)/20_images $(B)/40_lowered --out $(B)/50_hls

csim: convert ## model = HLS emulation, integer by integer
	$(PIPELINE) csim --config $(C)/hardware.yaml --lowered $(B)/40_lowered --images $(B)/20_images $(B)/50_hls --out $(B)/60_csim.json

rtl: csim ## Verilog and VHDL, simulated, synthesised, equal to the model
	$(PIPELINE) rtl --config $(C)/hardware.yaml --csim $(B)/60_csim.json --images $(B)/20_images $(B)/40_lowered --out $(B)/65_rtl

synth: rtl ## both through Vitis HLS and Vivado, where they are installed (not run by `make`)
	$(PIPELINE) synth --config $(C)/hardware.yaml --hls $(B)/50_hls --rtl $(B)/65_rtl --out $(B)/66_synth

rates: lower weighted ## trigger rate against signal efficiency (runs with a rates.yaml)
	$(PIPELINE) rates --config $(C)/rates.yaml --images-config $(C)/images.yaml --lowered $(B)/40_lowered $(WEIGHTED) --out $(B)/67_rates

export: rtl ## the firmware bundle
	$(PIPELINE) export --config $(C)/hardware.yaml --lowered $(B)/40_lowered --csim $(B)/60_csim.json --rtl $(B)/65_rtl $(addprefix --synth ,$(wildcard $(B)/66_synth)) --images $(B)/20_images $(B)/50_hls --out $(B)/70_export

report: $(if $(wildcard $(C)/rates.yaml),rates) export ## one page with all results
	$(PIPELINE) report $(B) --out $(B)/80_report

test: $(READY) ## run the tests, minutes (those of tools that are not installed are skipped, and say so)
	$(VENV)/bin/python -m pytest -m "not slow and not faults and not more" --numprocesses auto --maxprocesses 4 --dist loadfile

test-slow: $(READY) ## these, and the long ones: each stands beside a quick one of the same stage
	$(VENV)/bin/python -m pytest -m "not faults and not more" --numprocesses auto --maxprocesses 4 --dist loadfile

test-faults: $(READY) ## tests of faults: stops at every moment, damage to every artefact, two commands at once
	$(VENV)/bin/python -m pytest -m faults --numprocesses auto --maxprocesses 2

test-all: $(READY) ## all tests: test-slow, test-faults, and thousands of random networks, new ones every time
	$(VENV)/bin/python -m pytest --numprocesses auto --maxprocesses 4 --dist loadfile

check: $(READY) ## style, types and import contracts
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/mypy
	$(VENV)/bin/lint-imports

# Those that need no run; the others take its artefacts.
BENCHMARKS := emulate generate image_builder images observables pair_builder preprocess pruning scale simulation

bench: $(READY) ## benchmarks: speeds as ratios to alternatives, logic, the simulation against other sources
	for benchmark in $(BENCHMARKS); do $(VENV)/bin/python -m benchmarks.$$benchmark || exit 1; done

clean: ## remove everything that RUN has made
	rm -rf $(B)

distclean: ## remove everything that was made, and .venv
	rm -rf build $(VENV)

help: ## this list
	@echo "make [target] [RUN=configuration] [FILES='your/*.root']"
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  %-15s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)
	@echo "configurations: $(RUNS)"
