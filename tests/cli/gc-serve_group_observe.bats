#!/usr/bin/env bats
# Group observations of gc-serve as a user sees them: options, links, informative responses as clients print them, the end.
# Runs in a network namespace where only lo is (tests/isolate.sh).

setup() {
	BIN=$BATS_TEST_DIRNAME/../../${BUILD:-build}
	cd "$BATS_TEST_TMPDIR" || return 1
	pid=
	if [ "$(ip -o link | wc -l)" -eq 1 ]; then
		ip route replace 224.0.0.0/4 dev lo
		ip link set lo multicast on
	fi
}

teardown() {
	[ -z "$pid" ] || kill "$pid" 2>/dev/null || true
	[ -z "$pid" ] || wait "$pid" 2>/dev/null || true
}

run_serve() {
	status=0
	timeout 20 "$BIN/gc-serve" "$@" >out 2>err </dev/null || status=$?
	echo "status $status"
	cat out err
}

start() { # one in the background, ready
	: >serve.err
	"$BIN/gc-serve" -v --bind 127.0.0.2 --no-group --group-observe 239.1.2.3:61616 "$@" >serve.out 2>serve.err 3>&- &
	pid=$!
	until grep -q '^ready' serve.err; do
		kill -0 "$pid" || { cat serve.err; return 1; }
	done
}

stop() {
	kill -"${1:-TERM}" "$pid"
	status=0
	wait "$pid" || status=$?
	pid=
}

waits_for() { # a line in the server's log
	until grep -q "$1" serve.err; do
		kill -0 "$pid"
	done
}

@test "wrong use: one line on stderr, status 2, nothing on stdout" {
	while IFS='|' read -r arguments expected; do
		eval "run_serve --bind 127.0.0.2 $arguments"
		[ "$status" -eq 2 ]
		[ ! -s out ]
		[ "$(wc -l <err)" -eq 1 ]
		grep -q -- "^gc-serve: .*$expected" err
	done <<'TABLE'
--group-observe 192.0.2.1|not a multicast address
--group-observe 224.0.0.5|link-local
--group-observe '[ff02::5]'|link-local
--group-observe 239.1.2.3:5684|5684
--group-observe 239.1.2.3:0|port
--group-observe nonsense|nonsense
--group-observe 239.1.2.3 --group-observe 239.1.2.4|a second one
--group-observe '[ff35::1]'|no member has an address of the family of --group-observe
--group-observe-after 2|--group-observe-after is for --group-observe
--cri flat|--cri is for --group-observe
--group-observe 239.1.2.3 --group-observe-after x|after
--group-observe 239.1.2.3 --notify-interval -1|interval
--group-observe 239.1.2.3 --group-observe-for 99999999999|for
--group-observe 239.1.2.3 --confirm 0|confirm
--group-observe 239.1.2.3 --confirm-wait 0|above 0
--group-observe 239.1.2.3 --omn-format 06|05
--group-observe 239.1.2.3 --omn-format 05 --cri nested|no CRIs
--group-observe 239.1.2.3 --cri round|nested
--group-observe 239.1.2.3 --self-managed|needs -g
--group-observe 239.1.2.3 --self-managed-for 60|are for --self-managed
--group-observe 239.1.2.3 --allow-plain-keys|are for --self-managed
--group-observe 239.1.2.3 --join-uri coap://gm/g --sec-gp g|by a context of -g
--group-observe 239.1.2.3 --join-uri coap://gm/g|go together
--group-observe 239.1.2.3 --as-uri coap://as/token|go together
--hop-limit 0|hop-limit
--hop-limit 256|hop-limit
TABLE
}

@test "members at link-local addresses only: usage" {
	run_serve --bind 169.254.1.1 --group-observe 239.1.2.3
	[ "$status" -eq 2 ]
	grep -q 'do not come from link-local addresses' err
}

@test "a group that multicast cannot reach is said at the start, status 4" {
	status=0
	timeout 20 unshare -n sh -c 'ip link set lo up; exec "$0" --bind 127.0.0.2 --no-group --group-observe 239.1.2.3 -t 1' "$BIN/gc-serve" >out 2>err || status=$?
	[ "$status" -eq 4 ]
	[ "$(grep -c . err)" -eq 1 ]
	grep -q '^gc-serve: --group-observe: cannot send to 239.1.2.3:5683' err
}

# @req ML-01
@test "links of observable resources have gp-obs, grp_obs in the older format" {
	start --resource 'temp=21.5;obs' --resource 'name=x'
	"$BIN/gc-send" coap://127.0.0.2/.well-known/core >out
	grep -qF '</time>;ct=0;obs;gp-obs,' out
	grep -qF '</temp>;ct=0;obs;gp-obs' out
	grep -qF '</name>;ct=0' out
	[ "$(grep -cF '</name>;ct=0;' out)" -eq 0 ]
	[ "$(grep -o 'gp-obs' out | wc -l)" -eq 3 ]
	stop
	start --omn-format 05
	"$BIN/gc-send" coap://127.0.0.2/.well-known/core >out
	grep -qF '</light>;rt="light";ct=0;obs;grp_obs' out
	[ "$(grep -c 'gp-obs' out)" -eq 0 ]
}

# @req MN-11 MN-12 MN-16 TP-06
@test "a registration is answered with what gc-send can show" {
	start --resource 'temp=21.5;obs' --pcap serve.pcap
	status=0
	"$BIN/gc-send" --json --observe -t 3 coap://127.0.0.2/temp >out || status=$?
	[ "$status" -eq 1 ]
	grep -q '"code":"5.03"' out
	grep -qF "{0: [[-1, h'7f000002'], [-1, h'ef010203', 61616], h'" out
	waits_for 'informed 5.03'
	stop
	[ "$status" -eq 0 ]
	grep -q 'group observations: 1 clients informed, 0 notifications' serve.err
	"$BIN/gc-decode" serve.pcap >decoded
	grep -q '127.0.0.2:5683 → 127.0.0.1:[0-9]* CON 5.03' decoded
	start --cri nested --resource 'temp=21.5;obs'
	"$BIN/gc-send" --observe -t 3 coap://127.0.0.2/temp >out || true
	grep -qF "{0: [[-1, [h'7f000002']], [-1, [h'ef010203', 61616]], h'" out
	stop
	start --omn-format 05 --resource 'temp=21.5;obs'
	"$BIN/gc-send" --observe -t 3 coap://127.0.0.2/temp >out || true
	grep -qF "{1: [1, 260(h'7f000002'), 5683, h'" out
}

@test "a client that knows nothing of it prints the value and where notifications go" {
	start --resource 'temp=21.5;obs;ct=text'
	timeout 20 coap-client-notls -s 1 coap://127.0.0.2/temp >out 2>&1 || true
	grep -aq '5.03' out
	grep -aq '21\.5' out
	grep -aq 'notified by multicast to 239.1.2.3:61616' out
}

@test "--group-observe-after: the first ones are traditional" {
	start --group-observe-after 1 --resource 'temp=21.5;obs;ct=text'
	timeout 20 coap-client-notls -s 1 coap://127.0.0.2/temp >out 2>/dev/null
	grep -q '^21\.5' out
	waits_for 'GET /temp from .*: answered 2.05'
	"$BIN/gc-send" --observe -t 10 coap://127.0.0.2/temp >first 2>&1 3>&- &
	first=$!
	until grep -q '21\.5' first; do kill -0 "$first"; done
	"$BIN/gc-send" --observe -t 3 coap://127.0.0.2/temp >second || true
	grep -q '5.03' second
	waits_for 'moved over to the group observation'
	wait "$first" || true
	grep -q '5.03' first
}

# @req MN-20 MN-25 MN-26
@test "one notification goes to the group for all, and a cancellation at the end by a signal" {
	start --resource 'temp=21.5;obs;ct=text' --notify-interval 0.1 --pcap serve.pcap --hop-limit 7
	for _ in 1 2 3; do "$BIN/gc-send" --observe -t 1 coap://127.0.0.2/temp >/dev/null || true; done
	"$BIN/gc-send" -m put -p 22 coap://127.0.0.2/temp
	waits_for 'group notification'
	stop INT
	[ "$status" -eq 0 ]
	"$BIN/gc-decode" serve.pcap >decoded
	[ "$(grep -c '127.0.0.2:5683 → 239.1.2.3:61616 NON 2.05 .* 22' decoded)" -eq 1 ]
	[ "$(grep -c '127.0.0.2:5683 → 239.1.2.3:61616 NON 5.03' decoded)" -eq 1 ]
	tail -n 1 decoded | grep -q 'NON 5.03'
	grep -q 'group observation cancelled: the server ends' serve.err
}

@test "so it does at the end of -t; --json tells of all of it" {
	: >serve.err
	"$BIN/gc-serve" --json -t 2 --bind 127.0.0.2 --no-group --group-observe 239.1.2.3 --notify-interval 0.2 --resource 'temp=1;obs' >serve.out 2>serve.err 3>&- &
	pid=$!
	until grep -q '^ready' serve.err; do kill -0 "$pid"; done
	"$BIN/gc-send" --observe -t 1 coap://127.0.0.2/temp >/dev/null || true
	"$BIN/gc-send" -m put -p 2 coap://127.0.0.2/temp
	wait "$pid"
	pid=
	grep -q '"event":"request".*"outcome":"informed"' serve.out
	grep -q '"event":"notification".*"from":"239.1.2.3:5683".*"outcome":"group notification"' serve.out
	grep -q '"event":"notification".*"code":"5.03".*"outcome":"group observation cancelled: the server ends"' serve.out
	grep -q '"event":"summary".*"informed":1,"group_notifications":1,"confirmations":0' serve.out
}

# @req IN-02
@test "introspection tells what a Token stands for" {
	start --resource 'temp=21.5;obs;ct=text'
	"$BIN/gc-send" --observe -t 3 coap://127.0.0.2/temp >out || true
	token=$(sed -n "s/.*61616\], h'\([0-9a-f]*\)'\].*/\1/p" out)
	[ "${#token}" -eq 8 ]
	"$BIN/gc-send" --json "coap://127.0.0.2/.well-known/core/mc-sender?token=$token" >out
	grep -q '"code":"2.05"' out
	grep -qF "h'$token'], 1: h'0160" out
	for query in '?token=00000000|4.04' '?token=zz|4.00' '|4.00'; do
		status=0
		"$BIN/gc-send" "coap://127.0.0.2/.well-known/core/mc-sender${query%|*}" >out || status=$?
		[ "$status" -eq 1 ]
		grep -qF "${query#*|}" out
	done
}

# --- protected ----------------------------------------------------------------------------------------------------------

keys() {
	"$BIN/gc-keygen" group lights --members 2 --out keys >/dev/null
}

# @req MG-01b MG-05 MG-06
@test "with -g the notifications are protected, and only protected clients take part" {
	keys
	start -g keys/02.json --also-plain --resource 'temp=21.5;obs;ct=text' --join-uri coap://gm/ace-group/lights --sec-gp lights
	"$BIN/gc-send" --observe -t 0.3 coap://127.0.0.2/temp >out
	grep -q '2.05' out
	"$BIN/gc-send" -g keys/01.json --json --observe -t 3 coap://127.0.0.2/temp >out || true
	grep -q '"code":"5.03"' out
	grep -qF "1: h'0560" out
	grep -qF '5: \"coap://gm/ace-group/lights\", 6: \"lights\"' out
}

# @req MG-01c SM-01
@test "--self-managed: keys are told to protected clients only, and to others where that is allowed" {
	keys
	start -g keys/02.json --also-plain --self-managed --resource 'temp=21.5;obs;ct=text'
	"$BIN/gc-send" --observe -t 0.3 coap://127.0.0.2/temp >out
	grep -q '2.05' out
	"$BIN/gc-send" -g keys/01.json --json --observe -t 3 coap://127.0.0.2/temp >out || true
	grep -q '13: {2: .*, 8: 14, 9: 10, 10: -8' out
	stop
	start --self-managed --allow-plain-keys --resource 'temp=21.5;obs;ct=text'
	grep -q 'whoever listens can read the keys' serve.err
	"$BIN/gc-send" --json --observe -t 3 coap://127.0.0.2/temp >out || true
	grep -q '13: {2: .*, 8: 14, 9: 10, 10: -8' out
}

# three observers and one datagram a notification, in each way of protecting and telling it
@test "gc-observe takes part: plain, protected, with the member's own keys, in both formats" {
	"$BIN/gc-keygen" group lights --members 4 --out keys >/dev/null
	while read -r client server; do
		echo "client $client, server $server"
		# shellcheck disable=SC2086
		start -i lo $server --notify-interval 0.5 --resource 'temp=20;obs;ct=text' --pcap serve.pcap
		observers=
		for i in 1 3 4; do
			context=
			[ "$client" = plain ] || context="-g keys/0$i.json"
			# shellcheck disable=SC2086
			"$BIN/gc-observe" -i lo $context --count 2 -t 20 coap://127.0.0.2/temp >"observer.$i" 3>&- &
			observers+=" $!"
		done
		until [ "$(grep -c 'informed 5.03' serve.err)" -eq 3 ]; do kill -0 "$pid"; done
		until [ "$(cat observer.* | grep -c ' 20$')" -eq 3 ]; do kill -0 "$pid"; done
		context=
		[ "$client" = plain ] || context="-g keys/01.json"
		# shellcheck disable=SC2086
		"$BIN/gc-send" $context -m put -p 21 coap://127.0.0.2/temp >/dev/null
		for observer in $observers; do wait "$observer"; done
		stop
		[ "$(cat observer.* | grep -c '2.05 Content  observe [0-9]* by multicast  21$')" -eq 3 ]
		"$BIN/gc-decode" serve.pcap >decoded
		[ "$(grep -c '→ 239.1.2.3:61616 NON 2.05' decoded)" -eq 1 ]
	done <<-'TABLE'
	plain
	plain --omn-format 05
	secure -g keys/02.json
	secure -g keys/02.json --omn-format 05
	secure -g keys/02.json --self-managed
	secure -g keys/02.json --self-managed --omn-format 05
	TABLE
}

@test "contexts without group mode: said at the start" {
	cat >oscore.json <<-'JSON'
	{ "profile": "oscore", "master_secret": "0102030405060708090a0b0c0d0e0f10", "sender": { "id": "01" }, "recipients": [ { "id": "" } ] }
	JSON
	chmod 600 oscore.json
	run_serve --bind 127.0.0.2 --no-group -g oscore.json --group-observe 239.1.2.3 -t 1
	[ "$status" -eq 2 ]
	grep -q 'no context with group mode' err
}
