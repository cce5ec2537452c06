#!/usr/bin/env bash
# DuckDB and Polars from PyPI, pinned, in a virtual environment of their own: FOLDER/venv. Does nothing where they are there.
# usage: peer-venv.sh FOLDER
set -euo pipefail
folder=$1
duckdb=2.0.0; polars=2.1.0
mkdir -p "$folder"
python=$folder/venv/bin/python
if ! "$python" -c "import duckdb, polars, sys; sys.exit((duckdb.__version__, polars.__version__) != ('$duckdb', '$polars'))" 2>/dev/null; then
  command -v python3 >/dev/null || { echo "error: no \`python3\` (3.11 or later)" >&2; exit 2; }
  python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "error: python3 is older than 3.11" >&2; exit 2; }
  rm -rf "$folder/venv"
  python3 -m venv "$folder/venv" || { echo "error: no virtual environment at $folder/venv" >&2
    echo "hint: Debian and Ubuntu have it in the package \`python3-venv\`" >&2; exit 2; }
  "$python" -m pip install --quiet --disable-pip-version-check "duckdb==$duckdb" "polars==$polars" || { echo "error: duckdb $duckdb and polars $polars from PyPI" >&2; exit 2; }
fi
