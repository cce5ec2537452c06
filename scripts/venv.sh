#!/usr/bin/env bash
# Packages from PyPI, pinned, in a virtual environment of their own: FOLDER/venv. Does nothing where they are there.
# usage: venv.sh FOLDER NAME==VERSION…
set -euo pipefail
folder=$1; shift
mkdir -p "$folder"
python=$folder/venv/bin/python
if ! "$python" -c "import sys; from importlib.metadata import version; sys.exit(any(version(of.split('==')[0]) != of.split('==')[1] for of in sys.argv[1:]))" "$@" 2>/dev/null; then
  command -v python3 >/dev/null || { echo "error: no \`python3\` (3.11 or later)" >&2; exit 2; }
  python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "error: python3 is older than 3.11" >&2; exit 2; }
  rm -rf "$folder/venv"
  python3 -m venv "$folder/venv" || { echo "error: no virtual environment at $folder/venv" >&2
    echo "hint: Debian and Ubuntu have it in the package \`python3-venv\`" >&2; exit 2; }
  "$python" -m pip install --quiet --disable-pip-version-check "$@" >&2 || { echo "error: $* from PyPI" >&2; exit 2; }
fi
