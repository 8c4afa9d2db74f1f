# gc-serve on two hosts, asked by libcoap's client on a third: nothing of ours asks.

setup_file() {
	. "$BATS_TEST_DIRNAME/../lib/netns.sh"
	netns_up 3
	for host in 2 3; do
		netns_start "$host" "serve$host" "$BUILD/gc-serve" -i eth0 --leisure 0.3 --tick 0.25 --large 5000 \
			--resource 'conf=as delivered' --pcap "$NETNS/serve$host.pcap" -v
	done
	for host in 2 3; do
		netns_wait_line "$NETNS/serve$host.err" ready
	done
}

teardown_file() {
	. "$BATS_TEST_DIRNAME/../lib/netns.sh"
	netns_down
}

setup() {
	. "$BATS_TEST_DIRNAME/../lib/netns.sh"
}

ask() { # coap-client on host 1
	netns_exec 1 timeout 20 coap-client-notls "$@"
}

large_of() { # the body of /large on a host, known from its rule: 64-byte lines
	local at
	for ((at = 0; at < 5000; at += 64)); do
		printf '%05d %s ' "$at" "$1" | awk '{ line = $0; while (length(line) < 63) line = line "."; print line }'
	done | head -c 5000
}

@test "unicast: IPv4, IPv6 and link-local, confirmable and not" {
	run ask -w coap://10.77.0.2/hello
	[ "$output" = "hello from 10.77.0.2" ]
	run ask -w 'coap://[fd77::3]/hello'
	[ "$output" = "hello from fd77::3" ]
	run ask -w 'coap://[fe80::3%eth0]/hello'
	[ "$output" = "hello from fe80::3" ]
	run ask -w -N -B 1 'coap://[fd77::2]/hello'
	[ "${lines[0]}" = "hello from fd77::2" ]
}

# @req A4 A59
@test "multicast: IPv6 site-local and link-local, IPv4, by default and on port 5683: both members answer" {
	for group in '[ff05::fd]' '[ff02::fd%eth0]' 224.0.1.187; do
		ask -w -N -B 1 "coap://$group/time" >"$BATS_TEST_TMPDIR/out" 2>&1
		[ "$(grep -c '^20..-..-..T..:..:..Z$' "$BATS_TEST_TMPDIR/out")" -eq 2 ]
	done
}

# @req A60
@test "multicast: the groups that a server joins by itself are joined on the interface that was named" {
	for group in ff02::fd ff04::fd ff05::fd 224.0.1.187; do
		[ "$(netns_exec 3 ip maddr show dev eth0 | grep -c " $group\b")" -eq 1 ]
		[ "$(netns_exec 3 ip maddr show dev lo | grep -c " $group\b")" -eq 0 ]
	done
}

@test "multicast: discovery at the All CoAP Nodes address, filtered" {
	run ask -N -B 1 -w 'coap://[ff02::fd%eth0]/.well-known/core?href=/time'
	[ "$(grep -c '^</time>;.*obs' <<<"$output")" -eq 2 ]
	[[ "$output" != *light* ]]
}

# @req A61
@test "multicast: a group that was not joined harms nothing" {
	run ask -N -B 1 -w 'coap://[ff02::1%eth0]/time'
	run ask -w coap://10.77.0.2/hello
	[ "$output" = "hello from 10.77.0.2" ]
}

# @req A2
@test "multicast: an answer leaves from the member's own address" {
	ask -v 7 -N -B 1 'coap://[ff05::fd]/time' >"$BATS_TEST_TMPDIR/out" 2>&1
	grep -q '<-> \[fd77::2\]:5683 .*received' "$BATS_TEST_TMPDIR/out"
	grep -q '<-> \[fd77::3\]:5683 .*received' "$BATS_TEST_TMPDIR/out"
}

# @req A30 A36
@test "multicast: an error is kept back; No-Response of an unknown client may widen that, not undo it" {
	run ask -N -B 1 'coap://[ff05::fd]/nosuch'
	[ "$output" = "" ]
	run ask -N -B 1 -O 258,0x00 'coap://[ff05::fd]/nosuch'
	[ "$output" = "" ]
	[ "$(grep -c 'GET /nosuch .*suppressed$' "$NETNS/serve2.err")" -eq 2 ]
	run ask -N -B 1 -O 258,0x02 'coap://[ff05::fd]/hello'
	[ "$output" = "" ]
	grep -q 'GET /hello .*suppressed as the client wished' "$NETNS/serve3.err"
}

@test "an unknown path by unicast is 4.04" {
	run ask 'coap://10.77.0.2/nosuch'
	[[ "$output" == *4.04* ]]
}

@test "a large body in blocks of the client's choice" {
	large_of 10.77.0.2 >"$BATS_TEST_TMPDIR/expected"
	for size in 1024 256 64 16; do
		ask -b "$size" -o "$BATS_TEST_TMPDIR/got" coap://10.77.0.2/large
		cmp "$BATS_TEST_TMPDIR/expected" "$BATS_TEST_TMPDIR/got"
	done
}

@test "a large body is uploaded in blocks and read again, the other member untouched" {
	seq 1 500 >"$BATS_TEST_TMPDIR/body" # 1892 bytes
	ask -b 128 -m put -f "$BATS_TEST_TMPDIR/body" 'coap://[fd77::3]/conf'
	ask -o "$BATS_TEST_TMPDIR/got" 'coap://[fd77::3]/conf'
	cmp "$BATS_TEST_TMPDIR/body" "$BATS_TEST_TMPDIR/got"
	run ask -w 'coap://[fd77::2]/conf'
	[ "$output" = "as delivered" ]
}

@test "observe: notifications come until the client has had enough" {
	ask -s 2 -w coap://10.77.0.2/time >"$BATS_TEST_TMPDIR/out"
	[ "$(grep -c '^20..-' "$BATS_TEST_TMPDIR/out")" -ge 4 ]
	netns_wait_line "$NETNS/serve2.err" 'GET /time .* notified' # said with -v
}

@test "observe: a change by one client reaches another" {
	netns_exec 1 timeout 20 coap-client-notls -s 2 -w 'coap://[fd77::2]/light' >"$BATS_TEST_TMPDIR/out" 3>&- &
	watcher=$!
	netns_wait_line "$BATS_TEST_TMPDIR/out" off
	ask -m put -e 40 'coap://[fd77::2]/light'
	netns_wait_line "$BATS_TEST_TMPDIR/out" 40
	wait "$watcher"
	[ "$(head -n 2 "$BATS_TEST_TMPDIR/out" | tr '\n' ' ')" = "off 40 " ]
}

@test "the list of resources, filtered" {
	run ask -w 'coap://10.77.0.3/.well-known/core?href=/time'
	[[ "$output" == '</time>;'*obs* ]]
	[[ "$output" != *light* ]]
}

@test "SIGTERM and SIGINT are an orderly end, and the capture is whole: every checksum right for tshark" {
	for host in 2 3; do
		ask "coap://10.77.0.$host/hello" >/dev/null
		ask -b 16 "coap://[fd77::$host]/large" >/dev/null
		ask -N -B 1 coap://224.0.1.187/hello >/dev/null
		netns_stop "serve$host" "$([ "$host" -eq 2 ] && echo TERM || echo INT)"
		[ "$(netns_status "serve$host")" -eq 0 ]
		tshark -r "$NETNS/serve$host.pcap" -o udp.check_checksum:TRUE -o ip.check_checksum:TRUE -T fields \
			-e ip.checksum.status -e udp.checksum.status -e coap.code -e ip.src >"$BATS_TEST_TMPDIR/fields" 2>/dev/null
		[ "$(wc -l <"$BATS_TEST_TMPDIR/fields")" -gt 600 ]
		run awk -F '\t' '$1 == "0" || $2 != "1" || $4 == "0.0.0.0"' "$BATS_TEST_TMPDIR/fields"
		echo "$output"
		[ "$output" = "" ]
	done
}
