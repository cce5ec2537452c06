#!/usr/bin/env bash
# Runs each small world through the program and compares with its known answers.
# usage: worlds-check.sh PROGRAM ORACLES
set -euo pipefail
program=$(realpath "$1"); oracles=$2; failed=0
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
for world in "$oracles"/data/worlds/w*/; do
  name=$(basename "$world")
  mkdir -p "$work/$name"
  cp -r "$world/study.toml" "$world/program" "$work/$name/"
  ln -s "$(realpath "$world/raw")" "$work/$name/raw"
  echo "== $name"
  "$program" cells --csv "$work/$name/study.toml" >"$work/$name/log" 2>&1 || { cat "$work/$name/log"; failed=1; }
  # The sharded Parquet needs pyarrow to read; the CSV copies stand beside it.
  rm -rf "$work/$name/run/assignment" "$work/$name/run/person_year"; rm -f "$work/$name"/run/cells/*.parquet
  python3 "$oracles/data/worlds/check.py" "$world" "$work/$name/run" || failed=1
done
exit $failed
