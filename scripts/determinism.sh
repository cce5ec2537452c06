#!/usr/bin/env bash
# The same bytes for 1 and 2 threads and 8 and 64 shards: everything that a run writes but metrics.json; the sharded
# tables in shard order, as the CSV copies hold them.
# usage: determinism.sh PROGRAM
set -euo pipefail
program=$(realpath "$1")
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
"$program" synth --lives 2000 --years 2023,2024 --raw csv --out "$work/nation" >/dev/null 2>&1
hashes() { # folder: hash and name of each file that counts
  (cd "$1" && find . -type f ! -name metrics.json ! -path './assignment/*' ! -path './person_year/*' -print0 | sort -z | xargs -0 sha256sum)
}
first=
for threads in 1 2; do
  for shards in 8 64; do
    "$program" run "$work/nation/study.toml" --threads $threads --shards $shards --out "$work/run" --csv >/dev/null 2>"$work/log" \
      || { cat "$work/log" >&2; exit 1; }
    hashes "$work/run" >"$work/hashes"
    total=$(sha256sum <"$work/hashes" | cut -c1-16)
    echo "threads $threads, shards $(printf %2d $shards): $(wc -l <"$work/hashes") files, $total"
    if [ -z "$first" ]; then first=$total; cp "$work/hashes" "$work/first"; fi
    if [ "$total" != "$first" ]; then diff "$work/first" "$work/hashes" || true; echo "error: the bytes differ" >&2; exit 1; fi
    rm -rf "$work/run" "$work/nation/lake"
  done
done
echo "same bytes"
