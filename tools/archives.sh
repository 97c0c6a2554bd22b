#!/usr/bin/env bash
# Makes the archives of a release: one for each system, each with its bill of materials, and SHA256SUMS of all.
#
#   ./run archives [--out FOLDER] [SYSTEM...]
#
# SYSTEM                linux-x64 or linux-arm64; both if none is named
# --out FOLDER          where they are left, in place of artifacts/archives
# WGPROXY_BINARIES=DIR  DIR/SYSTEM/wgproxy is packed; without it, each is built
#
# The same programs give the same bytes (SOURCE_DATE_EPOCH is the commit's time).
# Needs an x86-64 machine with the .NET SDK, clang, jq, and the C libraries of the other systems. It installs them as root.
set -euo pipefail

root=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.." && pwd)
who=archives
# shellcheck source=tools/build.sh
. "$root/tools/build.sh"

out=$root/artifacts/archives systems=()
while (($# > 0)); do
    case $1 in
        --out) out=${2:?--out needs a folder}; shift ;;
        linux-x64 | linux-arm64) systems+=("$1") ;;
        *) say "expected linux-x64, linux-arm64 or --out FOLDER, not \"$1\""; exit 2 ;;
    esac
    shift
done
((${#systems[@]} > 0)) || systems=(linux-x64 linux-arm64)
mkdir -p "$out"
out=$(cd -- "$out" && pwd)

# What linking for a system takes.
needs() {
    case $1 in
        linux-x64) echo clang:clang objcopy:binutils /usr/include/stdio.h:libc6-dev ;;
        linux-arm64) echo clang:clang aarch64-linux-gnu-gcc:gcc-aarch64-linux-gnu /usr/aarch64-linux-gnu/include/stdio.h:libc6-dev-arm64-cross ;;
    esac
}

version=$(sed -n 's:.*<Version>\(.*\)</Version>.*:\1:p' "$root/Version.props")
SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git -C "$root" log -1 --format=%ct 2>/dev/null || date +%s)}
export SOURCE_DATE_EPOCH
install_missing "the archives" jq:jq perl:perl || exit

# Names sorted, nobody's files, one time.
pack() {
    tar --create --sort=name --format=gnu --mtime="@$SOURCE_DATE_EPOCH" --owner=0 --group=0 --numeric-owner --mode=u+rwX,go+rX,go-w \
        --directory "$out/tree" "$1" | gzip --no-name --best >"$out/$1.tar.gz"
}

for system in "${systems[@]}"; do
    if [[ -n ${WGPROXY_BINARIES:-} ]]; then
        built=$WGPROXY_BINARIES/$system
    else
        need_dotnet || exit
        read -ra tools < <(needs "$system")
        install_missing "the program for $system" "${tools[@]}" || exit
        built=$root/artifacts/archives-built/$system
        say "building for $system"
        rm -rf "$built"
        publish "archives-built/$system" -p:PublishProfile="$system" || { cat "$built.log" >&2; exit 1; }
    fi
    name=wgproxy-$version-$system
    rm -rf "$out/tree"
    mkdir -p "$out/tree/$name"
    (cd -- "$root" && cp -r --parents contrib "$out/tree/$name")
    "$root/tools/documents.sh" "$out/tree/$name"
    install -m 755 "$built/wgproxy" "$out/tree/$name/wgproxy"
    "$root/tools/sbom.sh" "$root/src/WgProxy/packages.$system.lock.json" "$built/wgproxy" >"$out/tree/$name/wgproxy.cdx.json"
    cp "$out/tree/$name/wgproxy.cdx.json" "$out/$name.cdx.json"
    pack "$name"
    if [[ -f $built/wgproxy.dbg ]]; then
        mkdir -p "$out/tree/$name-symbols"
        install -m 644 "$built/wgproxy.dbg" "$out/tree/$name-symbols/wgproxy.dbg"
        pack "$name-symbols"
    fi
    rm -rf "$out/tree"
done
(cd -- "$out" && sha256sum ./*.tar.gz ./*.cdx.json | sed 's: \./: :' >SHA256SUMS)
ls "$out"/*.tar.gz
