#!/bin/sh
# The frozen program on a real file, with no Python in sight: selfcheck, render, infer, and what must and must not be inside.
#   sh packaging/linux/check-bundle.sh DIST/medviewer [FILE.dcm]
set -eu
bundle=$(cd "$1" && pwd)
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT
program() {
    command=$1
    shift
    env -i HOME="$out" PATH=/nowhere LANG=C.UTF-8 QT_QPA_PLATFORM=offscreen \
        "$bundle/medviewer" "$command" --profile "$out/profile" "$@"
}
fail() { echo "bundle: $1" >&2; exit 1; }

# PK-03: one OpenMP library, and nobody asks it to look away.
omp=$(find "$bundle" -name 'lib*omp*.so*' ! -type l -exec basename {} \; | grep -E '^lib(g|i)?omp' | sort -u)
[ "$(echo "$omp" | wc -l)" -eq 1 ] || fail "more than one OpenMP library: $omp"
# No GPL decoder.
[ -z "$(find "$bundle" -name '*_libjpeg*')" ] || fail "the GPL decoder is inside"
# PK-05: the platform plug-ins are there, the rest of Qt is not; the size has a limit.
[ -n "$(find "$bundle" -name 'libqxcb.so')" ] && [ -n "$(find "$bundle" -name 'libqoffscreen.so')" ] || fail "no platform plug-in"
[ -z "$(find "$bundle" -name 'libQt6WebEngine*')" ] || fail "all of Qt is inside"
[ "$(du -sm "$bundle" | cut -f1)" -le 1500 ] || fail "larger than 1500 MB"

program sample --out "$out/sample" --quiet
file=${2:-$out/sample/child/chest.dcm}
program selfcheck --json "$out/selfcheck.json" || fail "selfcheck"
program render "$file" --out "$out/pane.png" && [ -s "$out/pane.png" ] || fail "render"
program infer "$file" --json "$out/infer.json" || fail "infer"
grep -q '"status": *"ok"' "$out/infer.json" || fail "infer gave no answer"
for name in ecg.dcm note-zh.json; do
    program infer "$out/sample/adult/$name" --json "$out/infer.json" || fail "infer $name"
    grep -q '"status": *"ok"' "$out/infer.json" || fail "infer gave no answer to $name"
done
echo "bundle: selfcheck, render and infer pass without Python"
