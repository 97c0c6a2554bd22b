# shellcheck shell=bash
# What run, test, the demo and bench/compare share: how to get the programs they need, and the relay in its two forms.
#
#   native      one file, compiled for this kind of machine; linking it takes a C compiler, running it takes nothing
#   framework   compiled while it runs, by the .NET runtime
#
# Sourced with "who" set to the name that begins each line, and "root" to the checkout.
: "${who:?}" "${root:?}"

export DOTNET_NOLOGO=1 DOTNET_CLI_TELEMETRY_OPTOUT=1 HOME="${HOME:-/tmp}"

say() { echo "$who: $*" >&2; }

# How somebody who is not root gets a command done, as he would type it.
as_root() {
    if command -v sudo >/dev/null; then
        echo "sudo $1"
    else
        echo "su -c '$1'"
    fi
}

# Whether a command, one of several (a|b), or a file is there.
has() {
    local name names
    IFS='|' read -ra names <<<"$1"
    for name in "${names[@]}"; do
        if [[ $name == /* ]]; then
            [[ -e $name ]] && return
        elif command -v "$name" >/dev/null; then
            return
        fi
    done
    return 1
}

# The packages of those that are missing: missing NEED:PACKAGE...
missing() {
    local pair
    for pair; do
        has "${pair%%:*}" || echo "${pair#*:}"
    done | sort -u | paste -sd ' '
}

# Installs what is missing, as root and with apt-get; else says what to type. False if something stays missing.
#   install_missing "what it is for" NEED:PACKAGE...
install_missing() {
    local purpose=$1 packages log
    shift
    packages=$(missing "$@")
    [[ -n $packages ]] || return 0
    if ! command -v apt-get >/dev/null; then
        say "$purpose needs more than is installed here; what Debian calls $packages"
        return 1
    fi
    local line="apt-get install --no-install-recommends $packages"
    if ((EUID != 0)); then
        say "$purpose needs more than is installed here. Type: $(as_root "$line")"
        return 1
    fi
    say "installing for $purpose: $packages"
    export DEBIAN_FRONTEND=noninteractive
    [[ -n ${lists_are_new:-} ]] || apt-get -q -o DPkg::Lock::Timeout=120 update </dev/null >/dev/null 2>&1
    lists_are_new=1
    log=$(# shellcheck disable=SC2086
        apt-get -q -y -o DPkg::Lock::Timeout=120 install --no-install-recommends $packages </dev/null 2>&1) || echo "$log" >&2
    packages=$(missing "$@")
    [[ -n $packages ]] || return 0
    say "could not install: $packages"
    return 1
}

need_dotnet() {
    command -v dotnet >/dev/null && return
    say "needs the .NET SDK 10 (command dotnet): https://dotnet.microsoft.com/download, or your distribution's package dotnet-sdk-10.0"
    return 1
}

# The publish profile of this machine's native form; nothing where there is none.
native_profile() {
    local profile
    profile=linux-$(uname -m)
    profile=${profile/x86_64/x64}
    profile=${profile/aarch64/arm64}
    # The native runtime that is published is linked to glibc; where musl is the system's, that is of no use.
    compgen -G "/lib/ld-musl-*" >/dev/null && [[ ! -e /lib64/ld-linux-x86-64.so.2 && ! -e /lib/ld-linux-aarch64.so.1 ]] && return
    [[ $(uname -s) == Linux && -f $root/src/WgProxy/Properties/PublishProfiles/$profile.pubxml ]] && echo "$profile"
    return 0
}

linker=("clang|gcc:gcc" "objcopy|llvm-objcopy:binutils" "/usr/include/stdio.h:libc6-dev")

# Whether a file is newer than every source.
is_current() {
    [[ -f $1 ]] || return 1
    [[ -z $(find "$root/src" "$root"/*.props "$root"/*.targets "$root/global.json" -type f -newer "$1" -print -quit) ]]
}

# Publishes a form into artifacts/FORM; what dotnet said is in artifacts/FORM.log: publish FORM [ARGUMENT...]
publish() {
    local out=$root/artifacts/$1
    shift
    mkdir -p "$root/artifacts"
    (cd -- "$root" && dotnet publish src/WgProxy --configuration Release --output "$out" --nologo --verbosity quiet \
        --disable-build-servers "$@") >"$out.log" 2>&1 </dev/null || return 1
    touch "$out/wgproxy"
}

# The native form, if its tools are here or can be had. Sets form and relay; or why_not, and returns 1 where this machine
# cannot have it, 2 where it can and the build failed.
build_native() {
    local profile out=$root/artifacts/native
    relay=$out/wgproxy form=native why_not=
    is_current "$relay" && return
    profile=$(native_profile)
    if [[ -z $profile ]]; then
        why_not="there is none for $(uname -s) on $(uname -m), or not with this C library"
        return 1
    fi
    if ! install_missing "the native form" "${linker[@]}"; then
        why_not="a C compiler is missing"
        return 1
    fi
    say "building the relay, native form"
    publish native -p:PublishProfile="$profile" && return
    # The compiler's package cannot be had from where packages are got here.
    if grep -qE 'error NU(1100|1101|1102|1301|1801)' "$out.log"; then
        why_not="its compiler could not be downloaded ($(grep -oEm 1 'NU[0-9]+: .*' "$out.log"))"
        return 1
    fi
    why_not="the build failed"
    return 2
}

# shellcheck disable=SC2034 # those who source this read them
build_framework() {
    relay=$root/artifacts/framework/wgproxy form=framework
    is_current "$relay" && return
    say "building the relay, framework form"
    publish framework && return
    cat "$root/artifacts/framework.log" >&2
    say "the build failed"
    return 1
}

# Builds the relay if a source is newer than the last build: the native form, or, saying why not, the other. With
# WGPROXY_FORM=native or framework that one and no other. Sets form and relay.
build_relay() {
    need_dotnet || return 3
    case ${WGPROXY_FORM:-} in
        '' | native | framework) ;;
        *) say "WGPROXY_FORM is \"$WGPROXY_FORM\": expected native or framework"; return 2 ;;
    esac
    if [[ ${WGPROXY_FORM:-} != framework ]]; then
        build_native && return
        [[ $why_not != "the build failed" ]] || cat "$root/artifacts/native.log" >&2
        say "no native form: $why_not"
        [[ -z ${WGPROXY_FORM:-} ]] || return 1
        say "taking the framework form, which starts more slowly and holds more memory"
    fi
    build_framework
}
