#!/usr/bin/env bash
# Scores the people of the vectors with hccinfhir (PyPI, in a virtual environment of its own) and with our kernel, one process and core each.
#   peer-hcc.sh VECTORS_FOLDER WORK_FOLDER
set -euo pipefail
vectors=$1 work=$2
here=$(cd "$(dirname "$0")/.." && pwd)
mkdir -p "$work"
# The peer has maps from 2025 on: both get the people of those years.
files=()
for model in v22 v24 v28; do
  awk -F, 'NR == 1 || $3 >= 2025' "$vectors/vectors_$model.csv" > "$work/vectors_$model.csv"
  files+=("$(cd "$work" && pwd)/vectors_$model.csv")
done
test -x "$work/venv/bin/python" || python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q hccinfhir==0.4.0
(cd "$here" && cargo bench -q --locked -p acoledger-hcc --bench score -- "${files[@]}") | grep '^{' > "$work/ours.jsonl"
"$work/venv/bin/python" "$here/benches/peers/hcc.py" "$work/ours.jsonl" "${files[@]}"
