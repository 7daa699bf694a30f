#!/bin/sh
# The bundle as a Debian package: /opt/medviewer, the command, an entry in the desktop's menu. No Python is needed to install it.
#   sh packaging/linux/deb.sh [DIST/medviewer [OUT]]
set -eu
cd "$(dirname "$0")/../.."
bundle=${1:-/tmp/medviewer-bundle/dist/medviewer}
out=${2:-$(dirname "$bundle")}
version=$(sed -n 's/^__version__ = "\(.*\)"/\1/p' medviewer/__init__.py)
tree=$(mktemp -d)
trap 'rm -rf "$tree"' EXIT
chmod 755 "$tree"
install -d "$tree/DEBIAN" "$tree/opt" "$tree/usr/bin" "$tree/usr/share/applications" "$tree/usr/share/icons/hicolor/256x256/apps"
cp -al "$bundle" "$tree/opt/medviewer" 2>/dev/null || cp -a "$bundle" "$tree/opt/medviewer"
ln -s /opt/medviewer/medviewer "$tree/usr/bin/medviewer"
install -m 644 resources/medviewer.png "$tree/usr/share/icons/hicolor/256x256/apps/medviewer.png"
install -m 644 packaging/linux/medviewer.desktop "$tree/usr/share/applications/medviewer.desktop"
cat > "$tree/DEBIAN/control" <<END
Package: medviewer
Version: $version
Architecture: $(dpkg --print-architecture)
Maintainer: The medviewer founders <noreply@medviewer.invalid>
Section: science
Priority: optional
Installed-Size: $(du -sk "$bundle" | cut -f1)
Depends: $(paste -sd, packaging/linux/libraries.txt)
Description: CT, X-ray, ECG and notes of one patient, read along by networks
 A desktop program for DICOM images, ECG recordings and clinical notes. Research use only, not for diagnosis.
END
package="$out/medviewer_${version}_$(dpkg --print-architecture).deb"
dpkg-deb --root-owner-group -Zzstd -z3 --build "$tree" "$package" > /dev/null
printf 'package: %s, %s MB\n' "$package" "$(du -m "$package" | cut -f1)"
