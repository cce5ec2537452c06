# `make` lists the targets. Nothing here needs more than a Rust toolchain (1.90 or later), a C compiler and make;
# `worlds-check` and `rates-check` also use python3, `peer-assign`, `peer-spend`, `peer-ingest` and `peer-polars` python3 with venv, and DuckDB and Polars
# from PyPI; `object-store-check` python3 with venv, and an S3-compatible server from PyPI; `workbook-check` python3 and LibreOffice (Debian
# `libreoffice-calc`); `report-check` python3 with venv, Playwright and Polars from PyPI, and Chromium; `wheel`, `python-test` and `spark-test` python3
# with venv and packages from PyPI, the last Java 17.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

ORACLES := $(abspath $(or $(ACOLEDGER_ORACLES),../shared))
LIVES ?= 50000
SEED ?= 1
DEMO ?= target/demo
# Share of people whose home practice is in an ACO: far above the published one, so that 50,000 lives have seven ACOs of real size.
DEMO_ACO_SHARE ?= 0.95
comma := ,
RELEASE := target/release/acoledger
ifdef CARGO_TARGET_DIR
RELEASE := $(CARGO_TARGET_DIR)/release/acoledger
endif

.PHONY: help
help: ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sort | awk -F':.*## ' '{printf "  make %-16s %s\n", $$1, $$2}'

.PHONY: build
build: ## the program, optimised (first time 10 to 15 minutes on 2 cores, most of it Polars)
	cargo build --release --locked -p acoledger

.PHONY: demo
demo: build ## a synthetic nation of LIVES=50000, DEMO_ACO_SHARE=0.95 of them in ACOs, performance years 2023 and 2024 from raw claims, in target/demo
	rm -rf $(DEMO)
	$(RELEASE) synth --lives $(LIVES) --aco-share $(DEMO_ACO_SHARE) --years 2023,2024 --raw parquet --out $(DEMO)
	$(RELEASE) run $(DEMO)/study.toml

.PHONY: test
test: ## all tests; those that need data outside the repository say so when it is absent
	cargo test --workspace --exclude acoledger-python --locked

.PHONY: test-oracles
test-oracles: oracles ## all tests, failing when the data outside the repository is absent
	ACOLEDGER_ORACLES=$(ORACLES) cargo test --workspace --exclude acoledger-python --locked

.PHONY: oracles
oracles:
	@for f in published/mssp_results_py2023.csv rates_cases/expected.csv worlds/w1/expected/assignment.csv \
	  rif/cms_synthetic_sample/carrier.csv; do \
	  test -f "$(ORACLES)/data/$$f" || { echo "error: no oracle data at $(ORACLES)/data/$$f" >&2; \
	  echo "hint: set ACOLEDGER_ORACLES to the folder that holds spec/ and data/" >&2; exit 1; }; done

.PHONY: lint
lint: ## formatting and lints, warnings are errors
	cargo fmt --all --check
	cargo clippy --workspace --all-targets --locked -- -D warnings

.PHONY: worlds-check
worlds-check: oracles build ## the small worlds with known answers, through the program; counts rows that differ
	scripts/worlds-check.sh $(RELEASE) $(ORACLES)

.PHONY: rates-check
rates-check: oracles build ## the invented ACO-years at the rates door, through the program: results, and the walk line by line
	scripts/rates-check.sh $(RELEASE) $(ORACLES)

.PHONY: workbook-check
workbook-check: build ## every formula of a workbook, recalculated by LibreOffice (soffice), against the run: a nation of 20,000 lives, and the rates cases times six
	scripts/workbook-check.sh $(RELEASE) $(ORACLES) target/workbook-check

.PHONY: worked-check
worked-check: oracles ## the printed numbers of the worked examples and of CMS's own, counted equal and different
	@test -f "$(ORACLES)/spec/worked_example.json" || { echo "error: no $(ORACLES)/spec/worked_example.json" >&2; exit 1; }
	ACOLEDGER_ORACLES=$(ORACLES) cargo test -q --locked -p acoledger-aco --test it -- worked_example:: cms_examples --nocapture
	ACOLEDGER_ORACLES=$(ORACLES) cargo test -q --locked -p acoledger --test it -- worked_panel:: --nocapture

.PHONY: hcc-check
hcc-check: oracles ## risk scores of every model against independent scorers, the errors others made, properties; counts rows that differ
	@test -f "$(ORACLES)/data/hcc/vectors_v28.csv" || { echo "error: no vectors at $(ORACLES)/data/hcc" >&2; exit 1; }
	ACOLEDGER_ORACLES=$(ORACLES) cargo test -q --locked -p acoledger-hcc --test it -- vectors:: --nocapture --test-threads 1
	ACOLEDGER_ORACLES=$(ORACLES) cargo test -q --locked -p acoledger-hcc

.PHONY: replay-check
replay-check: oracles build ## CMS's published results, re-derived
	@for f in $(ORACLES)/data/published/*_results_py*.csv; do $(RELEASE) replay $$f || exit 1; done

.PHONY: replay-sweep
replay-sweep: oracles ## every settled cell of the published results changed in seven ways; what is not found, compared
	ACOLEDGER_ORACLES=$(ORACLES) cargo test --release --locked -p acoledger-aco --no-default-features --test it -- replay_sweep --include-ignored

.PHONY: bench-feed
bench-feed: ## records of a feed read and packed, beside a bare scan of their lines: GB/s of both
	cargo bench --locked -p acoledger-ingest --bench feed

.PHONY: bench-kernels
bench-kernels: ## the kernels of the person grain one by one, on 4,000 lives in memory, one thread: rows a second
	cargo bench --locked -p acoledger --bench kernels

.PHONY: bench-reforms
bench-reforms: oracles ## a thousand reforms of 500 ACOs against as many plain runs: times, ratio and its limit
	ACOLEDGER_ORACLES=$(ORACLES) cargo bench --locked -p acoledger-aco --no-default-features --bench reforms

PYTHON_WHEEL := $(or $(CARGO_TARGET_DIR),target)/wheels
# `dev` builds in minutes and runs slowly: what CI does.
WHEEL_PROFILE ?= release

.PHONY: wheel
wheel: ## the Python wheel (maturin, from PyPI) for Python 3.10 and later, in target/wheels; first time as long as `make build`
	scripts/venv.sh target/wheel maturin==1.16.0
	rm -rf $(PYTHON_WHEEL)
	target/wheel/venv/bin/maturin build --profile $(WHEEL_PROFILE) --locked -m pipeline/python/Cargo.toml --out $(PYTHON_WHEEL)
	@ls $(PYTHON_WHEEL)/*.whl

# The program whose bytes the wheel must give.
PYTHON_PROGRAM := $(or $(CARGO_TARGET_DIR),target)/$(if $(filter dev,$(WHEEL_PROFILE)),debug,release)/acoledger

.PHONY: python-program
python-program:
	cargo build $(if $(filter dev,$(WHEEL_PROFILE)),,--release) --locked -p acoledger

.PHONY: python-test
python-test: wheel python-program ## the wheel in a fresh virtual environment: bytes of the program, tables in other libraries, errors, notebook, Delta, Iceberg
	rm -rf target/python-test
	scripts/venv.sh target/python-test -r pipeline/python/tests/requirements.txt $(PYTHON_WHEEL)/*.whl
	ACOLEDGER_BIN=$(abspath $(PYTHON_PROGRAM)) target/python-test/venv/bin/python -m pytest -q pipeline/python/tests --ignore pipeline/python/tests/spark

.PHONY: spark-test
spark-test: wheel python-program ## the wheel on Apache Spark (PyPI; needs Java 17): local and in executors of their own, one of them killed; bytes of the program
	rm -rf target/spark-test
	scripts/venv.sh target/spark-test -r pipeline/python/tests/spark/requirements.txt $(PYTHON_WHEEL)/*.whl
	ACOLEDGER_BIN=$(abspath $(PYTHON_PROGRAM)) target/spark-test/venv/bin/python -m pytest -q pipeline/python/tests/spark

.PHONY: bench-spark
bench-spark: wheel build ## the same lake by rayon, by Spark over shard paths and from rows, LIVES=50000: rows a second, memory of each worker
	scripts/venv.sh target/spark-test -r pipeline/python/tests/spark/requirements.txt $(PYTHON_WHEEL)/*.whl
	target/spark-test/venv/bin/python scripts/bench-spark.py $(RELEASE) target/bench-spark $(LIVES)

MDBOOK := target/tools/bin/mdbook
MDBOOK_VERSION := 0.5.4

# Watching and serving are left out of mdBook: fifty crates fewer, a minute and a half on 2 cores.
$(MDBOOK):
	@echo "mdBook $(MDBOOK_VERSION) from crates.io into target/tools, once"
	cargo install mdbook --version $(MDBOOK_VERSION) --locked --no-default-features --features search --root target/tools

.PHONY: docs
docs: $(MDBOOK) ## the documentation as a site in target/book (mdBook, from crates.io into target/tools the first time); pages made from code are held by tests
	@$(MDBOOK) --version | grep -qx "mdbook v$(MDBOOK_VERSION)" || { rm -f $(MDBOOK); $(MAKE) $(MDBOOK); }
	$(MDBOOK) build docs
	@echo "open target/book/index.html"

.PHONY: golden
golden: oracles ## write anew what tests compare with and the program prints: counts and totals of replay, help, pages
	ACOLEDGER_ORACLES=$(ORACLES) UPDATE_EXPECT=1 cargo test --workspace --exclude acoledger-python --locked

.PHONY: fuzz
fuzz: ## changed bytes at every parser for SECONDS=60 in all, under a bound of memory; exit status 1 when one fails (fuzz/crashes)
	scripts/fuzz.sh $(or $(SECONDS),60)

.PHONY: fuzz-corpus
fuzz-corpus: ## the fuzzer's seeds anew, from a synthetic nation and by hand
	cargo test -q --locked -p acoledger --test it -- fuzz::corpus::anew --exact --ignored

# The peers take LIVES as given, else a million.
PEER_LIVES := $(if $(filter file,$(origin LIVES)),1000000,$(LIVES))

.PHONY: peer-assign
peer-assign: build ## the same assignment in SQL, by DuckDB, on LIVES=1000000 lives: lives that differ, seconds of both; 15 GB of disk
	scripts/peer-check.sh assign $(RELEASE) $(PEER_LIVES) target/peer

.PHONY: peer-spend
peer-spend: build ## the same spending, thresholds and cells in SQL: cells that differ, seconds of both; 15 GB of disk
	scripts/peer-check.sh spend $(RELEASE) $(PEER_LIVES) target/peer

# Ingest takes LIVES as given, else 60,000: 6 GB of disk as text, 2 GB as Parquet.
INGEST_LIVES := $(if $(filter file,$(origin LIVES)),60000,$(LIVES))

.PHONY: peer-ingest
peer-ingest: build ## the same ingest by DuckDB, from text and from Parquet, LIVES=60000: columns that differ, seconds, bytes and memory of both
	scripts/peer-check.sh ingest-csv $(RELEASE) $(INGEST_LIVES) target/peer
	scripts/peer-check.sh ingest-parquet $(RELEASE) $(INGEST_LIVES) target/peer

.PHONY: peer-polars
peer-polars: build ## the same assignment, spending, thresholds and cells by Polars: cells that differ, seconds of both; 15 GB of disk
	scripts/peer-check.sh spend $(RELEASE) $(PEER_LIVES) target/peer polars

.PHONY: peer-hcc
peer-hcc: oracles ## risk scores of the same people by hccinfhir (PyPI) and by our kernel, one process each: people a second, ratio
	scripts/peer-hcc.sh $(ORACLES)/data/hcc target/peer-hcc

.PHONY: determinism
determinism: build ## the same bytes for 1 and 2 threads and 8 and 64 shards
	scripts/determinism.sh $(RELEASE)

CYCLES ?= 50

.PHONY: soak
soak: build ## a run killed at random moments and run again, CYCLES=50 times: its bytes must be those of an undisturbed one
	scripts/soak.py $(RELEASE) target/soak $(CYCLES) $(SEED)

# Types of few lives need this many; LIVES as given goes before it.
CALIBRATE_LIVES := $(if $(filter file,$(origin LIVES)),200000,$(LIVES))

.PHONY: object-store-check
object-store-check: ## a study from and to an S3-compatible server (PyPI) on this machine, byte for byte beside files; what may break off
	cargo build --locked -p acoledger --features object-store
	scripts/object-store-check.sh $(or $(CARGO_TARGET_DIR),target)/debug/acoledger target/object-store-check

REPORT_CHECK := target/report-check

.PHONY: report-check
report-check: build ## the report in a headless Chromium (of the system; Playwright and Polars from PyPI): 500 ACOs, size, seconds, sorting, print, phone
	test -f $(DEMO)/run/manifest.json || $(MAKE) demo
	mkdir -p $(REPORT_CHECK)
	scripts/report-venv.sh $(REPORT_CHECK) > $(REPORT_CHECK)/chromium
	$(REPORT_CHECK)/venv/bin/python scripts/report-wide.py $(RELEASE) $(DEMO) $(REPORT_CHECK)/wide 500
	$(REPORT_CHECK)/venv/bin/python scripts/report-check.py $(RELEASE) "$$(cat $(REPORT_CHECK)/chromium)" $(DEMO) $(REPORT_CHECK)

.PHONY: calibrate
calibrate: build ## the synthetic nation of 2018 against published figures (data/calibration/targets.json), LIVES=200000, SEED=1
	rm -rf target/calibrate
	$(RELEASE) synth --lives $(CALIBRATE_LIVES) --seed $(SEED) --years 2018 --raw lake --out target/calibrate
	$(RELEASE) run target/calibrate/study.toml --csv
	scripts/calibrate.py target/calibrate/run target/calibrate/lake data/calibration/targets.json

BENCH := target/bench

# What the peers need: DuckDB and Polars, pinned, in a virtual environment of their own.
.PHONY: bench
bench: build ## each stage in its own process beside bare decoding, DuckDB and Polars (PyPI), LIVES=200000: table, benches/runs/DATE; 20 to 40 minutes
	scripts/peer-venv.sh target/peer
	scripts/bench.py run $(RELEASE) $(BENCH) --peers target/peer --lives $(if $(filter file,$(origin LIVES)),200000,$(LIVES))

.PHONY: bench-check
bench-check: ## the latest runs of benches/runs against benches/limits.toml; exit status 1 when a ratio is missed
	scripts/bench.py check

# Lives on disk, ascending, separated by commas; and LIVES:YEAR:FIRST_YEAR of nations made in memory.
SCALE_MEMORY ?= 1000000:2019:2019,10000000:2019:2016,44000000:2019:2019
.PHONY: scale
scale: build ## the same stages for LIVES=1000000,4000000 on disk (6 GB for a million) and up to 44 million lives in memory; hours
	scripts/bench.py scale $(RELEASE) $(BENCH) --lives $(if $(filter file,$(origin LIVES)),1000000$(comma)4000000,$(LIVES)) --memory "$(SCALE_MEMORY)"
