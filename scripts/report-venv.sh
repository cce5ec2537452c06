#!/usr/bin/env bash
# Playwright (with the system's Chromium, none of its own) and Polars from PyPI, pinned, in a virtual environment of their own:
# FOLDER/venv. Does nothing where they are there. Prints the way to Chromium.
# usage: report-venv.sh FOLDER
set -euo pipefail
folder=$1
playwright=1.65.2; polars=2.1.0
mkdir -p "$folder"
python=$folder/venv/bin/python
chromium=${CHROMIUM:-$(command -v chromium || command -v chromium-browser || command -v google-chrome || true)}
test -n "$chromium" || { echo "error: no Chromium on this machine" >&2
  echo "hint: Debian has it in the package \`chromium\`; or name one in CHROMIUM" >&2; exit 2; }
if ! "$python" -c "import polars, sys; from importlib.metadata import version; sys.exit((version('playwright'), polars.__version__) != ('$playwright', '$polars'))" 2>/dev/null; then
  command -v python3 >/dev/null || { echo "error: no \`python3\` (3.11 or later)" >&2; exit 2; }
  python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "error: python3 is older than 3.11" >&2; exit 2; }
  rm -rf "$folder/venv"
  python3 -m venv "$folder/venv" || { echo "error: no virtual environment at $folder/venv" >&2
    echo "hint: Debian and Ubuntu have it in the package \`python3-venv\`" >&2; exit 2; }
  "$python" -m pip install --quiet --disable-pip-version-check "playwright==$playwright" "polars==$polars" >&2 || { echo "error: playwright $playwright and polars $polars from PyPI" >&2; exit 2; }
fi
echo "$chromium"
