#!/bin/sh
# One unicast GET on loopback from start to finish: gc-send against coap-client, one run of each in turn, against the same
# server (libcoap's). Medians; prints the ratios and judges them: at most 1.2 times the time, 2 times the peak memory.
set -eu
: "${BUILD:=build}" "${RUNS:=301}"
dir=$(mktemp -d)
server=
trap '[ -z "$server" ] || kill "$server" 2>/dev/null; rm -rf "$dir"' EXIT
port=$((20000 + $$ % 20000))
uri=coap://127.0.0.1:$port/
coap-server-notls -A 127.0.0.1 -p $port >/dev/null 2>&1 &
server=$!
tries=0
until coap-client-notls -B 1 "$uri" >"$dir/body" 2>/dev/null && [ -s "$dir/body" ]; do
	tries=$((tries + 1))
	[ $tries -lt 50 ] || { echo "bench start: no server" >&2; exit 1; }
done
"$BUILD/gc-send" "$uri" >/dev/null # it works at all

# static: so that its own pages do not hide a small program's
${CC:-cc} -O2 -static -D_GNU_SOURCE -o "$dir/alternate" tests/bench/alternate.c
"$dir/alternate" "$RUNS" "$BUILD/gc-send" coap-client-notls -- "$uri" >"$dir/result"
awk '
{ time[NR] = $2; memory[NR] = $3; printf "start: %-22s median %7.0f us   peak memory %6.0f kB\n", $1, $2, $3 }
END {
	t = time[1] / time[2]; m = memory[1] / memory[2]
	printf "start: gc-send / coap-client-notls: time %.2f (at most 1.2), peak memory %.2f (at most 2)\n", t, m
	exit t > 1.2 || m > 2
}' "$dir/result"
