# make run    set up, then open the window (without a display: train off-screen, save a picture)
# make test   set up, then every check and test, without a display
# make bench  how fast it is, measured; also in build/bench.json

PYTHON := .venv/bin/python
READY := .venv/.ready
HEADLESS := QT_QPA_PLATFORM=offscreen

.PHONY: run test lint bench clean

run: $(READY)
ifeq ($(shell uname -s)$(DISPLAY)$(WAYLAND_DISPLAY),Linux)
	@echo "No display here: training off-screen for 10 seconds instead."
	$(PYTHON) main.py screenshot mnist-cnn --train 10 --out build/backlit.png
else
	$(PYTHON) main.py
endif

test: lint
	$(HEADLESS) $(PYTHON) -m pytest -n 2

lint: $(READY)
	$(PYTHON) -m ruff check .
	$(PYTHON) -m ruff format --check .
	$(PYTHON) -m mypy
	.venv/bin/lint-imports --no-logo

bench: $(READY)
	$(HEADLESS) $(PYTHON) -m tests.benchmarks

# Made anew only when what is to be installed has changed.
$(READY): pyproject.toml constraints.txt scripts/setup.sh
	sh scripts/setup.sh
	touch $@

clean:
	rm -rf .venv build
