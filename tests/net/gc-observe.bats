#!/usr/bin/env bats
# A server and five observers on hosts of their own: one notification reaches all, over IPv4 and IPv6, plain and protected; hosts
# that fail and come back; a client that knows nothing of group observations.

bats_require_minimum_version 1.5.0

setup_file() {
	BUILD=$(realpath "${BUILD:-build}")
	export BUILD
	# shellcheck source=tests/lib/netns.sh
	. "$BATS_TEST_DIRNAME/../lib/netns.sh"
	netns_up 6
	"$BUILD/gc-keygen" group lights --members 6 --out "$BATS_FILE_TMPDIR/keys"
}

teardown_file() {
	. "$BATS_TEST_DIRNAME/../lib/netns.sh"
	netns_down
}

setup() {
	. "$BATS_TEST_DIRNAME/../lib/netns.sh"
	OBSERVE=$BUILD/gc-observe SERVE=$BUILD/gc-serve SEND=$BUILD/gc-send DECODE=$BUILD/gc-decode
	KEYS=$BATS_FILE_TMPDIR/keys
	cd "$BATS_TEST_TMPDIR" || return 1
}

teardown() {
	local job
	for job in "$NETNS"/*.job; do
		[ -e "$job" ] || continue
		netns_stop "$(basename "$job" .job)" || true
	done
}

V4=233.252.0.23:61616 V6='[ff35:30:fd77::23]:61616'

serve() { # [OPTION]…: on host 1
	netns_start 1 serve "$SERVE" --bind 10.77.0.1 --bind 'fd77::1' -i eth0 --no-group --resource 'r=one;obs' --notify-interval 0.2 "$@"
	netns_wait_line "$NETNS/serve.err" '^ready'
}

observe() { # HOST NAME [OPTION]…: in the background, its first notification seen
	local host=$1 name=$2
	shift 2
	netns_start "$host" "$name" "$OBSERVE" "$@"
	netns_wait_line "$NETNS/$name.out" .
}

set_r() { # VALUE [OPTION]…
	local value=$1
	shift
	netns_exec 1 "$SEND" -p "$value" "$@" coap://10.77.0.1/r >/dev/null
}

@test "five hosts, IPv4 and IPv6: each change is one datagram to the group" {
	local family group uri i
	for family in 4 6; do
		[ $family = 4 ] && group=$V4 uri=coap://10.77.0.1/r || group=$V6 uri='coap://[fd77::1]/r'
		serve --group-observe "$group"
		for i in 2 3 4 5 6; do
			observe $i o$i -n 3 --pcap o$family$i.pcap "$uri"
		done
		set_r two
		for i in 2 3 4 5 6; do netns_wait_line "$NETNS/o$i.out" two; done
		set_r three
		for i in 2 3 4 5 6; do
			[ "$(netns_status o$i)" -eq 0 ]
			[ "$(awk '{ print $NF }' "$NETNS/o$i.out" | paste -sd ' ')" = "one two three" ]
			"$DECODE" --json o$family$i.pcap | jq -r --arg g "$group" 'select(.dst == $g) | "\(.src) \(.mid) \(.token)"' >mids$i
			[ "$(wc -l <mids$i)" -eq 2 ]
			cmp mids2 mids$i
		done
		netns_stop serve
	done
}

@test "the same, protected with Group OSCORE" {
	serve -g "$KEYS/01.json" --group-observe $V4
	local i
	for i in 2 3 4 5; do
		observe $i o$i -g "$KEYS/0$i.json" -n 2 --json coap://10.77.0.1/r
	done
	netns_exec 6 "$SEND" -g "$KEYS/06.json" -p two coap://10.77.0.1/r
	for i in 2 3 4 5; do
		[ "$(netns_status o$i)" -eq 0 ]
		jq -se 'map(select(.event == "notification"))[1] | .via == "multicast" and .payload.text == "two" and .security.verified and .security.kid == "01"' "$NETNS/o$i.out"
	done
}

@test "an observer is killed and started again; it disturbs nobody, and gets what comes" {
	serve --group-observe $V4
	observe 2 stays -n 3 coap://10.77.0.1/r
	observe 3 dies coap://10.77.0.1/r
	netns_stop dies KILL
	set_r two
	netns_wait_line "$NETNS/stays.out" two
	observe 3 back -n 2 coap://10.77.0.1/r
	grep -q 'informative response  two' "$NETNS/back.out"
	set_r three
	[ "$(netns_status back)" -eq 0 ]
	[ "$(netns_status stays)" -eq 0 ]
	grep -q 'multicast  three' "$NETNS/back.out"
}

@test "the server is killed and started again: all find it" {
	local i
	netns_start 1 serve "$SERVE" --bind 10.77.0.1 -i eth0 --no-group --tick 0.5 --notify-interval 0.2 --group-observe $V4
	netns_wait_line "$NETNS/serve.err" '^ready'
	for i in 2 3 4; do
		observe $i o$i --retry 0.5 -t 60 --json coap://10.77.0.1/time
	done
	netns_stop serve KILL
	netns_start 1 serve "$SERVE" --bind 10.77.0.1 -i eth0 --no-group --tick 0.5 --notify-interval 0.2 --group-observe $V4
	netns_wait_line "$NETNS/serve.err" '^ready'
	for i in 2 3 4; do
		_netns_until "second group observation of $i" test "$(netns_informed o$i)" -ge 2 || {
			cat "$NETNS/o$i.out"
			return 1
		}
	done
}

netns_informed() { # NAME: wait for two, then how many
	_netns_until "informed twice: $1" informed_twice "$1" || true
	grep -c '"event":"informed"' "$NETNS/$1.out"
}

informed_twice() { [ "$(grep -c '"event":"informed"' "$NETNS/$1.out")" -ge 2 ]; }

@test "an observer's interface goes down and comes up again: it hears again" {
	serve --group-observe $V4
	observe 2 o2 -t 60 coap://10.77.0.1/r
	netns_exec 2 ip link set eth0 down
	set_r two
	netns_exec 2 ip link set eth0 up
	_netns_until "eth0 of host 2" _netns_is_linked 2
	set_r three
	netns_wait_line "$NETNS/o2.out" 'multicast  three'
	[ "$(grep -c two "$NETNS/o2.out")" -le 1 ]
}

@test "some observe traditionally first: all are moved over" {
	serve --group-observe $V4 --group-observe-after 2
	observe 2 o2 -n 3 coap://10.77.0.1/r
	observe 3 o3 -n 3 coap://10.77.0.1/r
	grep -q unicast "$NETNS/o2.out"
	observe 4 o4 -n 2 --pcap o4.pcap coap://10.77.0.1/r
	netns_wait_line "$NETNS/o2.out" 'informative response'
	netns_wait_line "$NETNS/o3.out" 'informative response'
	set_r two
	local i
	for i in 2 3 4; do
		[ "$(netns_status o$i)" -eq 0 ]
		grep -q 'multicast  two' "$NETNS/o$i.out"
	done
}

@test "a registration to a group of servers: each notifies its own group observation" {
	local i
	for i in 2 3 4; do
		netns_start $i s$i "$SERVE" --bind 10.77.0.$i -i eth0 --group 224.0.1.187 --leisure 0.1 --resource "r=of $i;obs" --notify-interval 0.2 --group-observe $V4
		netns_wait_line "$NETNS/s$i.err" '^ready'
	done
	netns_start 1 all "$OBSERVE" -i eth0 -n 6 --json coap://224.0.1.187/r
	_netns_until "three group observations" three_informed
	for i in 2 3 4; do
		netns_exec 5 "$SEND" -p "new $i" coap://10.77.0.$i/r
	done
	[ "$(netns_status all)" -eq 0 ]
	[ "$(jq -r 'select(.event == "notification" and .via == "multicast") | .from + " " + .payload.text' "$NETNS/all.out" | sort | paste -sd ,)" = \
		"10.77.0.2:5683 new 2,10.77.0.3:5683 new 3,10.77.0.4:5683 new 4" ]
}

three_informed() { [ "$(grep -c '"event":"informed"' "$NETNS/all.out")" -ge 3 ]; }

@test "coap-client, which knows nothing of this, gets the representation as long as few observe, and then an explanation" {
	serve --group-observe $V4 --group-observe-after 1
	netns_exec 2 timeout 20 coap-client-notls -s 1 -m get coap://10.77.0.1/r >plain.out 2>plain.err
	grep -q one plain.out
	observe 3 o3 -t 60 coap://10.77.0.1/r
	netns_start 2 stock timeout 20 coap-client-notls -s 3 -v 6 -m get coap://10.77.0.1/r
	netns_wait_line "$NETNS/o3.out" 'informative response' # the second one started the group observation
	netns_status stock
	cat "$NETNS/stock.out" "$NETNS/stock.err"
	grep -qa 'notified by multicast' "$NETNS/stock.out" "$NETNS/stock.err"
}
