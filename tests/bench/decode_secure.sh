#!/bin/sh
# gc-decode -g on a capture of 20,000 group-mode messages (Ed25519, AES-CCM-16-64-128): -j 2 at least 1.8 times as fast as -j 1, and
# -j 1 at least 0.95 of the rate of bare crypto_sign_verify_detached on the bytes that are signed in it (processor time). Each pair
# in turn; medians of the whole programs, start included.
set -eu
: "${BUILD:=build}" "${RUNS:=7}" "${PACKETS:=20000}"
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
BUILD=$(realpath "$BUILD")
tool=$BUILD/tests/bench/decode_secure
${CC:-cc} -O2 -static -D_GNU_SOURCE -o "$dir/alternate" tests/bench/alternate.c
"$BUILD/gc-keygen" group bench --members 2 --out "$dir/group"
"$tool" make "$dir/group/01.json" "$PACKETS" "$dir/capture.pcap" "$dir/signed"

command_file() { # $1 name; the rest: the command
	file=$dir/$1
	shift
	printf '#!/bin/sh\nexec %s\n' "$*" >"$file"
	chmod +x "$file"
}
command_file j1 "$BUILD/gc-decode" -g "$dir/group/02.json" -j 1 "$dir/capture.pcap"
command_file j2 "$BUILD/gc-decode" -g "$dir/group/02.json" -j 2 "$dir/capture.pcap"
command_file bare "$tool" verify "$dir/signed"

# all of it is opened, and the same is said
[ "$("$dir/j1" | grep -c 'verified}')" -eq "$PACKETS" ]
"$dir/j1" >"$dir/one" && "$dir/j2" | cmp - "$dir/one"

failed=0
"$dir/alternate" "$RUNS" "$dir/j1" "$dir/bare" -- x >"$dir/result"
awk -v n="$PACKETS" '{ time[NR] = $4 } END {
	r = time[2] / time[1]
	printf "decode: group mode, -j 1: %.1f us a message, bare verify %.1f us: %.3f of its rate (at least 0.95)\n", time[1] / n, time[2] / n, r
	exit r < 0.95
}' "$dir/result" || failed=1
"$dir/alternate" "$RUNS" "$dir/j2" "$dir/j1" -- x >"$dir/result"
awk '{ time[NR] = $2 } END {
	r = time[2] / time[1]
	printf "decode: group mode, -j 2: %.0f ms, -j 1: %.0f ms: %.2f times as fast (at least 1.8)\n", time[1] / 1000, time[2] / 1000, r
	exit r < 1.8
}' "$dir/result" || failed=1
exit $failed
