#!/usr/bin/env bats
# No key and nonce protects two messages of a group observation: phantom requests, first and later notifications, cancellations and
# informative responses, of servers that are killed and started again while gc-send asks with the context of one of them. Everything is
# read from a capture.

setup() {
	. "$BATS_TEST_DIRNAME/../lib/secure.sh"
	secure_setup
	OBSERVE=$(dirname "$SERVE")/gc-observe
	capture=
	jobs=()
}

teardown() {
	for job in "${jobs[@]}" $capture; do
		kill -KILL "$job" 2>/dev/null || true
	done
	secure_teardown
}

waits_for() { # FILE PATTERN
	local end=$((SECONDS + 20))
	until [ -e "$1" ] && grep -q -- "$2" "$1"; do
		[ "$SECONDS" -lt "$end" ] || { echo "waited in vain for '$2' in $1"; cat "$1"; return 1; }
		sleep 0.02
	done
}

# every (Gid, kid, Partial IV) a message took, and a response without one by its request's, each with what it protected; the
# cancellation of version 05 answers a phantom request that nobody sees, which took the number before (tells: 05)
PAIRS='
def nibble: explode[0] | if . > 90 then . - 87 else . - 48 end;
def number: reduce (explode[] | [.] | implode | nibble) as $n (0; . * 16 + $n);
def option: [.options[]? | select(.name == "OSCORE") | .value][0];
def piv: (option // "") as $o | if $o == "" then "" else $o[2:2 + 2 * (($o[1:2] | nibble) % 8)] end;
[inputs | select(.security.verified)] as $all
| ($all | map(select(.code | startswith("0.")) | { key: "\(.src) \(.token)", value: "\(.security.kid) \(.security.piv)" }) | from_entries) as $asked
| $all[]
| . as $m
| (if piv != "" then "\(.security.gid) \(.security.kid) \(piv | number)"
   else "\(.security.gid) \(.security.kid) of \($asked["\(.dst) \(.token)"])" end + " " + .payload.hex),
  (.inner.informative? | .ph_req?, .last_notif? | select(. and piv != "") | "\($m.security.gid) \($m.security.kid) \(piv | number) \(.payload.hex)"),
  (if $format == "05" and (.dst | startswith("239.")) and .inner.code == "5.03"
   then "\(.security.gid) \(.security.kid) \((piv | number) - 1) phantom cancellation" else empty end)'

twice() { # FORMAT CAPTURE: the keys with nonce that have protected two messages; all pairs in the file pairs
	"$DECODE" -g keys/01.json -g keys/02.json -g keys/03.json -g keys/04.json --json "$2" 2>/dev/null | jq -nr --arg format "$1" "$PAIRS" | sort -u >pairs
	awk '{ NF--; print }' pairs | sort | uniq -d
}

serve() { # FORMAT MEMBER [VALUE]: in the background at 127.0.0.MEMBER, the last of the jobs
	: >"serve.$2"
	"$SERVE" -v -i lo --bind "127.0.0.$2" --no-group -g "keys/0$2.json" --group-observe 239.1.2.3:61616 --notify-interval 0.05 \
		--omn-format "$1" --resource "r=${3:-0};obs;ct=text" >/dev/null 2>"serve.$2" 3>&- &
	jobs+=($!)
	waits_for "serve.$2" '^ready'
}

# @req MG-05 MG-09b
@test "servers killed and started again, their contexts used by others too: no nonce twice, in both formats" {
	local format round client value killed
	group keys 4
	for format in current 05; do
		: >capture.err
		dumpcap -q -i lo -B 64 -f 'udp' -w "$format.pcapng" >/dev/null 2>>capture.err 3>&- &
		capture=$!
		waits_for capture.err '^File: '
		for round in 1 2 3 4; do
			killed=$((round % 2))
			serve "$format" 2
			serve "$format" 4
			for client in 1 3; do # of the server beside it
				: >"out.$client" # not what the round before has left
				: >"err.$client"
				"$OBSERVE" -i lo -g "keys/0$client.json" -t 20 "coap://127.0.0.$((client + 1))/r" >"out.$client" 2>"err.$client" 3>&- &
				jobs+=($!)
				waits_for "out.$client" 'informative response'
			done
			for value in a b c; do
				"$SEND" -i lo -g keys/04.json -p "$round$value" coap://127.0.0.2/r >/dev/null
				"$SEND" -i lo -g keys/02.json -p "$round$value" coap://127.0.0.4/r >/dev/null
				waits_for out.1 "multicast  $round$value"
				waits_for out.3 "multicast  $round$value"
			done
			kill -KILL "${jobs[killed]}" # without a word
			kill -TERM "${jobs[1 - killed]}" # with a cancellation
			waits_for "err.$((killed ? 1 : 3))" 'the server has ended it'
			kill -INT "${jobs[@]:2}" 2>/dev/null || true
			for job in "${jobs[@]}"; do
				wait "$job" || true
			done
			jobs=()
		done
		sleep 0.5
		kill -INT "$capture"
		wait "$capture" || true
		capture=
		grep -Eq 'dropped on interface.*/0 \(' capture.err
		found=$(twice "$format" "$format.pcapng")
		echo "# $format: $(wc -l <pairs) messages with a key and nonce of their own" >&3
		[ -z "$found" ]
		# of each server in each round: phantom request, first notification, three more; of one a cancellation
		[ "$(grep -c '^[0-9a-f]* 0[24] [0-9]' pairs)" -ge $((4 * (2 * 5 + 1))) ]
		[ "$(grep -c '^[0-9a-f]* 0[24] of ' pairs)" -ge 24 ]
		[ "$format" = current ] || [ "$(grep -c 'phantom cancellation$' pairs)" -ge 4 ]
	done
	# and the test finds what it looks for: the same server with its state set back, and something else to say
	cp keys/02.json.state before
	serve current 2
	"$OBSERVE" -i lo -g keys/01.json -n 1 --pcap one.pcap coap://127.0.0.2/r >/dev/null 2>&1
	kill -KILL "${jobs[0]}"
	wait "${jobs[0]}" || true
	jobs=()
	cp before keys/02.json.state
	serve current 2 other
	"$OBSERVE" -i lo -g keys/01.json -n 1 --pcap two.pcap coap://127.0.0.2/r >/dev/null 2>&1
	mergecap -w both.pcapng one.pcap two.pcap
	[ -n "$(twice current both.pcapng)" ]
}
