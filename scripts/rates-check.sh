#!/usr/bin/env bash
# Runs the invented ACO-years at the rates door and compares with their exact results, and the walk line by line.
# usage: rates-check.sh PROGRAM ORACLES
set -euo pipefail
program=$(realpath "$1"); cases=$2/data/rates_cases
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
cp -r "$cases/study.toml" "$cases/program" "$cases/rates" "$work/"
"$program" run "$work/study.toml" >"$work/log" 2>&1 || { cat "$work/log"; exit 1; }
python3 "$cases/check.py" "$work/run" "$cases/expected.csv"
python3 "$(dirname "$0")/compare_steps.py" "$work/run" "$cases/expected_steps.csv"
