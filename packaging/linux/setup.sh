#!/bin/sh
# Fresh Debian or Ubuntu → .venv with medviewer: system libraries of Qt, then pip with the pins. --dev adds the test tools.
set -eu
cd "$(dirname "$0")/../.."

as_root() { if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi; }

packages="python3-venv $(cat packaging/linux/libraries.txt)"
missing=""
for package in $packages; do
    dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing="$missing $package"
done
# Ubuntu 24.04 calls it libglib2.0-0t64, which provides the old name.
if [ -n "$missing" ]; then
    as_root apt-get update -qq
    # shellcheck disable=SC2086
    as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing
fi

python=${PYTHON:-$(command -v python3.11 || command -v python3)}
[ -x .venv/bin/python ] || "$python" -m venv .venv
.venv/bin/python -m pip install --quiet --upgrade "pip>=25.1"
if [ "${1:-}" = --dev ]; then
    .venv/bin/python -m pip install --quiet -c constraints.txt -e . --group dev
    # As pip does for what it copies: without it, and with PYTHONDONTWRITEBYTECODE set, every start compiled a tenth of a second.
    .venv/bin/python -m compileall -q medviewer
else
    .venv/bin/python -m pip install --quiet -c constraints.txt .
fi
