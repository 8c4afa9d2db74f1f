# gc-send on host 1. Hosts 2 to 4: libcoap's server in the group 224.0.1.187 (its Leisure is up to 5 s), and beside it, on
# port 5700, ours in IPv6 groups.

setup_file() {
	. "$BATS_TEST_DIRNAME/../lib/netns.sh"
	netns_up 4
	for host in 2 3 4; do
		netns_start "$host" "coap$host" coap-server-notls -g 224.0.1.187 -G eth0
		netns_start "$host" "serve$host" "$BUILD/gc-serve" -i eth0 --bind "[fd77::$host]:5700" --group '[ff05::fd]:5700' \
			--group '[ff02::fd]:5700' --leisure 0.1
	done
	for host in 2 3 4; do
		netns_wait_udp "$host" 5683
		netns_wait_line "$NETNS/serve$host.err" ready
	done
}

teardown_file() {
	. "$BATS_TEST_DIRNAME/../lib/netns.sh"
	netns_down
}

setup() {
	. "$BATS_TEST_DIRNAME/../lib/netns.sh"
	DIR=$BATS_TEST_TMPDIR
}

ask() { # on host 1; stdout to $DIR/out, stderr to $DIR/err, the status to $status
	status=0
	netns_exec 1 timeout 60 "$BUILD/gc-send" "$@" >"$DIR/out" 2>"$DIR/err" || status=$?
	echo "status $status"
	cat "$DIR/out" "$DIR/err"
}

# @req A7 A10 A11
@test "three coap-servers: three responders by address, with code, time and payload" {
	ask -n 3 -t 20 coap://224.0.1.187/
	[ "$status" -eq 0 ]
	[ "$(cut -d' ' -f1 "$DIR/out" | sort | tr '\n' ' ')" = "10.77.0.2:5683 10.77.0.3:5683 10.77.0.4:5683 " ]
	[ "$(grep -cE '^10\.77\.0\.[234]:5683  2\.05 Content  [0-9]+\.[0-9] ms  This is a test server' "$DIR/out")" -eq 3 ]
}

@test "a body larger than a block, whole from each of the three" {
	ask -n 3 -t 20 --out "$DIR/bodies" coap://224.0.1.187/example_data
	[ "$status" -eq 0 ]
	[ "$(find "$DIR/bodies" -type f | wc -l)" -eq 3 ]
	for host in 2 3 4; do
		netns_exec 1 coap-client-notls "coap://10.77.0.$host/example_data" >"$DIR/want"
		[ "$(wc -c <"$DIR/want")" -ge 1500 ]
		head -c "$(wc -c <"$DIR/bodies/10.77.0.${host}_5683")" "$DIR/want" | cmp - "$DIR/bodies/10.77.0.${host}_5683"
		[ "$(wc -c <"$DIR/bodies/10.77.0.${host}_5683")" -ge 1500 ]
	done
}

@test "a PUT of 1900 bytes changes all three with --each, and is refused without it" {
	head -c 1900 /dev/zero | tr '\0' z >"$DIR/big"
	ask -m put -p "@$DIR/big" coap://224.0.1.187/example_data
	[ "$status" -eq 2 ]
	grep -q '1900 bytes is too large for one group datagram' "$DIR/err"
	ask -n 3 -t 20 --each -m put -p "@$DIR/big" coap://224.0.1.187/example_data
	[ "$status" -eq 0 ]
	[ "$(grep -c '2\.04 Changed' "$DIR/out")" -eq 3 ]
	for host in 2 3 4; do
		netns_exec 1 coap-client-notls "coap://10.77.0.$host/example_data" | head -c 1900 | cmp - "$DIR/big"
	done
}

@test "an error code is status 1, with its sender; silence is, too" {
	ask --json -n 3 -t 20 --no-response none coap://224.0.1.187/nosuch
	[ "$status" -eq 1 ]
	[ "$(jq -r 'select(.event=="response") | .from + " " + .code' "$DIR/out" | sort | tr '\n' ';')" = \
		"10.77.0.2:5683 4.04;10.77.0.3:5683 4.04;10.77.0.4:5683 4.04;" ]
	[ "$(jq -c 'select(.event=="summary") | [.responses, .responders, .failed]' "$DIR/out")" = '[3,3,3]' ]
	ask -t 0.3 coap://224.0.1.187:5999/x
	[ "$status" -eq 1 ]
	grep -q 'nobody answered' "$DIR/err"
	grep -q 'by interface eth0, hop limit 1' "$DIR/err"
	ask -t 0.3 coap://10.77.0.99/x
	[ "$status" -eq 1 ]
}

@test "roster over hosts: who is missing is named" {
	printf '10.77.0.2 hall\n10.77.0.3 cellar\n10.77.0.4 attic\n10.77.0.5 garden\n' >"$DIR/roster"
	ask -t 6 --roster "$DIR/roster" coap://224.0.1.187/time
	[ "$status" -eq 1 ]
	grep -q 'no answer from 10.77.0.5 garden' "$DIR/err"
	[ "$(grep -c 'no answer from' "$DIR/err")" -eq 1 ]
	sed -i '/garden/d' "$DIR/roster"
	ask -t 20 --roster "$DIR/roster" coap://224.0.1.187/time
	[ "$status" -eq 0 ]
}

# @req A80
@test "observation of a group: notifications of all three, told apart" {
	ask --json --observe -t 7 coap://224.0.1.187/time
	[ "$status" -eq 0 ]
	[ "$(jq -r 'select(.event=="notification").from' "$DIR/out" | sort | uniq -c | awk '$1 >= 2' | wc -l)" -eq 3 ]
}

@test "IPv6 groups with a zone of either form, on every scope; -i wins" {
	for uri in 'coap://[ff02::fd%eth0]:5700/hello' 'coap://[ff02::fd%25eth0]:5700/hello' 'coap://[ff05::fd%eth0]:5700/hello'; do
		ask -n 3 -t 5 "$uri"
		[ "$status" -eq 0 ]
		[ "$(cut -d' ' -f1 "$DIR/out" | sort -u | wc -l)" -eq 3 ]
	done
	ask -n 3 -t 5 -i eth0 'coap://[ff05::fd%lo]:5700/hello'
	[ "$status" -eq 0 ]
	ask -n 3 -t 5 -i eth0 -6 coap://all-coap:5700/hello
	[ "$status" -eq 0 ]
	ask -vv -n 3 -t 5 -i eth0 --scope site coap://all-coap:5700/hello
	[ "$status" -eq 0 ]
	grep -q '^> .*GET.*\[Uri-Path:hello\]' "$DIR/err" # no Uri-Host
}

@test "the wrong interface: silence is explained, link-local without one is refused" {
	ask -t 0.3 -i lo 'coap://[ff05::fd]:5700/hello'
	[ "$status" -eq 1 ] || [ "$status" -eq 4 ]
	grep -q 'interface lo' "$DIR/err"
	ask -t 0.3 'coap://[fe80::2]/hello'
	[ "$status" -eq 2 ]
	ask 'coap://[fe80::2%eth0]/'
	[ "$status" -eq 0 ]
	[ "$(cut -d' ' -f1 "$DIR/out")" = '[fe80::2%eth0]:5683' ]
}

@test "a member that is gone: named, status 1" {
	netns_stop serve4
	printf '[fd77::2]\n[fd77::3]\n[fd77::4]:5700 the third\n' >"$DIR/roster"
	ask -t 1 --roster "$DIR/roster" -i eth0 'coap://[ff05::fd]:5700/large'
	[ "$status" -eq 1 ]
	grep -q 'no answer from \[fd77::4\]:5700 the third' "$DIR/err"
	[ "$(wc -l <"$DIR/out")" -eq 2 ]
}
