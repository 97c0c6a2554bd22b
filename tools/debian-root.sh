#!/usr/bin/env bash
# Makes a Debian 12 with systemd and little else (curl, which the pages use), which tests boot and install the package on. It is made once and kept.
#
#   tools/debian-root.sh FOLDER
#
# leaves its files in FOLDER/root. Takes about a minute and 250 MB. Needs root and debootstrap; packages come from where apt gets them.
set -euo pipefail

folder=${1:?usage: tools/debian-root.sh FOLDER}
release=bookworm
export PATH="$PATH:/usr/sbin:/sbin"
mkdir -p "$folder"
folder=$(cd -- "$folder" && pwd)
packages=systemd,systemd-sysv,curl
[[ $(cat "$folder/root/etc/made" 2>/dev/null) != "$packages" ]] || exit 0

stop() {
    echo "debian-root: $1" >&2
    exit 1
}

mirror=$(apt-get indextargets --format "\$(REPO_URI)" "Codename: $release" "Created-By: Packages" 2>/dev/null | head -1)
[[ -n $mirror ]] || stop "apt has no lists of $release"
rm -rf "$folder/new" "$folder/root"
debootstrap --variant=minbase --include="$packages" "$release" "$folder/new" "$mirror" >"$folder/log" 2>&1 || stop "$(tail -3 "$folder/log")"

# What was downloaded is of no use any more, and a machine has an identity of its own.
rm -rf "$folder"/new/var/cache/apt/archives/*.deb "$folder"/new/var/lib/apt/lists/*
: >"$folder/new/etc/machine-id"
echo "$packages" >"$folder/new/etc/made"
mv "$folder/new" "$folder/root"
