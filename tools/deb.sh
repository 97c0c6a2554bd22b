#!/usr/bin/env bash
# Makes the Debian package of the program, for the machine on which it runs: artifacts/deb/wgproxy_VERSION_ARCHITECTURE.deb.
#
#   ./run deb [FOLDER]
#
# FOLDER                where the package is left, in place of artifacts/deb
# WGPROXY_BINARY=PATH   this native program is packed; without it, one is built
# DEBFULLNAME, DEBEMAIL  who publishes the package, as Debian's own tools have it
#
# Needs debhelper and dpkg-dev, which it installs as root.
set -euo pipefail

root=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.." && pwd)
who=deb
# shellcheck source=tools/build.sh
. "$root/tools/build.sh"

out=${1:-$root/artifacts/deb}
mkdir -p "$out"
out=$(cd -- "$out" && pwd)
install_missing "the package" dh:debhelper dpkg-buildpackage:dpkg-dev || exit
if [[ -n ${WGPROXY_BINARY:-} ]]; then
    relay=$(realpath -- "$WGPROXY_BINARY")
else
    need_dotnet || exit
    build_native || { cat "$root/artifacts/native.log" >&2 2>/dev/null || true; say "no native form: $why_not"; exit 1; }
fi

# A prerelease comes before its release: dpkg orders by "~" what NuGet orders by "-".
version=$(sed -n 's:.*<Version>\(.*\)</Version>.*:\1:p' "$root/Version.props")
version=${version/-/\~}
tree=$out/tree
rm -rf "$tree"
mkdir -p "$tree"
# Licences and changes have files of their own in a package, and what is in contrib is elsewhere in it.
"$root/tools/documents.sh" "$tree" LICENSE-BSD-2-Clause LICENSE-MIT CHANGELOG.md
(cd -- "$root" && cp -r --parents debian contrib "$tree")
install -m 755 "$relay" "$tree/wgproxy"
[[ -z ${DEBEMAIL:-} ]] || sed -i "s/^Maintainer: .*/Maintainer: ${DEBFULLNAME:-The wgproxy authors} <$DEBEMAIL>/" "$tree/debian/control"

# dpkg names a unit and its like by the package.
cp "$tree"/contrib/systemd/wgproxy.{service,socket} "$tree/debian/"
cp "$tree/contrib/sysusers.d/wgproxy.conf" "$tree/debian/wgproxy.sysusers"
cp "$tree/contrib/tmpfiles.d/wgproxy.conf" "$tree/debian/wgproxy.tmpfiles"

# The items of the newest release, each joined to one line, without marks, and folded as debian/changelog is.
items() {
    awk '/^## / { if (++part > 1) exit; next } part && /^- / { print ""; printf "%s", substr($0, 3); next } part && /^  [^ ]/ { printf " %s", substr($0, 3) } END { print "" }' "$root/CHANGELOG.md" |
        sed -e '/^$/d' -e 's/\*\*//g' -e 's/`//g' -e 's/\[\([^]]*\)\]([^)]*)/\1/g' |
        while read -r item; do
            fold -s -w 74 <<<"$item" | sed -e '1s/^/  * /' -e '2,$s/^/    /' -e 's/ *$//'
        done
}

# The day of the last change, so that the same tree makes the same package.
SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git -C "$root" log -1 --format=%ct 2>/dev/null || date +%s)}
export SOURCE_DATE_EPOCH
{
    echo "wgproxy ($version) unstable; urgency=medium"
    echo
    items
    echo
    echo " -- $(sed -n 's/^Maintainer: //p' "$tree/debian/control")  $(date --utc --date="@$SOURCE_DATE_EPOCH" +'%a, %d %b %Y %H:%M:%S +0000')"
} >"$tree/debian/changelog"

(cd -- "$tree" && LC_ALL=C.UTF-8 dpkg-buildpackage --build=binary --unsigned-changes --unsigned-buildinfo) >"$out/build.log" 2>&1 </dev/null || {
    cat "$out/build.log" >&2
    exit 1
}
rm -rf "$tree"
echo "$out/wgproxy_${version}_$(dpkg --print-architecture).deb"
