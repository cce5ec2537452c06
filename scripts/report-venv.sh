#!/usr/bin/env bash
# Playwright (with the system's Chromium, none of its own) and Polars, pinned, in FOLDER/venv. Prints the way to Chromium.
# usage: report-venv.sh FOLDER
set -euo pipefail
chromium=${CHROMIUM:-$(command -v chromium || command -v chromium-browser || command -v google-chrome || true)}
test -n "$chromium" || { echo "error: no Chromium on this machine" >&2
  echo "hint: Debian has it in the package \`chromium\`; or name one in CHROMIUM" >&2; exit 2; }
"$(dirname "$(realpath "$0")")/venv.sh" "$1" playwright==1.65.2 polars==2.1.0
echo "$chromium"
