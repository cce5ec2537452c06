#!/usr/bin/env bash
# A synthetic nation through the program and through a peer; what differs, and the seconds of both. Cleans up after itself.
# usage: peer-check.sh assign|spend|ingest-csv|ingest-parquet PROGRAM LIVES FOLDER [ENGINE]
# ENGINE: duckdb (default) or polars. FOLDER keeps the engines themselves (venv/). PEER_KEEP=1 keeps the nation for the next run,
# PEER_YEARS the performance years, PEER_MEMORY the memory of an ingest, PEER_JSON=FILE what was measured.
set -euo pipefail
job=$1; program=$(realpath "$2"); lives=$3; folder=$4; engine=${5:-duckdb}
here=$(dirname "$(realpath "$0")"); years=${PEER_YEARS:-2023,2024}
raw=lake; [[ $job != ingest-* ]] || raw=${job#ingest-}
mkdir -p "$folder"

# 9 KB of lake and, while SQL runs, 6 KB of tables and spill for each life; of raw text 120 KB, and rows that wait of both sides.
kib_of_a_life=15; [[ $raw != parquet ]] || kib_of_a_life=60; [[ $raw != csv ]] || kib_of_a_life=170
need_kib=$((lives * kib_of_a_life + 500000)); free_kib=$(df --output=avail -k "$folder" | tail -1)
if ((free_kib < need_kib)); then
  echo "error: $folder: free disk of about $((need_kib / 1000000 + 1)) GB is needed, there is: $((free_kib / 1000000)) GB" >&2
  echo "hint: fewer lives: \`make peer-$job LIVES=100000\`" >&2; exit 2
fi

"$here/peer-venv.sh" "$folder"
python=$folder/venv/bin/python

nation=$folder/nation-$lives-${years//,/-}-$raw
trap 'rm -rf "$folder/temp"; [[ -n ${PEER_KEEP:-} ]] || rm -rf "$nation"' EXIT
if [[ ! -f $nation/answer_key.csv ]]; then
  rm -rf "$nation"
  "$program" synth --lives "$lives" --years "$years" --raw "$raw" --out "$nation" >/dev/null
fi
json=(${PEER_JSON:+--json "$PEER_JSON"})
if [[ $raw == lake ]]; then
  "$python" "$here/peer-compare.py" "$job" "$program" "$nation/study.toml" --engine "$engine" --temp "$folder/temp" "${json[@]}"
else
  "$python" "$here/ingest-compare.py" "$program" "$nation/study.toml" --temp "$folder/temp" --memory "${PEER_MEMORY:-4GiB}" "${json[@]}"
fi
