#!/usr/bin/env bash
# DuckDB and Polars, pinned, in FOLDER/venv.
# usage: peer-venv.sh FOLDER
set -euo pipefail
"$(dirname "$(realpath "$0")")/venv.sh" "$1" duckdb==2.0.0 polars==2.1.0
