# From a ROOT file to verified trigger firmware: the stage graph, and the only file that knows paths under build/.
#
#   make                      set up .venv, then run configs/demo to its report
#   make RUN=top_tagging      another configuration
#   make FILES='/data/*.root' your own files instead of simulated ones
#   make images | train | …   up to that stage
#   make help                 everything else

RUN    ?= demo
PYTHON ?= python3.11

C := configs/$(RUN)
B := build/$(RUN)
# A run remembers the files it was given.
FILES ?= $(shell cat $(B)/.files 2>/dev/null)

RUNS := $(patsubst configs/%/model.yaml,%,$(wildcard configs/*/model.yaml))
ifeq ($(wildcard $(C)),)
$(error there is no $(C); configurations are: $(RUNS))
endif
VENV := .venv
READY := $(VENV)/.ready
PIPELINE := $(VENV)/bin/python -m pipeline
# With it set, Python does not look for `-m pipeline` here.
unexport PYTHONSAFEPATH

# The artefact whose manifest is $@; a manifest is written last, so it is there only beside a whole artefact.
ARTEFACT = $(@:.manifest.json=)

# Runs with a file `sample` take the simulated sample of the run that it names.
SAMPLED := $(or $(shell cat $(C)/sample 2>/dev/null),$(RUN))
SAMPLE  := build/$(SAMPLED)/10_root.manifest.json
IMAGES  := $(B)/20_images.manifest.json
CLOSURE := $(B)/25_mass_closure.manifest.json
COST    := $(B)/25_candidates.manifest.json
STUDY   := $(B)/26_symmetries.manifest.json
LOGIC   := $(B)/27_symmetries_rtl.manifest.json
SEARCH  := $(B)/28_search.manifest.json
MODEL   := $(B)/30_model.manifest.json
LOWERED := $(B)/40_lowered.manifest.json
HLS     := $(B)/50_hls.manifest.json
CSIM    := $(B)/60_csim.json.manifest.json
RTL     := $(B)/65_rtl.manifest.json
SYNTH   := $(B)/66_synth.manifest.json
RATES   := $(B)/67_rates.manifest.json
EXPORT  := $(B)/70_export.manifest.json
REPORT  := $(B)/80_report.manifest.json

# Events weighted by cross section, from which all runs with a file `rates.yaml` take their trigger rates.
WEIGHTED := build/rates/10_root.manifest.json

ifeq ($(strip $(FILES)),)
ROOT  := $(SAMPLE)
INPUT := $(SAMPLE:.manifest.json=)
else
ROOT  := $(B)/.files
INPUT := $(FILES)
endif

.DEFAULT_GOAL := all
.PHONY: all help setup generate images mass-closure candidates symmetries symmetries-rtl search train lower convert csim rtl synth rates export report test check bench clean distclean FORCE

all: report ## run every stage of RUN (default demo) to the report
	@echo "report: $(B)/80_report/index.html"

setup: $(READY) ## make .venv with every version of requirements.lock
generate: $(SAMPLE) ## simulate jets or events and write ROOT files
images: $(IMAGES) ## ROOT files to sparse jet images
mass-closure: $(CLOSURE) ## what steps and pixels do to the jet mass (no part of all)
candidates: $(COST) ## what it costs that firmware sees N candidates of a jet (no part of all)
symmetries: $(STUDY) ## what networks gain that know how jets are turned (no part of all)
symmetries-rtl: $(LOGIC) ## their logic, each proven (no part of all)
search: $(SEARCH) ## the best taggers that fit into the limits of search.yaml (no part of all)
train: $(MODEL) ## images to float and quantized taggers
lower: $(LOWERED) ## the quantized tagger in plain layers, with proven types
convert: $(HLS) ## the HLS project
csim: $(CSIM) ## model = HLS emulation, integer by integer
rtl: $(RTL) ## Verilog and VHDL, simulated, synthesised, equal to the model
synth: $(SYNTH) ## both through Vitis HLS and Vivado, where they are installed (no part of all)
rates: $(RATES) ## trigger rate against signal efficiency (runs with a rates.yaml)
export: $(EXPORT) ## the firmware bundle
report: $(REPORT) ## the page that shows it all

$(READY): requirements.lock
	@command -v $(PYTHON) >/dev/null || { echo "error: $(PYTHON) not found (install Python 3.11 or give it: make PYTHON=/path/to/python3.11)" >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info[:2] == (3, 11) else f"error: Python 3.11 is needed, $(PYTHON) is {sys.version.split()[0]} (give another: make PYTHON=/path/to/python3.11)")'
	@test -x $(VENV)/bin/python || $(PYTHON) -m venv $(VENV)
	$(VENV)/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --requirement requirements.lock
	@# This folder is found from everywhere, and with -P and -I; the path is relative to that of installed packages.
	@$(VENV)/bin/python -c 'import pathlib, sysconfig; pathlib.Path(sysconfig.get_path("purelib"), "checkout.pth").write_text("../../../..\n")'
	@touch $@

$(sort $(SAMPLE) $(WEIGHTED)): build/%/10_root.manifest.json: configs/%/generate.yaml | $(READY)
	$(PIPELINE) generate --config $< --out $(ARTEFACT)

$(B)/.files: FORCE
	@mkdir -p $(B)
	@echo '$(FILES)' | cmp -s - $@ || echo '$(FILES)' > $@

$(IMAGES): $(C)/images.yaml $(ROOT) | $(READY)
	$(PIPELINE) images --config $< $(INPUT) --out $(ARTEFACT)

$(CLOSURE): $(C)/images.yaml $(ROOT) | $(READY)
	$(PIPELINE) mass-closure --config $< $(INPUT) --out $(ARTEFACT)

$(COST): $(C)/candidates.yaml $(C)/images.yaml $(C)/model.yaml $(C)/train.yaml $(ROOT) | $(READY)
	$(PIPELINE) candidates --config $< --images $(C)/images.yaml --model $(C)/model.yaml --train $(C)/train.yaml $(INPUT) --out $(ARTEFACT)

$(STUDY): $(C)/symmetries.yaml $(C)/images.yaml $(C)/model.yaml $(C)/train.yaml $(ROOT) | $(READY)
	$(PIPELINE) symmetries --config $< --images $(C)/images.yaml --model $(C)/model.yaml --train $(C)/train.yaml $(INPUT) --out $(ARTEFACT)

$(LOGIC): $(C)/hardware.yaml $(STUDY) | $(READY)
	$(PIPELINE) symmetries-rtl --config $< $(B)/26_symmetries --out $(ARTEFACT)

$(SEARCH): $(C)/search.yaml $(C)/images.yaml $(C)/model.yaml $(C)/train.yaml $(C)/hardware.yaml $(ROOT) | $(READY)
	$(PIPELINE) search --config $< --images $(C)/images.yaml --model $(C)/model.yaml --train $(C)/train.yaml --hardware $(C)/hardware.yaml $(INPUT) --out $(ARTEFACT)

$(MODEL): $(C)/train.yaml $(C)/model.yaml $(IMAGES) | $(READY)
	$(PIPELINE) train --config $< --model $(C)/model.yaml $(B)/20_images --out $(ARTEFACT)

$(LOWERED): $(MODEL) | $(READY)
	$(PIPELINE) lower --model $(B)/30_model/model.h5 --out $(ARTEFACT)

$(HLS): $(C)/hardware.yaml $(LOWERED) $(IMAGES) | $(READY)
	$(PIPELINE) convert --config $< --images $(B)/20_images $(B)/40_lowered --out $(ARTEFACT)

$(CSIM): $(C)/hardware.yaml $(HLS) $(LOWERED) $(IMAGES) | $(READY)
	$(PIPELINE) csim --config $< --lowered $(B)/40_lowered --images $(B)/20_images $(B)/50_hls --out $(ARTEFACT)

$(RTL): $(C)/hardware.yaml $(CSIM) $(LOWERED) $(IMAGES) | $(READY)
	$(PIPELINE) rtl --config $< --csim $(B)/60_csim.json --images $(B)/20_images $(B)/40_lowered --out $(ARTEFACT)

$(SYNTH): $(C)/hardware.yaml $(HLS) $(RTL) | $(READY)
	$(PIPELINE) synth --config $< --hls $(B)/50_hls --rtl $(B)/65_rtl --out $(ARTEFACT)

$(RATES): $(C)/rates.yaml $(C)/images.yaml $(LOWERED) $(WEIGHTED) | $(READY)
	$(PIPELINE) rates --config $< --images $(C)/images.yaml --lowered $(B)/40_lowered $(WEIGHTED:.manifest.json=) --out $(ARTEFACT)

$(EXPORT): $(C)/hardware.yaml $(HLS) $(CSIM) $(RTL) $(wildcard $(B)/66_synth) | $(READY)
	$(PIPELINE) export --config $< --lowered $(B)/40_lowered --csim $(B)/60_csim.json --rtl $(B)/65_rtl $(addprefix --synth ,$(wildcard $(B)/66_synth)) --images $(B)/20_images $(B)/50_hls --out $(ARTEFACT)

$(REPORT): $(MODEL) $(CSIM) $(RTL) $(if $(wildcard $(C)/rates.yaml),$(RATES)) $(wildcard $(B)/66_synth) $(EXPORT) $(wildcard $(B)/25_mass_closure $(B)/25_candidates $(B)/26_symmetries $(B)/27_symmetries_rtl $(B)/28_search) | $(READY)
	$(PIPELINE) report $(B) --out $(ARTEFACT)

test: $(READY) ## run the tests (tools that are not installed are named as skipped)
	$(VENV)/bin/python -m pytest --numprocesses auto --maxprocesses 4 --dist loadfile

check: $(READY) ## style, types and import contracts
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/mypy
	$(VENV)/bin/lint-imports

bench: $(READY) ## speeds beside the alternatives, as ratios
	for benchmark in $(basename $(notdir $(wildcard benchmarks/*.py))); do $(VENV)/bin/python -m benchmarks.$$benchmark || exit 1; done

clean: ## remove what RUN made
	rm -rf $(B)

distclean: ## remove everything that was made, .venv too
	rm -rf build $(VENV)

help: ## this list
	@echo "make [target] [RUN=configuration] [FILES='your/*.root']"
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  %-15s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)
	@echo "configurations: $(RUNS)"
