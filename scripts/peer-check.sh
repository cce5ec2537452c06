#!/usr/bin/env bash
# A synthetic nation through the program and through DuckDB; what differs, and the seconds of both. Cleans up after itself.
# usage: peer-check.sh assign|spend|ingest-csv|ingest-parquet PROGRAM LIVES FOLDER
# FOLDER keeps DuckDB itself (venv/). PEER_KEEP=1 keeps the nation for the next run, PEER_YEARS the performance years; PEER_MEMORY
# bounds the memory of an ingest, and PEER_JSON is a file that takes its numbers.
set -euo pipefail
job=$1; program=$(realpath "$2"); lives=$3; folder=$4
here=$(dirname "$(realpath "$0")"); years=${PEER_YEARS:-2023,2024}
duckdb=2.0.0
raw=lake; [[ $job != ingest-* ]] || raw=${job#ingest-}
mkdir -p "$folder"

# 9 KB of lake and, while the SQL runs, 6 KB of tables and spill for each life; of raw text 120 KB, and rows that wait of both sides.
kib_of_a_life=15; [[ $raw != parquet ]] || kib_of_a_life=60; [[ $raw != csv ]] || kib_of_a_life=170
need_kib=$((lives * kib_of_a_life + 500000)); free_kib=$(df --output=avail -k "$folder" | tail -1)
if ((free_kib < need_kib)); then
  echo "error: $folder: free disk of about $((need_kib / 1000000 + 1)) GB is needed, there is: $((free_kib / 1000000)) GB" >&2
  echo "hint: fewer lives: \`make peer-$job LIVES=100000\`" >&2; exit 2
fi

python=$folder/venv/bin/python
if ! "$python" -c "import duckdb, sys; sys.exit(duckdb.__version__ != '$duckdb')" 2>/dev/null; then
  command -v python3 >/dev/null || { echo "error: no \`python3\` (3.11 or later)" >&2; exit 2; }
  python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "error: python3 is older than 3.11" >&2; exit 2; }
  rm -rf "$folder/venv"
  python3 -m venv "$folder/venv" || { echo "error: no virtual environment at $folder/venv" >&2
    echo "hint: Debian and Ubuntu have it in the package \`python3-venv\`" >&2; exit 2; }
  "$python" -m pip install --quiet --disable-pip-version-check "duckdb==$duckdb" || { echo "error: duckdb $duckdb from PyPI" >&2; exit 2; }
fi

nation=$folder/nation-$lives-${years//,/-}-$raw
trap 'rm -rf "$folder/temp"; [[ -n ${PEER_KEEP:-} ]] || rm -rf "$nation"' EXIT
if [[ ! -f $nation/answer_key.csv ]]; then
  rm -rf "$nation"
  "$program" synth --lives "$lives" --years "$years" --raw "$raw" --out "$nation" >/dev/null
fi
if [[ $raw == lake ]]; then
  "$python" "$here/peer-compare.py" "$job" "$program" "$nation/study.toml" --temp "$folder/temp"
else
  "$python" "$here/ingest-compare.py" "$program" "$nation/study.toml" --temp "$folder/temp" --memory "${PEER_MEMORY:-4GiB}" \
    ${PEER_JSON:+--json "$PEER_JSON"}
fi
