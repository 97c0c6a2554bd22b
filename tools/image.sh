#!/usr/bin/env bash
# Makes the container image of the program, for the kind of machine on which it runs:
# artifacts/image/wgproxy_VERSION_ARCHITECTURE.tar, which docker, podman and others load.
#
#   ./run image [FOLDER]
#
# FOLDER                where the image is left, in place of artifacts/image
# WGPROXY_BINARY=PATH   this native program is packed; without it, one is built
#
# Needs buildah, which it installs as root, and on Debian the packages whose files go into the image: apt-get fetches them.
# No registry is asked, nothing is started in the image, and no Docker is needed.
set -euo pipefail

root=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.." && pwd)
who=image
# shellcheck source=tools/build.sh
. "$root/tools/build.sh"
# The user of the image, by number: a cluster that demands one who is not root looks at no name.
readonly user=65532

out=${1:-$root/artifacts/image}
mkdir -p "$out"
out=$(cd -- "$out" && pwd)
install_missing "the image" buildah:buildah dpkg-deb:dpkg || exit
if [[ -n ${WGPROXY_BINARY:-} ]]; then
    relay=$(realpath -- "$WGPROXY_BINARY")
else
    need_dotnet || exit
    build_native || { cat "$root/artifacts/native.log" >&2 2>/dev/null || true; say "no native form: $why_not"; exit 1; }
fi

version=$(sed -n 's:.*<Version>\(.*\)</Version>.*:\1:p' "$root/Version.props")
architecture=$(dpkg --print-architecture)
multiarch=$(dpkg-architecture -qDEB_HOST_MULTIARCH 2>/dev/null || gcc -print-multiarch)
work=$out/work
rm -rf "$work"
mkdir -p "$work"/{packages,debian,root,own}

# What the image has of Debian: the C library, OpenSSL, and the certificate authorities. .NET loads OpenSSL when it speaks TLS.
ssl=$(apt-cache pkgnames libssl3 | grep -xE 'libssl3(t64)?' | sort | tail -1)
packages=(libc6 "$ssl" ca-certificates)
fetch() { (cd -- "$work/packages" && apt-get -q download "${packages[@]}" >"$out/packages.log" 2>&1); }
# Old lists name versions that are gone.
fetch || { ((EUID == 0)) && apt-get -q -o DPkg::Lock::Timeout=120 update </dev/null >/dev/null 2>&1 && fetch; } || {
    cat "$out/packages.log" >&2
    say "apt-get could not fetch: ${packages[*]}"
    exit 1
}
for package in "$work"/packages/*.deb; do
    dpkg-deb --extract "$package" "$work/debian"
done

# The libraries, where the loader looks first on either layout of Debian.
libraries=$work/root/usr/lib/$multiarch
mkdir -p "$libraries"
ln -s usr/lib "$work/root/lib"
loader=$(basename -- "$(find "$work/debian" -name 'ld-linux-*.so.*' -print -quit)")
for library in "$loader" libc.so.6 libm.so.6 libresolv.so.2 libssl.so.3 libcrypto.so.3; do
    cp -L -- "$(find "$work/debian" -path "*/$multiarch/$library" -print -quit)" "$libraries/"
done
if [[ $architecture == amd64 ]]; then
    ln -s usr/lib64 "$work/root/lib64"
    mkdir "$work/root/usr/lib64"
    ln -s "../lib/$multiarch/$loader" "$work/root/usr/lib64/$loader"
else
    ln -s "$multiarch/$loader" "$work/root/usr/lib/$loader"
fi

# The authorities in one file, as update-ca-certificates makes it.
mkdir -p "$work/root/etc/ssl/certs"
find "$work/debian/usr/share/ca-certificates" -name '*.crt' -print0 | sort -z | xargs -0 cat >"$work/root/etc/ssl/certs/ca-certificates.crt"

mkdir -p "$work"/root/{etc/wgproxy,usr/bin,usr/share/doc/wgproxy,tmp,run,var/lib}
echo "wgproxy:x:$user:$user:WireGuard relay:/var/lib/wgproxy:/usr/sbin/nologin" >"$work/root/etc/passwd"
echo "wgproxy:x:$user:" >"$work/root/etc/group"
echo "hosts: files dns" >"$work/root/etc/nsswitch.conf"
install -m 755 "$relay" "$work/root/usr/bin/wgproxy"
cp "$root"/{LICENSE-MIT,LICENSE-BSD-2-Clause,THIRD-PARTY-NOTICES} "$work/root/usr/share/doc/wgproxy/"
for package in "${packages[@]}"; do
    install -D -m 644 "$work/debian/usr/share/doc/$package/copyright" "$work/root/usr/share/doc/$package/copyright"
done
for package in "$work"/packages/*.deb; do echo "$(dpkg-deb --field "$package" Package) $(dpkg-deb --field "$package" Version)"; done >"$work/root/usr/share/doc/wgproxy/debian-packages"
mkdir -p "$work/own/var/lib/wgproxy"
find "$work/root" "$work/own" -type d -exec chmod 755 {} +
find "$work/root" -type f ! -path '*/usr/bin/*' ! -name "$loader" -exec chmod 644 {} +
chmod 1777 "$work/root/tmp"
chmod 700 "$work/own/var/lib/wgproxy"

# The day of the last change, so that the same tree and the same packages make the same image.
SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git -C "$root" log -1 --format=%ct 2>/dev/null || date +%s)}
plain=(--sort=name --mtime="@$SOURCE_DATE_EPOCH" --numeric-owner --format=gnu)
tar -C "$work/root" "${plain[@]}" --owner=0 --group=0 -cf "$work/root.tar" .
tar -C "$work/own" "${plain[@]}" --owner="$user" --group="$user" -rf "$work/root.tar" var/lib/wgproxy
cp "$root/contrib/container/Containerfile" "$work/"

# A storage of its own, by plain copies: it works in a container too, and leaves nothing on the machine.
name=wgproxy:$version
archive=$out/wgproxy_${version}_$architecture.tar
storage=(--root "$work/storage" --runroot "$work/run" --storage-driver vfs)
rm -f "$archive"
{
    buildah "${storage[@]}" bud --isolation chroot --format docker --timestamp "$SOURCE_DATE_EPOCH" --layers=false \
        --label "org.opencontainers.image.title=wgproxy" --label "org.opencontainers.image.version=$version" \
        --label "org.opencontainers.image.licenses=BSD-2-Clause OR MIT" --tag "$name" "$work" &&
        buildah "${storage[@]}" push "$name" "docker-archive:$archive:$name"
} >"$out/build.log" 2>&1 </dev/null || {
    cat "$out/build.log" >&2
    exit 1
}
rm -rf "$work"
echo "$archive"
