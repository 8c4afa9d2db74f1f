#!/bin/sh
# Do gc-decode and tshark read the same out of captures: type, code, Message ID, token, options (raw bytes: tshark takes the
# Group OSCORE flag for malformed), payload, message by message?
#   agree-with-tshark.sh [--port N]… CAPTURE…     a line a capture; status 1 where they differ
set -u
: "${BUILD:=build}"
root=$(cd "$(dirname "$0")/../.." && pwd)
case $BUILD in /*) ;; *) BUILD=$root/$BUILD ;; esac
dir=$(mktemp -d) || exit 4
trap 'rm -rf "$dir"' EXIT

# options whose value is a number: leading zeros mean nothing
numbers='[6,7,12,14,16,17,19,23,27,28,31,60,239,258]'

from_tshark() { # one line a message: frame type code mid token number:hex,… payload
	# shellcheck disable=SC2086 # words on purpose
	tshark -n -r "$1" $decode_as -T pdml 2>"$dir/tshark.err" | awk -v numbers="$numbers" '
	function attribute(name,   at) {
		at = index($0, " " name "=\"")
		if (!at)
			return ""
		at = substr($0, at + length(name) + 3)
		return substr(at, 1, index(at, "\"") - 1)
	}
	function digit(c) { return index("0123456789abcdef", c) - 1 }
	BEGIN {
		n = split(substr(numbers, 2, length(numbers) - 2), list, ",")
		for (i = 1; i <= n; i++)
			is_number[list[i]] = 1
	}
	/<field name="num"/ { frame = attribute("show") }
	/<proto name="coap"/ { is_coap = 1; type = code = mid = token = payload = options = "" }
	!is_coap { next }
	/<field name="coap.type"/ { type = attribute("show") }
	/<field name="coap.code"/ { code = attribute("show") }
	/<field name="coap.mid"/ { mid = attribute("show") }
	/<field name="coap.token"/ { token = attribute("value") }
	/<field name="coap.payload"/ { payload = attribute("value") }
	/<field name="coap.opt.desc"/ {
		raw = attribute("value")
		number = attribute("show")
		sub(/^Type /, "", number)
		sub(/,.*/, "", number)
		delta = digit(substr(raw, 1, 1))
		len = digit(substr(raw, 2, 1))
		value = substr(raw, 3 + 2 * ((delta == 13) + 2 * (delta == 14) + (len == 13) + 2 * (len == 14)))
		if (number in is_number)
			while (substr(value, 1, 2) == "00")
				value = substr(value, 3)
		options = options (options == "" ? "" : ",") number ":" value
	}
	/<\/proto>/ { is_coap = 0; print frame, type, code, mid, "token=" token, "options=" options, "payload=" payload }'
}

from_gc_decode() {
	# shellcheck disable=SC2086
	"$BUILD/gc-decode" $ports --json "$1" 2>"$dir/decode.err" | jq -r --argjson numbers "$numbers" '
	def byte: [(. / 16 | floor), . % 16] | map(. as $d | "0123456789abcdef"[$d:$d + 1]) | add;
	def hex: map(byte) | add // "";
	def utf8: explode | map(
		if . < 128 then [.]
		elif . < 2048 then [192 + (. / 64 | floor), 128 + . % 64]
		elif . < 65536 then [224 + (. / 4096 | floor), 128 + (. / 64 | floor) % 64, 128 + . % 64]
		else [240 + (. / 262144 | floor), 128 + (. / 4096 | floor) % 64, 128 + (. / 64 | floor) % 64, 128 + . % 64] end) | add // [] | hex;
	def number: if . == 0 then "" else (. / 256 | floor | number) + (. % 256 | byte) end;
	def block: split("/") | (.[0] | tonumber) * 16 + (.[1] | tonumber) * 8 + ((.[2] | tonumber) as $size | [range(7)] | map(select(pow(2; . + 4) == $size))[0]);
	def strings: [3, 8, 11, 15, 20, 35, 39];
	def value: .number as $n | if .hex then .hex
		elif (.value | type) == "number" then .value | number
		elif strings | index([$n]) then .value | utf8
		elif (.value | test("^[0-9]+/[01]/[0-9]+$")) then .value | block | number
		else .value end;
	def code: split(".") | (.[0] | tonumber) * 32 + (.[1] | tonumber);
	"\(.frame) \({ CON: 0, NON: 1, ACK: 2, RST: 3 }[.type]) \(.code | code) \(.mid) token=\(.token) options=\(
		(.options // []) | map("\(.number):\(value)") | join(",")) payload=\(
		(.payload // {}) | if .text then .text | utf8 else .hex // "" end)"'
}

ports='' decode_as='' status=0
while [ "${1:-}" = --port ]; do
	ports="$ports --port $2" decode_as="$decode_as -d udp.port==$2,coap"
	shift 2
done
for capture in "$@"; do
	from_tshark "$capture" >"$dir/tshark"
	from_gc_decode "$capture" >"$dir/decode"
	if [ ! -s "$dir/tshark" ]; then
		echo "$capture: tshark sees no message"
		cat "$dir/tshark.err"
		status=1
	elif cmp -s "$dir/tshark" "$dir/decode"; then
		echo "$capture: $(wc -l <"$dir/tshark") messages agree"
	else
		echo "$capture: they differ (< tshark, > gc-decode)"
		diff "$dir/tshark" "$dir/decode" | cut -c1-300 | head -20
		status=1
	fi
done
exit $status
