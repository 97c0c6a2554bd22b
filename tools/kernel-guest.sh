#!/usr/bin/env bash
# Makes what the tests with the kernel's WireGuard boot in qemu: Debian's cloud kernel, taken from its package without
# installing it, and a root in memory with the programs of this machine that the tests call.
#
#   tools/kernel-guest.sh FOLDER [PROGRAM]
#
# leaves FOLDER/vmlinuz, FOLDER/initrd and FOLDER/name. The root has PROGRAM too. The package is fetched once (26 MB, apt-get download) and kept;
# the root is made anew each time, which takes a second. Needs apt, dpkg-deb and busybox-static.
set -euo pipefail

folder=${1:?usage: tools/kernel-guest.sh FOLDER [PROGRAM]}
program=${2:-}
mkdir -p "$folder"
folder=$(cd -- "$folder" && pwd)
export PATH="$PATH:/usr/sbin:/sbin"

stop() {
    echo "kernel-guest: $1" >&2
    exit 1
}

# The image that the distribution's meta-package stands for now.
image_package() {
    apt-cache depends linux-image-cloud-amd64 2>/dev/null | awk '/Depends: linux-image-/ { print $2; exit }'
}

fetch() {
    local package try
    package=$(image_package)
    # A machine whose lists were never fetched, or thrown away, as in an image for containers.
    [[ -n $package ]] || { apt-get update -q >/dev/null 2>&1 || true; package=$(image_package); }
    [[ -n $package ]] || stop "apt serves no linux-image-cloud-amd64"
    # Other programs hold apt's lock for a while, and mirrors drop connections.
    for try in 1 2 3; do
        (cd "$folder" && apt-get download -q "$package" >/dev/null 2>"$folder/apt.log") && break
        ((try < 3)) || stop "could not fetch $package: $(tail -1 "$folder/apt.log")"
        ((try < 2)) || apt-get update -q >/dev/null 2>&1 || true
    done
    rm -rf "$folder/image.new"
    dpkg-deb -x "$folder/$package"_*.deb "$folder/image.new"
    rm -rf "$folder/image" "$folder/$package"_*.deb "$folder/apt.log"
    mv "$folder/image.new" "$folder/image"
}

[[ -d $folder/image/boot ]] || fetch
release=$(basename "$folder"/image/boot/vmlinuz-*)
release=${release#vmlinuz-}

root="$folder/root"
rm -rf "$root"
mkdir -p "$root"/{bin,dev,etc,proc,run/netns,sbin,sys,tmp,usr/bin,usr/sbin,var/run,lib,lib64}
ln -s ../run/netns "$root/var/run/netns"

# A program and the libraries that it is linked with, where they are found here.
take() {
    local file library
    file=$(command -v "$1") || stop "needs the command $1"
    cp -L "$file" "$root/bin/"
    for library in $(ldd "$file" 2>/dev/null | grep -oE '/[^ ]+' || true); do
        [[ -f $root$library ]] || { mkdir -p "$root$(dirname "$library")" && cp -L "$library" "$root$library"; }
    done
}

for name in busybox bash ip wg ping iperf3 nft ethtool; do
    take "$name"
done
[[ -z $program ]] || take "$program"

# Modules, and those that they need.
modules="$folder/image/lib/modules/$release"
busybox depmod -b "$folder/image" "$release"
wanted=(virtio_pci virtio_net virtio_console bridge veth wireguard nf_tables nft_chain_nat nft_masq nft_ct nf_conntrack ipv6 vrf)
for module in "${wanted[@]}"; do
    while read -r file; do
        [[ -z $file ]] || (cd "$folder/image" && cp -p --parents "lib/modules/$release/$file" "$root/")
    done < <(grep -E "(^|/)$module\.ko:" "$modules/modules.dep" | tr -d ':' | tr ' ' '\n')
done
cp "$modules"/modules.{builtin,order} "$root/lib/modules/$release/" 2>/dev/null || true
busybox depmod -b "$root" "$release"

# One shell for each port of the virtual serial line. A port can be opened once at a time.
cat >"$root/init" <<'INIT'
#!/bin/busybox sh
/bin/busybox --install -s /bin
ln -s /bin/busybox /sbin/modprobe
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t devtmpfs dev /dev
ln -s /proc/self/fd /dev/fd
mount -t tmpfs run /run
mkdir -p /run/netns
export PATH=/bin:/sbin HOME=/tmp
for module in virtio_pci virtio_net virtio_console bridge veth wireguard nf_tables nft_chain_nat nft_masq nft_ct vrf; do
    modprobe $module || echo "init: no module $module"
done
ip link set lo up
for port in /dev/vport*; do
    (while :; do bash --noprofile --norc <>"$port" >&0 2>&1; done) &
done
echo "init: ready, kernel $(uname -r)"
while :; do sleep 1000; done
INIT
chmod +x "$root/init"

cp "$folder/image/boot/vmlinuz-$release" "$folder/vmlinuz"
# Not compressed: under emulation, unpacking costs more than reading.
(cd "$root" && find . | busybox cpio -o -H newc 2>/dev/null) >"$folder/initrd"
echo "$release" >"$folder/name"
rm -rf "$root"
