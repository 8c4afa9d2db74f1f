#!/bin/sh
# gc-decode against tshark -T fields on a capture of 100,000 plain CoAP packets, one run of each in turn, as text and as JSON: at
# least 40 times as fast; and its peak memory on a capture ten times as long: at most 1.1 times. Medians.
set -eu
: "${BUILD:=build}" "${RUNS:=9}" "${PACKETS:=100000}" "${SEED:=1}"
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
${CC:-cc} -O2 -o "$dir/make_capture" tests/bench/make_capture.c
${CC:-cc} -O2 -static -D_GNU_SOURCE -o "$dir/alternate" tests/bench/alternate.c
"$dir/make_capture" "$PACKETS" "$SEED" >"$dir/one.pcap"
"$dir/make_capture" $((PACKETS * 10)) "$SEED" >"$dir/ten.pcap"
decode=$(realpath "$BUILD/gc-decode")

command_file() { # $1 name; the rest: the command
	file=$dir/$1
	shift
	printf '#!/bin/sh\nexec %s\n' "$*" >"$file"
	chmod +x "$file"
}
command_file tshark tshark -n -r "$dir/one.pcap" -T fields -e coap.type -e coap.code -e coap.mid -e coap.token -e coap.opt.name \
	-e coap.payload '2>/dev/null'
command_file text "$decode" "$dir/one.pcap"
command_file json "$decode" --json "$dir/one.pcap"
command_file ten "$decode" "$dir/ten.pcap"

# both read all of it
[ "$("$dir/text" | wc -l)" -eq "$PACKETS" ]
[ "$("$dir/tshark" | wc -l)" -eq "$PACKETS" ]

failed=0
for form in text json; do
	"$dir/alternate" "$RUNS" "$dir/$form" "$dir/tshark" -- x >"$dir/result"
	awk -v form=$form '
	{ time[NR] = $2; memory[NR] = $3 }
	END {
		r = time[2] / time[1]
		printf "decode: %s: gc-decode median %.0f ms, tshark -T fields %.0f ms: %.1f times as fast (at least 40)\n", form, time[1] / 1000, time[2] / 1000, r
		printf "decode: %s: peak memory %.0f kB, tshark %.0f kB\n", form, memory[1], memory[2]
		exit r < 40
	}' "$dir/result" || failed=1
done
"$dir/alternate" 3 "$dir/text" "$dir/ten" -- x >"$dir/result"
awk '{ memory[NR] = $3 }
END {
	r = memory[2] / memory[1]
	printf "decode: peak memory on a capture ten times as long: %.0f kB against %.0f kB: %.2f times (at most 1.1)\n", memory[2], memory[1], r
	exit r > 1.1
}' "$dir/result" || failed=1
exit $failed
