#!/usr/bin/env bash
# What it costs to start a relay and to have it idle, for several builds in turn: medians of ROUNDS (20).
#   [ROUNDS=N] bench/trials/start.sh NAME=PATH...
# start: from exec to the line "relays from"; cpu: user and system time until then; the rest 2 s later.
set -euo pipefail
rounds=${ROUNDS:-20}
export WGPROXY_SERVER=192.0.2.1:51820 WGPROXY_LISTEN=127.0.0.1:0 WGPROXY_PUBKEY=AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyA=
samples=$(mktemp -d)
trap 'rm -rf "$samples"' EXIT

# The sum of a field of /proc/PID/smaps_rollup or status, in KiB.
field() { awk -v name="$2:" '$1 == name { print $2 }' "/proc/$1"/{status,smaps_rollup}; }

visit() {
    local name=$1 binary=$2 begin end line pid ticks
    begin=${EPOCHREALTIME/./}
    coproc relay { exec "$binary" 2>&1; }
    # shellcheck disable=SC2154 # coproc sets it
    pid=$relay_PID
    while read -r line <&"${relay[0]}" && [[ $line != *" relays from "* ]]; do :; done
    end=${EPOCHREALTIME/./}
    ticks=$(awk '{ print $14 + $15 }' "/proc/$pid/stat")
    sleep 2
    echo "$((end - begin)) $((ticks * 10)) $(field "$pid" VmRSS) $(field "$pid" Private_Dirty) $(field "$pid" Threads) $(field "$pid" VmSize)" >>"$samples/$name"
    kill "$pid"
    wait "$pid" 2>/dev/null || true
}

for ((round = 0; round < rounds; round++)); do
    for each; do visit "${each%%=*}" "${each#*=}"; done
done
printf '| build | start ms | cpu ms | RSS KiB | private dirty KiB | threads | address space MiB | file KiB |\n| --- | --- | --- | --- | --- | --- | --- | --- |\n'
for each; do
    median() { cut -d ' ' -f "$1" "$samples/${each%%=*}" | sort -n | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'; }
    printf '| %s | %s | %s | %s | %s | %s | %s | %s |\n' "${each%%=*}" "$(($(median 1) / 1000))" "$(median 2)" "$(median 3)" \
        "$(median 4)" "$(median 5)" "$(($(median 6) / 1024))" "$(($(stat -Lc %s "${each#*=}") / 1024))"
done
