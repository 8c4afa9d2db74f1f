#!/usr/bin/env bats
# What gc-observe promises: stdout, stderr, exit status; against gc-serve, and against a peer that does what no server should.
# Runs in a network namespace where only lo is (tests/isolate.sh). Several hosts: tests/net/gc-observe.bats.

bats_require_minimum_version 1.5.0

setup() {
	local bin
	bin=$(realpath "$BATS_TEST_DIRNAME/../../${BUILD:-build}")
	OBSERVE=$bin/gc-observe SERVE=$bin/gc-serve SEND=$bin/gc-send KEYGEN=$bin/gc-keygen DECODE=$bin/gc-decode SCRIPTED=$bin/tests/peers/scripted
	cd "$BATS_TEST_TMPDIR" || return 1
	pids=()
	if [ "$(ip -o link | wc -l)" -eq 1 ]; then
		ip link set lo multicast on
		ip -6 route replace local ff00::/8 dev lo
	fi
}

teardown() {
	local pid
	for pid in "${pids[@]}"; do
		kill "$pid" 2>/dev/null || true
		wait "$pid" 2>/dev/null || true
	done
}

start() { # NAME COMMAND…: in the background, ready
	local name=$1
	shift
	: >"$name.err"
	"$@" >"$name.out" 2>"$name.err" 3>&- &
	pids+=($!)
	until grep -q '^ready' "$name.err"; do
		kill -0 "${pids[-1]}" || { cat "$name.err"; return 1; }
	done
}

serve() { # [OPTION]…: one member at 127.0.0.2 with /r, changing when told to
	start serve "$SERVE" -i lo --bind 127.0.0.2 --no-group --resource 'r=one;obs' "$@"
}

peer() { # ANSWER [DESTINATION DATAGRAM]…: the scripted server at 127.0.0.2
	start peer "$SCRIPTED" 127.0.0.2:5683 "$@"
}

watch() { # stdout to out, stderr to err, status to $status
	status=0
	timeout 30 "$OBSERVE" "$@" >out 2>err </dev/null || status=$?
	echo "gc-observe $*: status $status"
	cat out err
}

background() { # NAME [OPTION]…: gc-observe in the background, its first notification seen
	local name=$1
	shift
	"$OBSERVE" -i lo "$@" >"$name.out" 2>"$name.err" </dev/null 3>&- &
	pids+=($!)
	wait_line "$name.out" .
}

wait_line() { # FILE PATTERN [COUNT]
	local end=$((SECONDS + 20))
	until [ -e "$1" ] && [ "$(grep -c -- "$2" "$1")" -ge "${3:-1}" ]; do
		[ "$SECONDS" -lt "$end" ] || { echo "waited in vain for '$2' in $1"; cat "$1" "${1%.out}.err"; return 1; }
		sleep 0.02
	done
}

ended() { # the last one of the background; its status to $status
	status=0
	wait "${pids[-1]}" || status=$?
	unset 'pids[-1]'
}

set_r() {
	"$SEND" -i lo -p "$1" coap://127.0.0.2/r >/dev/null
}

# an informative response of 127.0.0.2 for /r: [TOKEN [GROUP]], last_notif "one" with Observe 5
TP_SERVER=8220447f000002
informative() { # TOKEN GROUP-CRI
	echo "a3c2fe2420ffa30083${TP_SERVER}${2:-832044e9fc001719f0b0}${1:-417b}0144016051720247456105ff6f6e65"
}

# --- command line ---------------------------------------------------------------------------------------------------

@test "wrong use: one line, status 2" {
	for args in '' '-n 0 coap://127.0.0.2/r' '-t 0 coap://127.0.0.2/r' 'http://127.0.0.2/r' 'coap://127.0.0.2/r coap://127.0.0.3/r' \
		'--con --non coap://127.0.0.2/r' '--con coap://224.0.1.187/r' '-4 -6 coap://127.0.0.2/r' '--phantom x -a text' \
		'--pairwise 01 coap://127.0.0.2/r' '-O Observe=1 coap://127.0.0.2/r' '--omn-format 04 coap://127.0.0.2/r' 'coaps://127.0.0.2/r'; do
		# shellcheck disable=SC2086
		watch $args
		[ "$status" -eq 2 ]
		[ ! -s out ]
		[ "$(wc -l <err)" -le 2 ]
	done
}

@test "files that are not there or not right: status 3, named" {
	echo '{' >bad.json
	chmod 600 bad.json
	watch -g bad.json coap://127.0.0.2/r
	[ "$status" -eq 3 ]
	grep -q '^gc-observe: bad.json:' err
	watch --phantom nowhere -t 1
	[ "$status" -ge 3 ]
	grep -q 'nowhere' err
	echo zz >bad.phantom
	watch --phantom bad.phantom -t 1
	[ "$status" -eq 3 ]
	grep -q 'bad.phantom' err
	: >empty.phantom
	watch --phantom empty.phantom -t 1
	[ "$status" -eq 3 ]
	grep -q '^gc-observe: empty.phantom: it is empty' err
}

@test "nobody there: status 1; no such interface: status 4" {
	watch -t 5 coap://127.0.0.9/r
	[ "$status" -eq 1 ]
	grep -q 'Connection refused' err
	watch -i eth77 coap://127.0.0.2/r
	[ "$status" -eq 4 ]
	grep -q "no interface 'eth77' (up: lo)" err
}

# --- traditional observations ------------------------------------------------------------------------------------------

@test "a traditional observation: a line a notification, deregistered at the end" {
	serve
	background one -n 3 --pcap one.pcap coap://127.0.0.2/r
	set_r two
	wait_line one.out two
	set_r three
	ended
	[ "$status" -eq 0 ]
	cat one.out one.err
	[ "$(awk '{ print $NF }' one.out | paste -sd ' ')" = "one two three" ]
	[ "$(grep -c 'observe [0-9]* by unicast' one.out)" -eq 3 ]
	grep -q '3 notifications from 1 server' one.err
	"$DECODE" one.pcap | grep -q 'Observe:1, Uri-Path:r'
}

@test "fewer than -n: status 1; an error: status 1; a resource that is not observable: status 1 and said" {
	serve
	watch -n 3 -t 0.5 coap://127.0.0.2/r
	[ "$status" -eq 1 ]
	grep -q '1 of 3 expected notifications came' err
	watch coap://127.0.0.2/nothing
	[ "$status" -eq 1 ]
	grep -q '4.04 Not Found' out
	watch coap://127.0.0.2/hello
	[ "$status" -eq 1 ]
	grep -q 'does not observe this resource' err
}

@test "--json: notification and summary, with the fields of the contract" {
	serve
	watch --json -n 1 coap://127.0.0.2/r
	[ "$status" -eq 0 ]
	jq -se '.[0] | .event == "notification" and .from == "127.0.0.2:5683" and .code == "2.05" and .via == "observation" and .payload.text == "one" and
		(.observe | type) == "number" and .ts > 1700000000' out
	jq -se '.[-1] | .event == "summary" and .notifications == 1 and .servers == 1 and .failed == 0 and .expected == 1 and (.elapsed_ms | type) == "number"' out
}

@test "a group: every server that answers" {
	start serve "$SERVE" -i lo --bind 127.0.0.2 --members 3 --group 224.0.1.187 --leisure 0.05 --resource 'r=one;obs'
	watch -i lo -n 3 --json coap://224.0.1.187/r
	[ "$status" -eq 0 ]
	[ "$(jq -r 'select(.event == "notification").from' out | sort -u | wc -l)" -eq 3 ]
}

# --- group observations ---------------------------------------------------------------------------------------------------

@test "one datagram for three observers, in both formats" {
	for format in current 05; do
		serve --group-observe 233.252.0.23:61616 --notify-interval 0.1 --omn-format $format
		for i in 1 2 3; do
			background o$i -n 3 --pcap o$i.pcap coap://127.0.0.2/r
		done
		set_r two
		for i in 1 2 3; do wait_line o$i.out two; done
		set_r three
		for i in 3 2 1; do
			ended
			[ "$status" -eq 0 ]
			cat o$i.out
			[ "$(awk '{ print $NF }' o$i.out | paste -sd ' ')" = "one two three" ]
			[ "$(grep -c 'by informative response' o$i.out)" -eq 1 ]
			[ "$(grep -c 'by multicast' o$i.out)" -eq 2 ]
			# the same two datagrams everywhere
			"$DECODE" --json o$i.pcap | jq -r 'select(.dst == "233.252.0.23:61616") | "\(.mid) \(.token)"' >o$i.mids
			[ "$(wc -l <o$i.mids)" -eq 2 ]
		done
		cmp o1.mids o2.mids
		cmp o1.mids o3.mids
		kill "${pids[-1]}"
		ended
	done
}

@test "IPv6" {
	start serve "$SERVE" -i lo --bind '[::1]' --no-group --resource 'r=one;obs' --group-observe '[ff35:30:2001:db8::23]:61616' --notify-interval 0.1
	background six -n 2 'coap://[::1]/r'
	"$SEND" -p two 'coap://[::1]/r'
	ended
	[ "$status" -eq 0 ]
	cat six.out
	grep -q '\[::1\]:5683 .* by multicast  two' six.out
}

@test "-v shows the informative response, --json has it; the server's end is told" {
	serve --group-observe 233.252.0.23:61616 --notify-interval 0.1
	background one -v --json coap://127.0.0.2/r
	kill "${pids[0]}" # in order: 5.03 to the group
	ended
	[ "$status" -eq 0 ]
	cat one.out one.err
	grep -q 'group: 233.252.0.23:61616' one.err
	jq -se 'map(select(.event == "informed"))[0].informative.tp_info | .server == "127.0.0.2:5683" and .group == "233.252.0.23:61616"' one.out
	jq -se 'map(select(.event == "ended"))[0] | .code == "5.03" and .from == "127.0.0.2:5683"' one.out
	jq -se '.[-1].event == "summary"' one.out
	unset 'pids[0]'
}

@test "the server is killed and comes back: found again; --stay: after an orderly end too" {
	serve --group-observe 233.252.0.23:61616 --notify-interval 0.1
	set_r before
	background one --retry 0.2 -n 3 --stay -O Accept=0 coap://127.0.0.2/r
	grep -q unicast one.out # an Accept option: no phantom request answers it
	kill "${pids[-1]}"
	ended
	# Max-Age of /time is a second
	start time "$SERVE" -i lo --bind 127.0.0.3 --no-group --group-observe 233.252.0.23:61617 --notify-interval 0.1
	background two --retry 0.2 -n 30 -t 20 --stay --json coap://127.0.0.3/time
	kill -9 "${pids[1]}"
	wait "${pids[1]}" || true
	start time "$SERVE" -i lo --bind 127.0.0.3 --no-group --group-observe 233.252.0.23:61617 --notify-interval 0.1
	wait_line two.out '"again"'
	wait_line two.out '"informed"' 2
	kill -TERM "${pids[-1]}"
	wait "${pids[-1]}" || true
	start time "$SERVE" -i lo --bind 127.0.0.3 --no-group --group-observe 233.252.0.23:61617 --notify-interval 0.1
	wait_line two.out '"ended"'
	wait_line two.out '"informed"' 3
}

@test "many observers of one host share the port; each gets all" {
	serve --group-observe 233.252.0.23:61616 --notify-interval 0.1
	for i in 1 2 3 4 5 6 7 8; do
		background o$i -n 2 coap://127.0.0.2/r
	done
	set_r two
	for i in 8 7 6 5 4 3 2 1; do
		ended
		[ "$status" -eq 0 ]
		grep -q 'by multicast  two' o$i.out
	done
}

@test "--save-phantom and --phantom: what one has learned another listens to, without a word" {
	serve --group-observe 233.252.0.23:61616 --notify-interval 0.1
	watch -i lo -n 1 --save-phantom r.phantom coap://127.0.0.2/r
	[ "$status" -eq 0 ]
	[ "$(stat -c %a r.phantom)" = 600 ]
	background quiet --phantom r.phantom -n 2 --pcap quiet.pcap
	set_r two
	ended
	[ "$status" -eq 0 ]
	grep -q 'by multicast  two' quiet.out
	[ "$("$DECODE" --json quiet.pcap | jq -r .src | sort -u)" = 127.0.0.2:5683 ]
	# with a URI: counted, and not answered
	background counted --phantom r.phantom -n 2 --pcap counted.pcap coap://127.0.0.2/r
	set_r three
	ended
	[ "$status" -eq 0 ]
	"$DECODE" counted.pcap | grep -q 'Observe:0, Uri-Path:r, No-Response:16'
	fails_to_find '5\.03' counted.pcap
	# what the server says of itself
	token=$("$DECODE" --json counted.pcap | jq -r 'select(.dst == "233.252.0.23:61616").token' | head -n 1)
	"$SEND" -i lo --raw "coap://127.0.0.2/.well-known/core/mc-sender?token=$token" >asked.phantom
	watch -i lo --phantom asked.phantom -n 1
	[ "$status" -eq 0 ]
	# of another resource
	watch -i lo --phantom r.phantom -n 1 coap://127.0.0.2/s
	[ "$status" -eq 3 ]
	grep -q 'asks for something else' err
	# of another server
	watch -i lo --phantom r.phantom -n 1 coap://127.0.0.3/r
	[ "$status" -eq 3 ]
	[ ! -s out ]
	grep -q '^gc-observe: r.phantom: its notifications come from 127.0.0.2:5683, which is not where coap://127.0.0.3/r is' err
}

fails_to_find() { # PATTERN CAPTURE
	if "$DECODE" "$2" | grep -E "$1"; then
		return 1
	fi
}

@test "a server that counts gets its confirmations" {
	serve --group-observe 233.252.0.23:61616 --notify-interval 0.1 --confirm 100 --confirm-wait 2 -v
	background one --leisure 0.1 --pcap one.pcap coap://127.0.0.2/r
	for value in 1 2 3 4 5 6 7 8 9 10 11; do # a round begins after ten notifications
		set_r "v$value"
		wait_line one.out "v$value\$"
	done
	wait_line serve.err 'confirm'
	"$DECODE" one.pcap | grep -q 'Feedback-Divider:0'
	"$DECODE" one.pcap | grep -q 'Observe:0, Uri-Path:r, Feedback-Divider:0, No-Response:26'
}

# --- protected ------------------------------------------------------------------------------------------------------------------

@test "Group OSCORE: registration, informative response and notifications protected; who it was" {
	"$KEYGEN" group lights --members 3 --out keys
	serve -g keys/02.json --group-observe 233.252.0.23:61616 --notify-interval 0.1
	background one -g keys/01.json -n 2 --json --pcap one.pcap coap://127.0.0.2/r
	"$SEND" -i lo -g keys/03.json -p two coap://127.0.0.2/r
	ended
	[ "$status" -eq 0 ]
	cat one.out
	jq -se 'map(select(.event == "notification")) | .[1] | .via == "multicast" and .payload.text == "two" and .security.verified and .security.mode == "group" and
		.security.kid == "02" and .security.subject == "lights-02"' one.out
	# nothing of it can be read without keys, all of it with those of another member
	fails_to_find 'two|Uri-Path' one.pcap
	"$DECODE" -g keys/03.json one.pcap | grep -q 'two .*verified'
	# an unprotected registration gets nothing
	watch -i lo -t 1 coap://127.0.0.2/r
	[ "$status" -eq 1 ]
	grep -q 4.01 out
}

@test "a self-managed group: registered with OSCORE, notified with the keys of the server's own group" {
	cat >client.json <<-'EOJ'
		{ "profile": "oscore", "master_secret": "0102030405060708090a0b0c0d0e0f10", "master_salt": "9e7ca92223786340",
		  "sender": { "id": "01" }, "recipients": [ { "id": "02" } ] }
	EOJ
	sed -e 's/"id": "01"/"id": "x"/' -e 's/"id": "02"/"id": "01"/' -e 's/"id": "x"/"id": "02"/' client.json >server.json
	chmod 600 client.json server.json
	serve -g server.json --group-observe 233.252.0.23:61616 --notify-interval 0.1 --self-managed
	background one -g client.json -n 2 --json --save-phantom keys.phantom --pcap one.pcap coap://127.0.0.2/r
	# the server has one client context only: the change comes from the same client, later
	"$SEND" -g client.json -p two coap://127.0.0.2/r
	ended
	[ "$status" -eq 0 ]
	cat one.out
	jq -se 'map(select(.event == "informed"))[0].informative.gp_material.ms == "(hidden)"' one.out
	jq -se 'map(select(.event == "notification")) | .[1] | .via == "multicast" and .payload.text == "two" and .security.verified and .security.mode == "group"' one.out
	fails_to_find two one.pcap
	"$DECODE" --phantom keys.phantom one.pcap | grep -q 'two'
}

@test "protected for a group that is not here: status 5, and the command that joins it" {
	# tp_info, a protected ph_req (the worked example's), join_uri, sec_gp, as_uri
	ph=0560373a01f502dd1152fffa337ec51e2a9a91e0dbbd567fc22745a371f10bb598ac8a762e5fbd53456ba15ec86dda272ff65429ac667c370bd6568ab3a500e1ddeefc1312de929f78618b160df797623665cf37c476be
	join=05781d636f61703a2f2f6d79474d2f6163652d67726f75702f6d7947726f757006676d7947726f75700777636f61703a2f2f61732e6578616d706c652f746f6b656e
	peer "a3c2fe2420ffa50083${TP_SERVER}832044e9fc001719f0b0417b015857${ph}${join}"
	watch -i lo --json coap://127.0.0.2/r
	[ "$status" -eq 5 ]
	grep -qF 'join it first: gc-join --gm coap://myGM/ace-group/myGroup --as coap://as.example/token --role monitor --out myGroup.json' err
	jq -se 'map(select(.event == "refused"))[0] | (.join | startswith("gc-join ")) and .informative.sec_gp == "myGroup"' out
}

# --- what no server should do ------------------------------------------------------------------------------------------------------

@test "hostile informative responses: refused with the reason, withdrawn, nothing joined" {
	while read -r expected group payload reason; do
		: "$group"
		peer "$payload"
		: >peer.out
		watch -i lo -t 5 -v coap://127.0.0.2/r
		[ "$status" -eq "$expected" ]
		grep -q "informative response refused: .*$reason" err
		grep -qv 'listening to' err
		sleep 0.1
		grep -qE '^..01....(..)*6101' peer.out # GET with Observe 1
		kill "${pids[-1]}"
		ended
	done <<-EOT
		3 unicast   $(informative 417b 8320447f00000319f0b0) multicast
		3 linklocal $(informative 417b 832044e000000119f0b0) .
		3 token9    $(informative 49010203040506070809) .
		3 family    $(informative 417b 832050ff35003020010db8000000000000002319f0b0) .
		3 types     a3c2fe2420ffa3006001440160517202414d .
		3 array     a3c2fe2420ff80 .
		3 truncated a3c2fe2420ffa30083${TP_SERVER}8320 .
		3 no_tp     a3c2fe2420ffa1014401605172 tp_info
		3 huge      a3c2fe2420ffbb7fffffffffffffff .
		3 other     a3c2fe2420ffa20083${TP_SERVER}832044e9fc001719f0b0417b014401605173 something
		3 server    a3c2fe2420ffa200838220447f000003832044e9fc001719f0b0417b014401605172 server
		3 put       a3c2fe2420ffa20083${TP_SERVER}832044e9fc001719f0b0417b014403605172 .
		5 keys      a3c2fe2420ffa60083${TP_SERVER}832044e9fc001719f0b0417b0144016051720da00e41000f410110183c .
	EOT
}

@test "datagrams to the group: strangers, other tokens, duplicates, old ones: not shown, counted" {
	G=233.252.0.23:61616
	peer "$(informative)" $G 514500017b6106ff74776f $G 514500017b6106ff74776f $G 514500027b6104ff6f6c64 $G 514500037c6107ff6e6f $G 5145 \
		$G 414500047b6107ff6e6f $G 514500057b6400000001ff6e6f $G 514500067b6107ff7468726565
	watch -i lo -n 3 --json -t 10 coap://127.0.0.2/r
	[ "$status" -eq 0 ]
	[ "$(jq -r 'select(.event == "notification").payload.text' out | paste -sd ' ')" = "one two three" ]
	jq -se '.[-1] | .old == 2 and .strays == 3 and .unusable == 1' out
	# from another source: the group hears a second peer
	kill "${pids[-1]}"
	ended
	peer "$(informative)"
	start other "$SCRIPTED" 127.0.0.3:5683 45ff $G 514500017b6109ff6576696c
	background one -t 3 --json coap://127.0.0.2/r
	"$SEND" -i lo -t 1 coap://127.0.0.3/r || true # sets the other one off
	ended
	[ "$status" -eq 0 ]
	fails_grep evil one.out
	jq -se '.[-1] | .strays == 1 and .notifications == 1' one.out
}

fails_grep() {
	if grep "$@"; then
		return 1
	fi
}

@test "without protection anyone can end it; a 5.03 that is no informative response is an error" {
	peer "$(informative)" 233.252.0.23:61616 51a300017b
	watch -i lo -t 5 coap://127.0.0.2/r
	[ "$status" -eq 0 ]
	grep -q 'observation ended: the server has ended it (5.03)' err
	kill "${pids[-1]}"
	ended
	peer a3ff6f6f7073
	watch -i lo -t 5 coap://127.0.0.2/r
	[ "$status" -eq 1 ]
	grep -q '5.03 Service Unavailable  oops' out
}

@test "keys without protection: status 5; taken with --trust-plain-keys" {
	serve --group-observe 233.252.0.23:61616 --notify-interval 0.1 --self-managed --allow-plain-keys
	watch -i lo -t 2 coap://127.0.0.2/r
	[ "$status" -eq 5 ]
	grep -q 'keying material came without protection' err
	background one --trust-plain-keys -n 2 --json coap://127.0.0.2/r
	set_r two
	ended
	[ "$status" -eq 0 ]
	jq -se 'map(select(.event == "notification"))[1].security.verified' one.out
}

# --- the outside ------------------------------------------------------------------------------------------------------------------

@test "SIGINT ends in order; closed stdout: status 4; full disk: said, status 4" {
	serve
	background one coap://127.0.0.2/r
	kill -INT "${pids[-1]}"
	ended
	[ "$status" -eq 0 ]
	grep -q '1 notification from 1 server' one.err
	status=0
	timeout 10 "$OBSERVE" coap://127.0.0.2/r >/dev/full 2>err || status=$?
	[ "$status" -eq 4 ]
	grep -q 'standard output' err
	status=0
	{ timeout 10 "$OBSERVE" coap://127.0.0.2/time 2>err || echo $? >code; } | head -n 1
	[ "$(cat code)" -eq 4 ]
}
