#!/bin/sh
# One command → dist/medviewer, a onedir bundle that needs no Python, from a clean environment; then its own checks.
#   sh packaging/linux/bundle.sh [WORK]     WORK (default /tmp/medviewer-bundle) gets the environment, the build and the bundle
set -eu
cd "$(dirname "$0")/../.."
root=$PWD
work=${1:-/tmp/medviewer-bundle}
python=${PYTHON:-$(command -v python3.11 || command -v python3)}
start=$(date +%s)

[ -x "$work/env/bin/python" ] || "$python" -m venv "$work/env"
"$work/env/bin/python" -m pip install --quiet --upgrade "pip>=25.1"
"$work/env/bin/python" -m pip install --quiet -c constraints.txt . pyinstaller==6.22.3
# The package itself comes from the checkout, with resources and models beside it.
"$work/env/bin/python" -m pip uninstall --quiet --yes medviewer
"$work/env/bin/python" -m PyInstaller --noconfirm --log-level WARN \
    --distpath "$work/dist" --workpath "$work/build" packaging/medviewer.spec
built=$(date +%s)

sh "$root/packaging/linux/check-bundle.sh" "$work/dist/medviewer"
printf 'bundle: %s, %s MB, %s s to build, %s s with checks\n' "$work/dist/medviewer" \
    "$(du -sm "$work/dist/medviewer" | cut -f1)" "$((built - start))" "$(($(date +%s) - start))"
