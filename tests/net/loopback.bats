# Groups on one host, over loopback: a thousand members in one process and one request, every answer arrives, and soon.

setup_file() {
	. "$BATS_TEST_DIRNAME/../lib/netns.sh"
	netns_up 1
	netns_start 1 serve "$BUILD/gc-serve" -i lo --bind 127.1.0.1 --members 1000 --leisure 1
	netns_wait_line "$NETNS/serve.err" ready
}

teardown_file() {
	. "$BATS_TEST_DIRNAME/../lib/netns.sh"
	netns_down
}

setup() {
	. "$BATS_TEST_DIRNAME/../lib/netns.sh"
}

@test "1000 responses from 1000 responders, nothing lost, in under 5 s" {
	netns_exec 1 timeout 20 "$BUILD/gc-send" --json -n 1000 -i lo coap://224.0.1.187/hello >"$BATS_TEST_TMPDIR/out"
	[ "$(jq -r 'select(.event == "response") | .from' "$BATS_TEST_TMPDIR/out" | sort -u | wc -l)" -eq 1000 ]
	[ "$(jq -r 'select(.event == "response") | .from' "$BATS_TEST_TMPDIR/out" | wc -l)" -eq 1000 ]
	# each says its own address: no answer came from a neighbour's socket
	[ "$(jq -r 'select(.event == "response" and .payload.text == "hello from " + (.from | split(":")[0])) | .from' "$BATS_TEST_TMPDIR/out" | wc -l)" -eq 1000 ]
	run jq -r 'select(.event == "summary") | [.responses, .responders, .failed, .elapsed_ms < 5000] | @csv' "$BATS_TEST_TMPDIR/out"
	[ "$output" = '1000,1000,0,true' ]
}

@test "as anybody, with the receive buffer that is everyone's" {
	netns_exec 1 setpriv --bounding-set=-all --inh-caps=-all timeout 20 "$BUILD/gc-send" --json -n 1000 -i lo coap://224.0.1.187/hello |
		jq -r 'select(.event == "summary") | [.responses, .elapsed_ms < 5000] | @csv' >"$BATS_TEST_TMPDIR/out"
	[ "$(cat "$BATS_TEST_TMPDIR/out")" = '1000,true' ]
}

@test "large bodies from each of 1000, in blocks by unicast" {
	netns_exec 1 timeout 60 "$BUILD/gc-send" --json -n 1000 -t 40 -i lo coap://224.0.1.187/large >"$BATS_TEST_TMPDIR/out"
	run jq -r 'select(.event == "summary") | [.responses, .responders, .failed] | @csv' "$BATS_TEST_TMPDIR/out"
	[ "$output" = '1000,1000,0' ]
	[ "$(jq -r 'select(.event == "response") | .payload.text | length' "$BATS_TEST_TMPDIR/out" | sort -u)" = 2048 ]
}

@test "IPv6 groups on lo: why not, and the advice helps" {
	run netns_exec 1 timeout 5 "$BUILD/gc-send" -i lo 'coap://[ff05::fd]:5700/hello'
	[ "$status" -eq 4 ]
	[[ "$output" == *"no IPv6 multicast on interface lo: ip link set lo multicast on; ip -6 route add local ff00::/8 dev lo" ]]
	netns_exec 1 sh -c "${output##*on interface lo: }"
	netns_start 1 six "$BUILD/gc-serve" -i lo --bind '[::1]:5700' --group '[ff05::fd]:5700' --group '[ff02::fd]:5700' --leisure 0.05
	netns_wait_line "$NETNS/six.err" ready
	for uri in 'coap://[ff05::fd%lo]:5700/hello' 'coap://[ff02::fd%lo]:5700/hello' 'coap://[ff05::fd%25lo]:5700/hello'; do
		run netns_exec 1 timeout 5 "$BUILD/gc-send" -q -n 1 "$uri"
		[ "$status" -eq 0 ]
		[[ "$output" == "[::1]:5700  2.05 Content "*"hello from ::1" ]]
	done
}
