#!/usr/bin/env bash
# Makes workbooks of a synthetic nation and of hundreds of invented ACO-years, and has LibreOffice calculate every formula.
# usage: workbook-check.sh PROGRAM ORACLES WORK
set -euo pipefail
program=$(realpath "$1"); cases=$2/data/rates_cases; work=$3; here=$(dirname "$(realpath "$0")")
command -v soffice >/dev/null || { echo "error: no soffice" >&2; echo "hint: install LibreOffice (Debian: libreoffice-calc)" >&2; exit 1; }
rm -rf "$work"; mkdir -p "$work"
check() {
  echo "== $1"
  "$program" report "$work/$1/run" --xlsx "$work/$1.xlsx"
  "$here/workbook-check.py" "$work/$1.xlsx" "$work/$1/run" "${@:2}"
}
"$program" synth --lives 20000 --aco-share 0.95 --years 2023,2024 --raw lake --out "$work/nation" >"$work/log"
"$program" run "$work/nation/study.toml" >>"$work/log" 2>&1
check nation --spoil
if [ -d "$cases" ]; then
  "$here/workbook-cases.py" "$cases" "$work/cases" 6
  "$program" run "$work/cases/study.toml" >>"$work/log" 2>&1
  check cases
else
  echo "no oracle data at $cases: the rates cases are left out"
fi
