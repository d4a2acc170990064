# make demo: the detector on the sample that ships; sets up .venv with what the detector needs.
# make yunet: fetches YuNet, which finds more faces than the cascade that ships.
# make test: linters and pytest; adds to .venv what training and the tests need.
# make torture: the tests that take long and prove what is rare; make test leaves them out.
# Each sets .venv up anew when what it needs changes.
# make test-lowest: the tests on the lowest versions that the requirements allow.

PYTHON ?= python3
VENV := .venv
RUN := $(VENV)/bin/python
DETECTOR_READY := $(VENV)/.ready-detector
READY := $(VENV)/.ready
INSTALL := install --quiet --disable-pip-version-check
PYTEST := $(RUN) -m pytest -n auto --maxprocesses 4 --dist worksteal --durations 10

.PHONY: demo test test-lowest torture yunet

demo: $(DETECTOR_READY)
	mkdir -p build
	$(RUN) emotion_detector.py --video samples/faces.mp4 --no-display \
		--output build/annotated.mp4 --csv build/emotions.csv --timeline build/timeline.png
	$(RUN) emotion_detector.py --image samples/faces.jpg --no-display --output build/annotated.jpg

yunet: $(DETECTOR_READY)
	$(RUN) -m pipeline.getyunet

test: $(READY)
	$(VENV)/bin/ruff check .
	$(VENV)/bin/check-jsonschema --builtin-schema vendor.github-workflows .github/workflows/*.yml
	$(PYTEST)

torture: $(READY)
	$(PYTEST) -m torture

test-lowest:
	mkdir -p build
	sed -nE 's/^([a-z0-9-]+)>=([0-9.]+).*/\1==\2/p' requirements*.txt > build/lowest.txt
	$(PYTHON) -m venv build/lowest
	build/lowest/bin/pip $(INSTALL) -r requirements-dev.txt -c build/lowest.txt
	build/lowest/bin/python -m pytest

$(DETECTOR_READY): requirements-detector.txt
	$(PYTHON) -c 'import sys; assert (3, 11) <= sys.version_info < (3, 14), \
		"Python 3.11 to 3.13 is needed; give it with PYTHON=, as in make demo PYTHON=python3.12"'
	$(PYTHON) -m venv $(VENV)
	$(VENV)/bin/pip $(INSTALL) -r requirements-detector.txt
	touch $@

$(READY): $(DETECTOR_READY) requirements.txt requirements-jax.txt requirements-dev.txt
	$(VENV)/bin/pip $(INSTALL) -r requirements-dev.txt
	touch $@
