#!/usr/bin/env bats
# Twenty gc-send at once share one context file, and one after another is killed: no Partial IV is on the wire twice.
# GC_FULL=1: the full size, 200 requests each, 200 kills.

setup() {
	. "$BATS_TEST_DIRNAME/../lib/secure.sh"
	secure_setup
	capture=
}

teardown() {
	for worker in "${workers[@]}" $capture; do
		kill -KILL "$worker" 2>/dev/null || true
	done
	secure_teardown
}

worker() { # N: gc-send number N with all its requests, appending to what an earlier one has written
	"$SEND" -q --shell -g d/01.json <commands >>"out.$1" 2>>"err.$1" 3>&- &
	workers[$1]=$!
}

# @req B9 B10
@test "twenty processes, one context file, SIGKILL each 100 ms: no Partial IV twice, and gc-send works afterwards" {
	local requests=50 kills=15 next=0 i
	if [ -n "${GC_FULL:-}" ]; then
		requests=200 kills=200
	fi
	group d 2
	for ((i = 0; i < requests; i++)); do
		echo "get -N -t 2 coap://127.0.0.2/hello"
	done >commands
	: >capture.err
	dumpcap -q -i lo -B 64 -f 'udp dst port 5683 and dst host 127.0.0.2' -w wire.pcapng >/dev/null 2>>capture.err 3>&- &
	capture=$!
	until grep -q '^File: ' capture.err; do
		kill -0 "$capture" || { cat capture.err; return 1; }
	done
	start --bind 127.0.0.2 --no-group -g d/02.json
	workers=()
	for i in {0..19}; do
		worker "$i"
	done
	for ((i = 0; i < kills; i++)); do
		sleep 0.1 # what is tested: one each 100 ms
		kill -KILL "${workers[next]}" 2>/dev/null || true
		wait "${workers[next]}" || true
		worker "$next"
		next=$(((next + 7) % 20))
	done
	for i in {0..19}; do
		status=0
		wait "${workers[i]}" || status=$?
		# 5: twenty at once overtake each other by more than a Replay Window, the server refuses the slowest
		[ "$status" -eq 0 ] || [ "$status" -eq 1 ] || [ "$status" -eq 5 ] || { cat "err.$i"; return 1; }
	done
	workers=()
	fails grep -hv 'response refused: \|no answer' err.*
	ask -g d/01.json --json coap://127.0.0.2/hello # an ordinary one afterwards
	[ "$status" -eq 0 ]
	[ "$(responses '.security.verified')" -eq 1 ]
	stop
	# until the capture has the last of them, which is what the state says is next
	taken=$((10#$(grep -ho 'next [0-9]*' d/01.json.state | cut -d' ' -f2)))
	last=$(printf %x $((taken - 1)))
	last=$(printf %s "$([ $((${#last} % 2)) -eq 0 ] || echo 0)$last" "04$(jq -r .gid d/01.json)" | sed 's/../\\x&/g')
	patience=$((SECONDS + 10))
	until LC_ALL=C grep -qaP "$last" wire.pcapng; do
		[ "$SECONDS" -lt "$patience" ]
	done
	kill -INT "$capture"
	wait "$capture" || true
	capture=
	cat capture.err
	grep -Eq 'dropped on interface.*/0 \(' capture.err
	tshark -r wire.pcapng -Y 'coap.opt.object_security_piv && coap.opt.object_security_kid' -T fields -e coap.opt.object_security_piv >pivs 2>/dev/null
	sent=$(wc -l <pivs)
	answered=$(cat out.* | grep -c '2.05 Content')
	echo "# $sent requests on the wire of 20 processes, $kills killed; $answered answered; $taken sequence numbers taken" >&3
	[ "$sent" -ge $((20 * requests)) ]
	[ "$sent" -le "$taken" ]
	[ -z "$(sort pivs | uniq -d)" ]
	[ "$answered" -ge $((20 * requests * 9 / 10)) ]
	[ "$answered" -lt "$sent" ] # the capture has them all
}
