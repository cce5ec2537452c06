#!/usr/bin/env bash
# Runs a synthetic study whose claims, program files and output are in an S3-compatible server on this machine, and compares with
# the same study on files, byte for byte; then what may go wrong: keys, buckets, connections that break off.
# usage: object-store-check.sh PROGRAM WORK
set -euo pipefail
program=$(realpath "$1"); work=$2; here=$(dirname "$(realpath "$0")")
mkdir -p "$work"; work=$(realpath "$work")
say() { echo "ok: $*"; }
fail() { echo "error: $*" >&2; exit 1; }

python=$work/venv/bin/python
[ -x "$python" ] || python3 -m venv "$work/venv"
"$python" -m pip install -q --disable-pip-version-check 'moto[server]==5.2.5'
started=()
stop() { for pid in "${started[@]}"; do kill "$pid" 2>/dev/null || true; done; wait; }
trap stop EXIT

# The server checks no credentials until it is told to.
read -r port proxy_port dead_port <<<"$("$python" "$here/object-store.py" ports 3)"
"$work/venv/bin/moto_server" -H 127.0.0.1 -p "$port" >"$work/server.log" 2>&1 & started+=($!)
server=http://127.0.0.1:$port
export AWS_ACCESS_KEY_ID=check AWS_SECRET_ACCESS_KEY=check AWS_REGION=us-east-1 AWS_DEFAULT_REGION=us-east-1
export AWS_ENDPOINT_URL=$server AWS_ALLOW_HTTP=true AWS_MAX_ATTEMPTS=2 NO_PROXY=127.0.0.1 no_proxy=127.0.0.1
unset AWS_ENDPOINT AWS_ENDPOINT_URL_S3 AWS_SESSION_TOKEN AWS_PROFILE
tool() { "$python" "$here/object-store.py" "$@"; }
for _ in $(seq 100); do tool bucket claims >/dev/null 2>&1 && break; sleep 0.2; done
read -r key secret <<<"$(tool key)"

# The same study twice: on files, and in the store.
rm -rf "$work/files" "$work/store" "$work/got"
"$program" synth --lives 800 --raw csv --out "$work/files" >/dev/null 2>&1
mkdir -p "$work/store"
sed -e 's|^raw *=.*|raw = "s3://claims/nation/raw"|' -e 's|^program *=.*|program = "s3://claims/nation/program/"|' \
  -e 's|^out *=.*|out = "s3://claims/results/run"|' \
  "$work/files/study.toml" >"$work/store/study.toml"
tool put "$work/files/raw" claims nation/raw
tool put "$work/files/program" claims nation/program
study=$work/store/study.toml
run() { "$program" run "$study" "$@" >"$work/out" 2>"$work/log" || [ $? = 1 ] || { cat "$work/log" >&2; fail "the run stopped"; }; }
fetched() { "$python" -c 'import json, sys; print(sum(of["fetched"] for of in json.load(open(sys.argv[1]))["fetched"]))' "$1"; }
# Whatever runs leave but for metrics.json, which tells times.
equal() { diff -r -x metrics.json -x '.*' "$1" "$2" >"$work/diff" || { head "$work/diff" >&2; fail "$3"; }; }
refused() { # what, the beginning of an error, command line
  local what=$1 says=$2 status=0; shift 2
  "$program" "$@" >"$work/out" 2>"$work/log" || status=$?
  [ "$status" = 2 ] || fail "$what: exit status $status"
  grep -qE "$says" "$work/log" || { cat "$work/log" >&2; fail "$what: the error does not say: $says"; }
  say "$what: $(grep -m1 '^error' "$work/log" | cut -c1-200)"
}
local_run() { "$program" run "$work/files/study.toml" >/dev/null 2>&1 || [ $? = 1 ]; }
got() { rm -rf "$work/got"; tool get claims results/run "$work/got"; }

local_run
"$program" run "$study" --dry-run >"$work/out" 2>"$work/log" || [ $? = 1 ]
[ ! -d "$work/store/lake" ] && grep -q 'raw/.* in the store' "$work/out" || fail "a dry run lists what the store has"
say "a dry run lists $(grep -c 'in the store' "$work/out") raw files of the store and fetches none of them"
run
got
equal "$work/files/run" "$work/got" "the store's run differs from the files' run"
say "$(find "$work/got" -type f | wc -l) objects of the run equal the files' run, manifest.json too; $(fetched "$work/got/metrics.json") inputs fetched"
[ "$(stat -c %a "$work/store/.remote")" = 700 ] || fail "the mirror is for its owner alone"

tool snapshot claims "" >"$work/before"
run
grep -q 'fetched=0.*\n*' "$work/log" && ! grep -E 'fetched=[1-9]' "$work/log" || fail "a second run fetches"
tool snapshot claims "" | diff "$work/before" - >/dev/null || fail "a second run writes"
say "a second run fetches nothing and writes nothing"

# A carrier file with a part of its rows, here and in the store.
changed=$(basename "$(ls "$work"/files/raw/carrier*2023*.csv | head -1)")
change() {
  "$python" - "$work/files/raw/$changed" <<'EOF'
import sys
lines = open(sys.argv[1]).readlines()
open(sys.argv[1], "w").writelines(lines[: len(lines) * 9 // 10])
EOF
  tool file "$work/files/raw/$changed" claims "nation/raw/$changed"
}
change
local_run
run
got
[ "$(fetched "$work/got/metrics.json")" = 1 ] || fail "one object changed, and $(fetched "$work/got/metrics.json") were fetched"
equal "$work/files/run" "$work/got" "after a change the store's run differs from the files' run"
say "one object changed: one fetched, the run is the files' run again"

# What stands beside a run, and other doors.
"$program" check "$study" >"$work/out" 2>&1 || [ $? = 1 ] || fail "check"
sed -e '/^raw/d' -e 's|results/run|results/from-rates|' -e 's|^program|rates = "s3://claims/nation/rates"\nprogram|' "$study" >"$work/store/rates.toml"
rm -rf "$work/rates"; mkdir "$work/rates"; cp "$work"/files/run/rates/*.csv "$work/rates/"
tool put "$work/rates" claims nation/rates
study=$work/store/rates.toml run
rm -rf "$work/got"; tool get claims results/from-rates "$work/got"
cmp "$work/files/run/savings_losses.csv" "$work/got/savings_losses.csv" || fail "rates in the store give other savings"
say "a study begins from rates in the store"
sed "s|\"s3://claims/nation|\"file://$work/files|; s|\"s3://claims/results|\"file://$work/store|" "$study" >"$work/store/file.toml"
study=$work/store/file.toml run
cmp "$work/files/run/savings_losses.csv" "$work/store/run/savings_losses.csv" || fail "file:// gives other savings"
say "file:// is a folder"

# What may go wrong.
sed 's|s3://claims/nation/raw|s3://no-such-bucket/raw|' "$study" >"$work/store/bucket.toml"
refused "no such bucket" 's3://no-such-bucket/raw: cannot be listed' run "$work/store/bucket.toml"
sed 's|s3://claims/nation/raw|s3://claims/nation/rwa|' "$study" >"$work/store/prefix.toml"
refused "no such prefix" 's3://claims/nation/rwa: no objects here' run "$work/store/prefix.toml"
refused "a prefix of something else" 's3://claims/nation: holds something else' run "$study" --out s3://claims/nation
AWS_ENDPOINT_URL=http://127.0.0.1:$dead_port refused "no server" 's3://claims/nation/[a-z]+: cannot be listed' run "$study"
tool trust "$server" 0
refused "wrong credentials" 'the store refuses the credentials' run "$study"
AWS_ACCESS_KEY_ID=$key AWS_SECRET_ACCESS_KEY=$secret run
say "right credentials: $(grep -c 'inputs mirrored' "$work/log") prefixes listed, the run is there"
tool trust "$server" 1000000000

# An upload that breaks off: what stood there stands, data and manifest.
tool snapshot claims results/run/ | grep -v '/\.' >"$work/before"
change
local_run
"$python" "$here/object-store.py" proxy "$proxy_port" "$port" refuse '^PUT .*/results/run/.acoledger-new/savings_losses' & started+=($!); breaker=$!
sleep 1
AWS_ENDPOINT_URL=http://127.0.0.1:$proxy_port refused "an upload that breaks off" 'savings_losses.*: cannot be written' run "$study"
kill "$breaker"
tool snapshot claims results/run/ | grep -v '/\.' | diff "$work/before" - >/dev/null || fail "an upload that broke off changed the earlier run"
run
got
equal "$work/files/run" "$work/got" "the upload that broke off was not made good"
tool snapshot claims results/run/.acoledger-new/ >"$work/left"
[ ! -s "$work/left" ] || fail "leftovers of the upload that broke off"
say "then the run goes up whole, and nothing is left of the attempt"

# A download that breaks off.
change
local_run
"$python" "$here/object-store.py" proxy "$dead_port" "$port" cut "^GET .*/nation/raw/$changed" & started+=($!); breaker=$!
sleep 1
AWS_ENDPOINT_URL=http://127.0.0.1:$dead_port refused "a download that breaks off" "s3://claims/nation/raw/$changed: " run "$study"
kill "$breaker"
run
got
equal "$work/files/run" "$work/got" "the download that broke off was not made good"
say "then it is fetched, and the run is the files' run"
