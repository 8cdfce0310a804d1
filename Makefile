# clinweave: development commands. Everything stays in this folder ($(VENV)) and in the clinweave cache (CLINWEAVE_HOME).
SHELL := /bin/sh
VENV ?= .venv
PY := $(VENV)/bin/python
ARGS ?=
JOBS ?= 2
FUZZ ?= 50000
SEED ?= 1
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.DEFAULT_GOAL := help
.PHONY: help demo test install test-quick test-torch fuzz lint format docs site bench clean

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "make %-11s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: $(VENV)/core.stamp ## Download databases and a model, build the graph and index, compare, write runs/demo/report.html
	@$(VENV)/bin/clinweave run recipes/demo.toml $(ARGS)

install: $(VENV)/core.stamp ## Create .venv with clinweave (no torch)

test: $(VENV)/test.stamp ## Run the tests (ARGS="tests/knowledge -x" for a part, JOBS=0 in one process)
	@$(PY) -m pytest -m "not torch and not molecules" -n $(JOBS) --dist loadfile $(ARGS)

QUICK := tests/core/test_artifacts.py tests/core/test_configuration.py tests/core/test_reports.py tests/core/test_statistics.py tests/test_project_files.py \
  tests/extensions/test_extension_points.py tests/evaluation/test_recipe.py tests/evaluation/test_runner.py tests/evaluation/test_schema.py \
  tests/evaluation/comparison tests/knowledge/test_retrievers.py tests/knowledge/test_query.py

test-quick: $(VENV)/test.stamp ## Run a part of the tests in under a minute: core, recipes, comparison, extension points
	@$(PY) -m pytest -m "not torch and not molecules and not weights" -n $(JOBS) --dist loadfile $(QUICK) $(ARGS)

test-torch: $(VENV)/train.stamp ## Run the tests that need torch, rdkit or lightgbm
	@OMP_NUM_THREADS=1 $(PY) -m pytest -m "torch or molecules" -n $(JOBS) --dist loadfile $(ARGS)

fuzz: $(VENV)/test.stamp ## Fuzz every file reader with 50,000 mutations (nightly; FUZZ=5000 SEED=2 for another run)
	@CLINWEAVE_FUZZ=$(FUZZ) CLINWEAVE_FUZZ_SEED=$(SEED) $(PY) -m pytest tests/safety/test_fuzz.py

lint: $(VENV)/lint.stamp ## Check style, types and import direction
	@$(PY) -m ruff check .
	@$(PY) -m ruff format --check .
	@$(PY) -m mypy
	@$(VENV)/bin/lint-imports

format: $(VENV)/lint.stamp ## Format the code
	@$(PY) -m ruff check --fix .
	@$(PY) -m ruff format .

docs: $(VENV)/core.stamp ## Rewrite the generated pages of docs/ from the code
	@$(PY) docs/generate_cli.py
	@$(PY) docs/generate_schema.py
	@$(PY) docs/generate_extending.py
	@$(PY) docs/generate_licences.py
	@$(PY) docs/generate_results.py
	@$(PY) docs/generate_settings.py

site: $(VENV)/docs.stamp ## Build the documentation site into build/site, offline; a warning is an error
	@NO_MKDOCS_2_WARNING=1 $(VENV)/bin/mkdocs build --quiet
	@echo "build/site/index.html (to search it: $(PY) -m http.server --directory build/site)"

bench: $(VENV)/core.stamp ## Run the benchmarks of speed and accuracy, with peers
	@found=; for file in benchmarks/*.py; do \
	  if [ -f "$$file" ]; then found=1; $(PY) "$$file" $(ARGS) || exit 1; fi; \
	done; [ -n "$$found" ] || echo "no benchmarks yet"

clean: ## Remove .venv, runs and caches of this folder (downloads stay)
	rm -rf $(VENV) runs build .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache src/*.egg-info

$(PY):
	@sh tools/make_venv.sh $(VENV)

$(VENV)/core.stamp: pyproject.toml setup.py constraints.txt tools/install.sh | $(PY)
	@sh tools/install.sh $(PY) .
	@touch $@

$(VENV)/%.stamp: $(VENV)/core.stamp
	@sh tools/install.sh $(PY) ".[$(EXTRAS)]"
	@touch $@

$(VENV)/test.stamp: EXTRAS = test,lint,postgres
$(VENV)/lint.stamp: EXTRAS = lint
$(VENV)/docs.stamp: EXTRAS = docs
$(VENV)/train.stamp: EXTRAS = test,lint,train,molecules
