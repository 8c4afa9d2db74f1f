# gc-send on host 1 asks libcoap's servers on hosts 2, 3 and 4: IPv6 groups, zones, links, routes (gc-send.bats has the
# rest). They answer a group after up to 5 s (their leisure), so
# requests that do not disturb each other run side by side.

setup_file() {
	. "$BATS_TEST_DIRNAME/../lib/netns.sh"
	netns_up 4
	netns_link 1 4 eth1
	for host in 2 3 4; do
		netns_start "$host" "site$host" coap-server-notls -g ff05::fd -G eth0 -d 3
		netns_start "$host" "link$host" coap-server-notls -g ff02::fd -G eth0 -p 5700
		netns_start "$host" "ipv4$host" coap-server-notls -g 224.0.1.187 -G eth0 -p 5701
	done
	netns_start 4 aside coap-server-notls -g ff02::77 -G eth1 -p 5702
	for host in 2 3 4; do
		netns_wait_udp "$host" 5683
		netns_wait_udp "$host" 5700
		netns_wait_udp "$host" 5701
	done
	netns_wait_udp 4 5702
	seq -w 1 384 | sed 's/$/./' >"$BATS_FILE_TMPDIR/body" # 1920 bytes
}

teardown_file() {
	. "$BATS_TEST_DIRNAME/../lib/netns.sh"
	netns_down
}

teardown() { # what a failed test saw
	[ -n "$BATS_TEST_COMPLETED" ] || tail -n 40 "$BATS_TEST_TMPDIR"/* 2>/dev/null | head -c 6000
}

setup() {
	. "$BATS_TEST_DIRNAME/../lib/netns.sh"
	OUT=$BATS_TEST_TMPDIR
	jobs=()
}

send() { netns_exec 1 timeout 30 "$BUILD/gc-send" "$@"; }

later() { # later NAME ARGUMENT…: beside others; stdout, stderr and status in files of that name
	local name=$1
	shift
	{
		status=0
		send "$@" >"$OUT/$name" 2>"$OUT/$name.err" || status=$?
		echo "$status" >"$OUT/$name.status"
	} 3>&- &
	jobs+=($!)
}

all_done() { wait "${jobs[@]}"; }

answers() { # answers FILE FROM…: these have answered, once each, whatever the order, and nobody else
	local file=$1
	shift
	[ "$(jq -r 'select(.event == "response").from' "$OUT/$file" | sort | tr '\n' ' ')" = "$* " ]
}

# @req A7 A9 A10 A11
@test "three responders by address, with code, time and payload, on every way to write a group" {
	later site --json -n 3 'coap://[ff05::fd]/time'
	later zone --json -n 3 'coap://[ff05::fd%eth0]/time'
	later link --json -n 3 'coap://[ff02::fd%eth0]:5700/time'
	later percent --json -n 3 'coap://[ff02::fd%25eth0]:5700/time'
	later option --json -n 3 -i eth0 'coap://[ff02::fd]:5700/time'
	later number --json -n 3 -i "$(netns_exec 1 ip -o link show eth0 | cut -d: -f1)" 'coap://[ff02::fd]:5700/time'
	later wins --json -n 3 -i eth0 'coap://[ff02::fd%eth1]:5700/time'
	later ipv4 --json -n 3 'coap://224.0.1.187:5701/time'
	later text -n 3 'coap://[ff05::fd]/time'
	all_done
	for name in site zone; do
		answers "$name" '[fd77::2]:5683' '[fd77::3]:5683' '[fd77::4]:5683'
	done
	for name in link percent option number wins; do
		answers "$name" '[fe80::2%eth0]:5700' '[fe80::3%eth0]:5700' '[fe80::4%eth0]:5700'
	done
	answers ipv4 10.77.0.2:5701 10.77.0.3:5701 10.77.0.4:5701
	for name in site zone link percent option number wins ipv4 text; do
		[ "$(cat "$OUT/$name.status")" -eq 0 ]
	done
	for name in site zone link percent option number wins ipv4; do
		[ "$(jq -s '[.[] | select(.event == "response" and .code == "2.05" and .rtt_ms < 6000 and (.payload.text | test("^[A-Z][a-z]+ \\d+ \\d+:\\d+:\\d+$")))] | length' "$OUT/$name")" -eq 3 ]
		[ "$(jq -r 'select(.event == "summary") | "\(.responses) \(.responders) \(.failed)"' "$OUT/$name")" = "3 3 0" ]
	done
	[ "$(grep -cE '^\[fd77::[234]\]:5683 +2\.05 Content +[0-9.]+ ms +[A-Z][a-z]+ [0-9]+ [0-9:]+$' "$OUT/text")" -eq 3 ]
}

@test "the zone chooses the link, and only who is there answers" {
	later aside --json -n 1 'coap://[ff02::77%eth1]:5702/time'
	later option --json -n 1 -i eth1 'coap://[ff02::77]:5702/time'
	later nobody --json -t 1 'coap://[ff02::77%eth0]:5702/time'
	all_done
	answers aside '[fe80::4%eth1]:5702'
	answers option '[fe80::4%eth1]:5702'
	[ "$(cat "$OUT/aside.status") $(cat "$OUT/option.status") $(cat "$OUT/nobody.status")" = "0 0 1" ]
}

@test "a zone never becomes Uri-Host" {
	send --dry-run --mid 1 --token aa 'coap://[ff05::fd%eth0]/time' >"$OUT/zone"
	send --dry-run --mid 1 --token aa 'coap://[ff05::fd]/time' >"$OUT/plain"
	cmp "$OUT/zone" "$OUT/plain"
	[ "$(wc -c <"$OUT/zone")" -gt 10 ]
}

@test "a body of 1.9 kB: too large for one group datagram, --each changes it on all three, and it is read whole from each" {
	run send -m put -p "@$BATS_FILE_TMPDIR/body" 'coap://[ff05::fd]/example_data'
	[ "$status" -eq 2 ]
	[[ "$output" == *"too large"*"--each"* ]]
	send --json -n 3 --each -m put -p "@$BATS_FILE_TMPDIR/body" 'coap://[ff05::fd]/example_data' >"$OUT/put"
	answers put '[fd77::2]:5683' '[fd77::3]:5683' '[fd77::4]:5683'
	[ "$(jq -s '[.[] | select(.code == "2.04" or .code == "2.01")] | length' "$OUT/put")" -eq 3 ]
	mkdir "$OUT/bodies"
	send -n 3 --out "$OUT/bodies" 'coap://[ff05::fd]/example_data'
	[ "$(find "$OUT/bodies" -type f | wc -l)" -eq 3 ]
	for file in "$OUT/bodies"/*; do
		cmp "$BATS_FILE_TMPDIR/body" "$file"
	done
}

@test "one block at a time of 64 bytes, from a group and from one server, is the same body" {
	send -m put -b 64 -p "@$BATS_FILE_TMPDIR/body" 'coap://[fd77::2]/example_data'
	later one -b 64 --raw 'coap://[fd77::2]/example_data'
	mkdir "$OUT/bodies"
	later group -b 64 -n 3 --out "$OUT/bodies" 'coap://[ff05::fd]/example_data'
	all_done
	cmp "$BATS_FILE_TMPDIR/body" "$OUT/one"
	[ "$(cat "$OUT/group.status")" -eq 0 ]
	[ "$(find "$OUT/bodies" -type f | wc -l)" -eq 3 ]
	cmp "$BATS_FILE_TMPDIR/body" "$OUT/bodies/fd77--2_5683"
}

@test "a closed port: ICMP tells at once, status 1" {
	run netns_exec 1 timeout 3 "$BUILD/gc-send" coap://10.77.0.2:5999/x
	[ "$status" -eq 1 ]
	[[ "$output" == *"refused"* ]]
	run netns_exec 1 timeout 3 "$BUILD/gc-send" 'coap://[fd77::3]:5999/x'
	[ "$status" -eq 1 ]
	[[ "$output" == *"refused"* ]]
}

@test "no route, no such interface: status 4, and what to do" {
	run netns_exec 1 timeout 3 "$BUILD/gc-send" coap://192.0.2.1/x
	[ "$status" -eq 4 ]
	[[ "$output" == *192.0.2.1* ]]
	run send -i nope0 'coap://[ff05::fd]/x'
	[ "$status" -eq 4 ]
	[[ "$output" == *nope0*eth0* ]]
	run send 'coap://[ff05::fd%nope0]/x'
	[ "$status" -eq 4 ]
	[[ "$output" == *nope0*eth0* ]]
	netns_exec 1 ip route del 224.0.0.0/4 dev eth0
	run netns_exec 1 timeout 3 "$BUILD/gc-send" coap://224.0.1.187:5701/time
	[ "$status" -eq 4 ]
	[[ "$output" == *"-i"*eth0* ]]
	send -n 1 -i eth0 coap://224.0.1.187:5701/time # the advice helps
	netns_exec 1 ip route add 224.0.0.0/4 dev eth0
}

@test "the capture has the exchange for tshark: real addresses, right checksums" {
	send -n 3 --pcap "$OUT/c.pcap" 'coap://[ff05::fd]/time'
	send --pcap "$OUT/d.pcap" coap://10.77.0.2/time
	for file in c d; do
		tshark -r "$OUT/$file.pcap" -o udp.check_checksum:TRUE -o ip.check_checksum:TRUE -T fields -e ip.src -e ipv6.src -e udp.checksum.status \
			-e ip.checksum.status >"$OUT/$file" 2>/dev/null
	done
	[ "$(cut -f 2 "$OUT/c" | sort | tr '\n' ' ')" = 'fd77::1 fd77::2 fd77::3 fd77::4 ' ]
	[ "$(cut -f 1 "$OUT/d" | tr '\n' ' ')" = '10.77.0.1 10.77.0.2 ' ]
	run awk -F '\t' '$3 != "1" || $4 == "0"' "$OUT/c" "$OUT/d"
	[ "$output" = "" ]
}
