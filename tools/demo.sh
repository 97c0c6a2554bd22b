#!/usr/bin/env bash
# A tunnel through the relay, on this machine alone: a WireGuard client that has only IPv4, a WireGuard server that has
# only IPv6, and the relay between them, each in a network namespace of its own.
#
#   client ──10.82.1.0/24── relay ──fd82:2::/64── server        inside the tunnel: 10.83.0.2 and 10.83.0.1
#
# ./run demo calls it.
set -euo pipefail

root=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.." && pwd)
who=demo
# shellcheck source=tools/build.sh
. "$root/tools/build.sh"
readonly port=51820 client_inner=10.83.0.2 server_inner=10.83.0.1 pings=5 seconds=6
export PATH="$PATH:/usr/sbin:/sbin"

# Before anything is built or installed.
if ((EUID != 0)); then
    line="./run demo"
    # The path that sudo gives leads to no SDK in a home.
    ! command -v sudo >/dev/null || [[ $(command -v dotnet) == /usr/* ]] || line="env PATH=\"\$PATH\" $line"
    say "makes network namespaces, for which it needs root. Type: $(as_root "$line")"
    exit 3
fi
if [[ ! -c /dev/net/tun ]]; then
    say "needs /dev/net/tun. Type: modprobe tun"
    exit 3
fi
install_missing "the demo" ip:iproute2 wg:wireguard-tools wireguard-go:wireguard-go iperf3:iperf3 ping:iputils-ping || exit 3
build_relay || exit
# Where the checkout is not root's, neither is what was built in it.
chown -R --reference="$root" "$root/artifacts"
unset WGPROXY_FORM
relay_binary=$relay

client=wgdemo$$-client relay=wgdemo$$-relay server=wgdemo$$-server
# Interface names are global to wireguard-go's control sockets, so they are unique too.
client_wg=wgd$$c server_wg=wgd$$s
logs=$(mktemp -d)
processes=() spaces=()

clean_up() {
    local code=$? item
    trap - EXIT INT TERM
    # A relay that is asked to stop says what passed; nobody is left to read it.
    for item in "${processes[@]}"; do kill "$item" 2>/dev/null || true; done
    for item in "${processes[@]}"; do wait "$item" 2>/dev/null || true; done
    for item in "${spaces[@]}"; do ip netns del "$item" 2>/dev/null || true; done
    rm -rf "$logs"
    exit "$code"
}
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# Starts a program in a namespace, its words in a file. "ip netns exec" becomes the program, so $! is the program.
start() {
    local space=$1 log=$2
    shift 2
    ip netns exec "$space" "$@" >"$logs/$log" 2>&1 </dev/null &
    started=$!
    processes+=("$started")
}

# Awaits a condition for ten seconds.
await() {
    local what=$1 deadline=$((SECONDS + 10))
    shift
    until "$@"; do
        if ((SECONDS >= deadline)); then
            echo "demo: no $what within 10 s; the relay said:" >&2
            cat "$logs/relay" >&2 || true
            exit 1
        fi
        sleep 0.1
    done
}

say() { printf '\n%s\n' "$*"; }

# The relay's newest status, asked for by signal: in place on a terminal, as a line elsewhere.
show_relay() {
    kill -USR1 "$relay_process"
    sleep 0.2
    local line
    line="   relay: $(sed -n 's/^.* status: //p' "$logs/relay" | tail -n 1)"
    if [[ -t 1 ]]; then
        local width
        width=$(tput cols 2>/dev/null || echo 80)
        line=$(sed -E 's/up [^;]*; mappings //; s/(link [0-9]+) datagrams [0-9]+ bytes/\1/g; s/; faults none//' <<<"$line")
        printf '\r\033[K%s' "${line:0:width-1}"
    else
        printf '%s\n' "$line"
    fi
}

# Shows what the relay sees, every second until a process has ended.
watch_relay() {
    while kill -0 "$1" 2>/dev/null; do
        sleep 0.8
        show_relay
    done
    if [[ -t 1 ]]; then echo; fi
    wait "$1"
}

link_up() {
    local space=$1 relay_link=$2 address=$3 relay_address=$4
    ip link add edge netns "$space" type veth peer name "$relay_link" netns "$relay"
    ip -n "$space" addr add "$address" dev edge ${5:+"$5"}
    ip -n "$relay" addr add "$relay_address" dev "$relay_link" ${5:+"$5"}
    ip -n "$space" link set edge up
    ip -n "$relay" link set "$relay_link" up
}

has_socket() { [[ -S /var/run/wireguard/$1.sock ]]; }
has_line() { grep -q -- "$1" "$logs/$2"; }
has_handshake() { [[ $(wg show "$client_wg" latest-handshakes) =~ [1-9][0-9]*$ ]]; }

say "Three namespaces: a client with IPv4 only, a server with IPv6 only, the relay between them. Nothing is routed."
for space in "$client" "$relay" "$server"; do
    ip netns add "$space"
    spaces+=("$space")
    ip -n "$space" link set lo up
done
link_up "$client" edge1 10.82.1.2/24 10.82.1.1/24
link_up "$server" edge2 fd82:2::2/64 fd82:2::1/64 nodad

start "$client" client env WG_PROCESS_FOREGROUND=1 wireguard-go -f "$client_wg"
start "$server" server env WG_PROCESS_FOREGROUND=1 wireguard-go -f "$server_wg"
await "WireGuard client" has_socket "$client_wg"
await "WireGuard server" has_socket "$server_wg"
client_key=$(wg genkey) server_key=$(wg genkey)
client_public=$(wg pubkey <<<"$client_key") server_public=$(wg pubkey <<<"$server_key")
wg set "$server_wg" private-key /dev/stdin listen-port $port peer "$client_public" allowed-ips $client_inner/32 <<<"$server_key"
wg set "$client_wg" private-key /dev/stdin peer "$server_public" allowed-ips $server_inner/32 endpoint 10.82.1.1:$port <<<"$client_key"
ip -n "$server" addr add $server_inner/24 dev "$server_wg"
ip -n "$client" addr add $client_inner/24 dev "$client_wg"
ip -n "$server" link set "$server_wg" up

say "The relay, told the server's address and public key and nothing else:"
echo "   WGPROXY_SERVER=[fd82:2::2]:$port WGPROXY_PUBKEY=$server_public wgproxy"
start "$relay" relay env WGPROXY_SERVER="[fd82:2::2]:$port" WGPROXY_PUBKEY="$server_public" WGPROXY_LISTEN="[::]:$port" "$relay_binary"
relay_process=$started
await "relay" has_line "server .* is at " relay
sed 's/^/   /' "$logs/relay"

say "A first ping makes the client ask for a handshake, at $(ip -n "$client" -br -4 addr show dev edge | awk '{print $3}'), IPv4:"
ip -n "$client" link set "$client_wg" up
start "$client" ping ping -n -c $pings -i 0.3 -W 5 $server_inner
ping_process=$started
await "handshake" has_handshake
watch_relay "$ping_process" || { cat "$logs/ping"; exit 1; }
sed -n 's/^/   /; /time=/p; /packets transmitted/p' "$logs/ping"
echo "   the relay logged: $(sed -n 's/^.* info \(client .*\)/\1/p' "$logs/relay" | head -n 1)"
echo "   the client's WireGuard: latest handshake $(($(date +%s) - $(wg show "$client_wg" latest-handshakes | cut -f 2))) s ago"
echo "   on the server, wg shows this client at $(wg show "$server_wg" endpoints | cut -f 2): the relay's address, and a port of the client's own"

say "A transfer through the tunnel, $seconds s of TCP:"
start "$server" iperf-server iperf3 -s -1 -B $server_inner --forceflush
await "iperf3 server" has_line "Server listening" iperf-server
start "$client" iperf iperf3 -c $server_inner -t $seconds -f m -i 0
watch_relay "$started" || { cat "$logs/iperf"; exit 1; }
speed=$(awk '$NF == "receiver" { print $(NF-2), $(NF-1) }' "$logs/iperf")
show_relay
if [[ -t 1 ]]; then echo; fi

say "Shown: a client that has only IPv4 reached a server that has only IPv6, with stock WireGuard at both ends;"
echo "the handshake passed, $(awk -F', ' '/packets transmitted/ { print $1 " as pings, " $2 }' "$logs/ping"); TCP at $speed, both ends and the relay sharing $(nproc) CPUs."
