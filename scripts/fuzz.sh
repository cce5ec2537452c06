#!/usr/bin/env bash
# Throws changed bytes at every parser, so many SECONDS over all of them, each in a process of its own whose address space is
# bounded: memory without end shows as a failure. Prints cases by parser; exit status 1 when any failed.
#
# usage: scripts/fuzz.sh SECONDS [DOOR...]
set -euo pipefail
cd "$(dirname "$0")/.."

seconds=${1:-60}
shift || true
memory_kib=$((${FUZZ_MEMORY_MIB:-3072} * 1024))
seed=${SEED:-$(date +%s)}

binary=$(cargo test --locked -q -p acoledger --test it --no-run --message-format=json |
  sed -n '/"name":"it"/s/.*"executable":"\([^"]*\)".*/\1/p' | tail -1)
doors=("$@")
if [ ${#doors[@]} -eq 0 ]; then
  mapfile -t doors < <(ls fuzz/corpus)
fi
share=$(awk -v all="$seconds" -v doors=${#doors[@]} 'BEGIN { printf "%.2f", all / doors }')
echo "seed $seed, ${#doors[@]} parsers, $share seconds each, $((memory_kib / 1024)) MiB of address space"

scratch=$(mktemp -d "$([ -d /dev/shm ] && echo /dev/shm || echo /tmp)/acoledger-fuzz.XXXXXX")
trap 'rm -rf "$scratch"' EXIT

failed=0
for door in "${doors[@]}"; do
  mkdir -p "fuzz/crashes/$door"
  rm -rf "${scratch:?}"/*
  status=0
  (
    ulimit -v "$memory_kib"
    ulimit -c 0
    cd pipeline
    export ACOLEDGER_FUZZ_SCRATCH=$scratch
    ACOLEDGER_FUZZ_SECONDS=$share ACOLEDGER_FUZZ_DOOR=$door ACOLEDGER_FUZZ_SEED=$seed ACOLEDGER_LOG=off \
      RAYON_NUM_THREADS=2 RUST_MIN_STACK=8388608 MALLOC_ARENA_MAX=2 \
      "$binary" fuzz::for_so_many_seconds --exact --ignored --nocapture --test-threads 1
  ) >"fuzz/crashes/$door/log" 2>&1 || status=$?
  grep -E '^[a-z_]+ +[0-9]+ cases|^    crashes/' "fuzz/crashes/$door/log" || true
  if [ "$status" -ne 0 ]; then
    failed=1
    if [ -f "$scratch/at-hand" ]; then
      kept="fuzz/crashes/$door/ended-$(sha256sum "$scratch/at-hand" | cut -c1-12)"
      mv "$scratch/at-hand" "$kept"
      echo "$door: the process ended (status $status) with $kept; fuzz/crashes/$door/log says more"
    fi
  fi
done
exit $failed
