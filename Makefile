# Short names for dvc, `python -m potstill`, pytest, ruff and mypy. What they do is in dvc.yaml, potstill/commands and
# pyproject.toml.
.DEFAULT_GOAL := help
.PHONY: help setup lock repro estimate batches variants compare remote publish publish-dataset push pull doctor status gc provenance reproduce verify restore azurite dag report student student-setup student-status test test-all consumers lint format types check docs clean

PYTHON ?= python3
UV_VERSION := 0.13.9
AZURITE_VERSION := 3.37.0
AZURITE := .azurite/node_modules/azurite/dist/src/blob/main.js
READY := .venv/.ready
STUDENT_READY := student/.venv/.ready
# A setting counts where it is said on the command line, not where the environment happens to have it.
given = $(if $(findstring command,$(origin $(1))),$(filter-out 0,$($(1))))
export PATH := $(CURDIR)/.venv/bin:$(PATH)
# Stages and tests start Python often; with its bytecode kept, that takes half the time.
export PYTHONDONTWRITEBYTECODE :=

help: ## list these goals
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 10

setup: $(READY) $(patsubst %,.venv/.ready-%,$(call given,EXTRAS)) ## make .venv with everything pinned in requirements.lock; EXTRAS=ray: Ray as well, for runtime.engine

$(READY): requirements.lock
	@$(PYTHON) -c 'import sys; v = sys.version_info; sys.exit(None if (3, 11) <= v[:2] <= (3, 13) else f"make setup: expected Python 3.11 to 3.13, got {v.major}.{v.minor}; name another one: make setup PYTHON=python3.12")'
	@git rev-parse --git-dir >/dev/null 2>&1 || { echo 'make setup: expected a git repository, which DVC needs, found none; `git clone` the project, or `git init && git add --all && git commit --message Start` makes one of this folder' >&2; exit 1; }
	$(PYTHON) -m venv .venv
	python -m pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)
	uv pip sync --quiet --python .venv requirements.lock $(patsubst .venv/.ready-%,requirements-%.lock,$(wildcard .venv/.ready-*))
	git config merge.dvc.name "DVC merge driver"
	git config merge.dvc.driver 'PATH="$(CURDIR)/.venv/bin:$$PATH"; dvc fetch --quiet --all-commits data/ledger.dvc; dvc git-hook merge-driver --ancestor %O --our %A --their %B'
	@touch $@

.venv/.ready-%: requirements-%.lock $(READY)
	uv pip install --quiet --python .venv --requirements $<
	@touch $@

lock: $(READY) ## remake the locks from pyproject.toml, with the newest versions
	uv pip compile --quiet --upgrade --universal --python-version 3.11 --generate-hashes --no-emit-index-url --group dev pyproject.toml -o requirements.lock
	uv pip compile --quiet --upgrade --universal --python-version 3.11 --generate-hashes --no-emit-index-url --group ray --constraints requirements.lock -o requirements-ray.lock
	uv pip compile --quiet --upgrade --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-package torch --group student --constraints requirements.lock --constraints student/torch.txt -o student/requirements.lock

repro: $(READY) ## run the stages that an edit concerns: from questions to a training set
	@python -m potstill check repro summary

estimate: $(READY) ## say what would be asked and what it would cost; asks nothing; PILOT=20: 20 of it first, which are kept
	@python -m potstill check
	@dvc repro --quiet prepare
	@python -m potstill estimate $(if $(call given,PILOT),--pilot '$(call given,PILOT)')

batches: $(READY) ## list the batches that runtime.batch submitted: state, age, counts, cost; CANCEL=id: cancel one; FORGET=id: give one up whose endpoint is gone
	@python -m potstill batches --cancel '$(call given,CANCEL)' --forget '$(call given,FORGET)'

variants: $(READY) ## run prompts as experiments: PROMPTS=letter,chain_of_thought; TEACHERS=a,b: each with each; JOBS=2: two at once
	@python -m potstill variants --prompts '$(call given,PROMPTS)' --teachers '$(call given,TEACHERS)' --jobs '$(if $(findstring command,$(origin JOBS)),$(JOBS),1)'

compare: $(READY) ## say which variant is better, whether by more than chance, at what cost; REVS="main thinking", SPLIT=validation
	@python -m potstill compare --revisions '$(call given,REVS)' --split '$(call given,SPLIT)'

remote: $(READY) ## set and check the remote storage: URL=azure://container/path, s3://, gs://, ssh:// or a folder
	@python -m potstill remote --url '$(call given,URL)'

publish: $(READY) ## write what was bought to data/ledger, track it with DVC and push it
	@python -m potstill publish

publish-dataset: $(READY) ## upload data/export with its card to the Hugging Face Hub: REPO=owner/name; PRIVATE=1: a new one private; YES=1: do not ask
	@python -m potstill publish_dataset --repository '$(call given,REPO)' $(if $(call given,PRIVATE),--private) $(if $(call given,YES),--yes)

push: $(READY) ## publish, and push the outputs; ALL=1: of all commits, EXPS=1: experiments as well
	@python -m potstill push $(if $(call given,ALL),--all-commits) $(if $(call given,EXPS),--experiments)

pull: $(READY) ## fetch outputs and the ledger, into the journal; ALL=1, EXPS=1 as for push; FORCE=1: over unsaved files
	@python -m potstill pull $(if $(call given,ALL),--all-commits) $(if $(call given,EXPS),--experiments) $(if $(call given,FORCE),--force)

doctor: $(READY) ## check params, credentials, the teacher, the ledger and the remote; makes one call to each endpoint
	@python -m potstill doctor

status: $(READY) ## say what would rerun, why, and at what cost, what is missing here, and what is only here
	@python -m potstill status

gc: $(READY) ## free space in DVC's cache of what `make pull` brings back; EXPS=1: of experiments, too; UNPUSHED=1: of what nothing names
	@python -m potstill gc $(if $(call given,EXPS),--experiments) $(if $(call given,UNPUSHED),--unpushed)

provenance: $(READY) ## say where the export came from, and who changed what since; REV=tag: of another commit
	@python -m potstill provenance --revision '$(call given,REV)'

reproduce: $(READY) ## run the stages of a commit elsewhere, without a call, and compare the export: REV=tag
	@python -m potstill reproduce --revision '$(call given,REV)'

verify: $(READY) ## check data/export against its manifest
	@python -m potstill verify

azurite: $(READY) $(AZURITE) ## run Microsoft's emulator of Azure Blob Storage, to try a remote without an account
	@python -m tests.servers.azurite

$(AZURITE):
	@command -v npm >/dev/null || { echo 'make azurite: expected npm, found none; install Node.js (Debian: nodejs and npm)' >&2; exit 1; }
	npm install --silent --no-save --no-fund --no-audit --prefix .azurite azurite@$(AZURITE_VERSION)

restore: $(READY) ## go back to the last committed run: params (yours go to git's stash), metrics and outputs; answers stay
	@python -m potstill restore

student: $(READY) $(STUDENT_READY) student/dvc.yaml ## train students on data/export, ask them, and report what they learned; sets up and runs what they need
	@python -m potstill check
	@dvc repro student/dvc.yaml

student-setup: $(STUDENT_READY) student/dvc.yaml ## make student/.venv, with torch and what student/requirements.lock pins, and student/dvc.yaml

# Torch alone is taken by pip, by its own settings: they say which build, one for a GPU or one for the CPU.
$(STUDENT_READY): student/requirements.lock student/torch.txt $(READY)
	$(PYTHON) -m venv student/.venv
	student/.venv/bin/python -m pip install --quiet --disable-pip-version-check --requirement student/torch.txt
	uv pip install --quiet --no-deps --python student/.venv --requirements student/requirements.lock
	@touch $@

# DVC's own `checkout` and `exp apply` fail while a pipeline is there that never ran, so this one comes when it is wanted.
student/dvc.yaml:
	cp student/pipeline.yaml $@

student-status: $(READY) ## say which stages `make student` would run, and why
	@python -m potstill check student_status

dag: $(READY) ## draw the pipeline
	@dvc dag

report: ## print where the report page is, and open it where there is a browser
	@test -f reports/index.html || { echo 'reports/index.html: not there yet; run `make repro`' >&2; exit 1; }
	@echo "$(CURDIR)/reports/index.html"
	@git describe --always --exclude='*' --dirty=' and changes that are not committed' 2>/dev/null | sed 's/^/at commit /' || true
	@$(PYTHON) -m webbrowser "file://$(CURDIR)/reports/index.html"

test: $(READY) ## run the tests, all but the slow ones
	pytest --numprocesses=auto --dist=worksteal -m "not slow"

test-all: $(READY) ## run the slow tests, too: long stories through real dvc processes, many kills, many random cases
	pytest --numprocesses=auto --dist=worksteal

consumers: $(READY) ## have the real trainers read data/export: TRL, Olive, LLaMA-Factory, Axolotl; downloads gigabytes; CONSUMERS="trl olive"
	@python -m tests.consumers $(call given,CONSUMERS)

lint: $(READY) ## check style
	ruff check
	ruff format --check
	lint-imports
	cog --check --verbosity=1 -I . README.md docs/benchmarks.md docs/student.md

docs: $(READY) ## write the tables of README.md, docs/benchmarks.md and docs/student.md anew
	cog -r -I . README.md docs/benchmarks.md docs/student.md

format: $(READY) ## put the code into the house style
	ruff check --fix
	ruff format

types: $(READY) ## check types
	mypy

check: lint types test-all ## lint, types, test-all

clean: ## remove what the stages and the tools wrote; answers stay in the journal, data/ledger and DVC's cache
	rm -rf data/raw data/requests data/responses data/answers data/export reports/tables reports/figures reports/index.html reports/training_set.js reports/student.js reports/compare student/models student/curves student/answers student/checked student/checkpoints student/cards student/dvc_plots dvc_plots logs .mypy_cache .pytest_cache .ruff_cache .hypothesis .import_linter_cache
