#!/usr/bin/env bats
# What gc-decode promises of group observations: informative responses shown, notifications matched to their phantom request, opened and
# verified with keys of files, of the capture itself and of --phantom files; never a Master Secret.

setup() {
	ROOT=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)
	case ${BUILD:=build} in /*) ;; *) BUILD=$ROOT/$BUILD ;; esac
	DECODE=$BUILD/gc-decode
	KEYGEN=$BUILD/gc-keygen
	VECTORS=$ROOT/tests/vectors/californium
	cd "$BATS_TEST_TMPDIR" || return 1
	# the worked examples, each as a variable of its name
	eval "$(tr -d '\\\n' <"$ROOT/tests/unit/observe_examples.h" | sed 's/#define /\n/g' |
		sed -n 's/^\(EXAMPLE_[A-Z0-9_]*\)  *\("[0-9a-f"[:space:]]*"\).*/\1=\2/p' | sed 's/"[[:space:]]*"//g')"
	[ ${#EXAMPLE_SELF_CURRENT} -eq 814 ]
	REGISTER=410119994a605172 RESPONSE=41a31a2b4ac2fe2420ff
	# 6.4: an informative response around what the group's examples protect
	GROUP_IR=a300${EXAMPLE_TP_FLAT}015857${EXAMPLE_GROUP_PH_REQ}025859${EXAMPLE_GROUP_LAST_NOTIF}
}

# stdout to out, stderr to err, status to $status
decode() {
	status=0
	"$DECODE" "$@" >out 2>err || status=$?
}

# lacks PATTERN FILE
lacks() {
	if grep -e "$1" "$2"; then return 1; fi
}

# context FILE MEMBER: the member's context file of vectors, as MEMBER.json
context() {
	"$KEYGEN" import --format vectors "$1" --name "$2" --out "$2.json" --force
}

# a capture of raw IPv6 packets: each line of standard input is a message in hex behind who sends it: the client to the server (c), the
# server to the client (s) or to the group (g), someone else to the group (x), the server from another port to the group (p)
raw_capture() {
	client=20010db8000000000000000000000009 server=20010db80000000000000000000000ab group=ff35003020010db80000000000000023
	printf d4c3b2a1020004000000000000000000ffff000065000000
	n=0
	while read -r side hex; do
		len=$((${#hex} / 2)) n=$((n + 1))
		case $side in
		c) from=$client sport=40000 to=$server port=5683 ;;
		s) from=$server sport=5683 to=$client port=40000 ;;
		g) from=$server sport=5683 to=$group port=61616 ;;
		x) from=$client sport=5683 to=$group port=61616 ;;
		p) from=$server sport=5685 to=$group port=61616 ;;
		esac
		printf '%08x%08x%08x%08x' $n 0 $((48 + len)) $((48 + len)) | sed 's/\(..\)\(..\)\(..\)\(..\)/\4\3\2\1/g'
		printf '60000000%04x1140%s%s%04x%04x%04x0000%s' $((8 + len)) $from $to $sport $port $((8 + len)) "$hex"
	done
}

capture() {
	raw_capture | xxd -r -p >capture.pcap
}

# @req MN-11 MN-19 MN-20 MC-14
@test "unprotected: the informative response explained, notifications matched by source, group and Token" {
	for ir in "$EXAMPLE_IR_CURRENT" "$EXAMPLE_IR_05"; do
		printf '%s\n' "c $REGISTER" "s $RESPONSE$ir" "g $EXAMPLE_NOTIFICATION" "x 514501117b610260ff35363738" "p 514501127b610260ff35363738" \
			"g 514501137c610260ff35363738" "g $EXAMPLE_NOTIFICATION_ASKING" "c $EXAMPLE_FEEDBACK" "g $EXAMPLE_CANCELLATION" | capture
		decode --port 61616 capture.pcap
		[ "$status" -eq 0 ]
		grep -q '^2 .* 5.03 .*{informative response.*: \[2001:db8::ab\]:5683 → \[ff35:30:2001:db8::23\]:61616 token=7b, ph_req, last_notif.*}  (response to #1' out
		grep -q '^3 .*\] 5678  (notification to the phantom request of #2)$' out
		for n in 4 5 6; do lacks "^$n .*phantom" out; done
		grep -q '^7 .*Feedback-Divider:2\] 9abc  (notification to the phantom request of #2)$' out
		grep -q '^8 .*GET .*Feedback-Divider:0, No-Response:26\]  (confirms interest in #2)$' out
		grep -q '^9 .* 5.03 mid=259 token=7b  (cancels the phantom request of #2)$' out
		decode --port 61616 --json capture.pcap
		[ "$(jq -c 'select(.phantom) | [.n, .phantom]' out | tr -d '\n')" = "[3,2][7,2][9,2]" ]
		[ "$(jq -c 'select(.confirms) | [.n, .confirms]' out)" = "[8,2]" ]
		jq -e -s '.[1].informative | .tp_info == {form: .tp_info.form, server: "[2001:db8::ab]:5683",
			group: "[ff35:30:2001:db8::23]:61616", token: "7b"} and .ph_req.code == "0.01" and .last_notif.payload.text == "1234"' out
	done
	[ "$(jq -r 'select(.n == 2).informative.format' out)" = 05 ]
}

@test "the tree has every parameter by the name of its format" {
	printf '%s\n' "$RESPONSE$EXAMPLE_IR_CURRENT" >hex
	decode -v --hex hex
	sed -n '/informative response/,$p' out >tree
	cat >want <<-END
	    informative response
	      tp_info: flat
	        server: [2001:db8::ab]:5683
	        group: [ff35:30:2001:db8::23]:61616
	        token: 7b
	      ph_req (4 bytes): GET (0.01)
	        6 Observe (elective, 0 bytes): 0
	        11 Uri-Path (critical, 1 byte): r
	      last_notif (9 bytes): Content (2.05)
	        6 Observe (elective, 1 byte): 1
	        12 Content-Format (elective, 0 bytes): 0
	        payload (4 bytes): 1234
	      next_not_before: 30 s
	      ending: 1800000000 (2027-01-15T08:00:00Z)
	END
	diff want tree
	# damaged: as far as it goes
	printf '%s\n' "${RESPONSE}a2008382205020010db80000000000000000000000ab832050ff35003020010db8000000000000002319f0b0417b0104" >hex
	decode -v --hex hex
	grep -q '^        token: 7b$' out
	grep -q '^      DAMAGED at byte 47: a byte string is expected$' out
	decode --hex hex
	grep -q 'token=7b; DAMAGED: a byte string is expected}' out
	decode --json --hex hex
	jq -e '.informative | .error == "a byte string is expected" and .offset == 47 and .tp_info.token == "7b"' out
}

# what the sections on joining have (6.3)
@test "a group to join" {
	printf '%s\n' "$RESPONSE$EXAMPLE_JOIN_CURRENT" >hex
	decode --json --hex hex
	jq -e '.informative | .join_uri == "coap://myGM/ace-group/myGroup" and .sec_gp == "myGroup" and .as_uri == "coap://as.example/token" and
		.hkdf == 5 and .cred_fmt == 14 and .gp_enc_alg == 10 and .sign_alg == -8 and .sign_params == "[[1], [1, 6]]"' out
}

# @req MG-05 MG-06 MG-07 MG-08 MG-11 MG-15
@test "a protected group observation: phantom request, last_notif, notification and both cancellations verify" {
	context "$VECTORS/omn-ed25519-ccm-ccm-set1.json" client
	context "$VECTORS/omn-ed25519-ccm-ccm-set1.json" server1
	printf '%s\n' "c $REGISTER" "s $RESPONSE$GROUP_IR" "g $EXAMPLE_GROUP_NOTIFICATION" "g $EXAMPLE_GROUP_CANCELLATION" \
		"g $EXAMPLE_GROUP_CANCELLATION_05" | capture
	for member in client server1; do
		decode -g $member.json --port 61616 capture.pcap
		[ "$status" -eq 0 ]
		[ ! -s err ]
		grep -q '^3 .* 2.05 .*\] 5678  {group dd11 kid=52 .*piv=01f7 verified}  (notification to the phantom request of #2)$' out
		grep -q '^4 .* 5.03 .*{group dd11 kid=52 .*piv=01f8 verified}  (cancels the phantom request of #2)$' out
		grep -q '^5 .* 5.03 .*{group dd11 kid=52 .*piv=01fa verified}  (cancels the phantom request of #2, as in -05)$' out
		for jobs in 1 2 3; do
			decode -g $member.json -v -j $jobs --port 61616 capture.pcap
			[ $jobs -eq 1 ] || cmp out first
			cp out first
		done
		grep -q 'ph_req (87 bytes): FETCH (0.05)  {group dd11 kid=52 piv=01f5 verified}$' out
		grep -A4 'ph_req (87' out | grep -q 'inner: GET (0.01)'
		grep -q 'last_notif (89 bytes): Content (2.05)  {group dd11 kid=52 piv=01f6 verified}$' out
		decode -g $member.json --json --port 61616 capture.pcap
		[ "$(jq -c 'select(.phantom) | [.n, .phantom, .inner.code, .security.verified]' out | tr -d '\n')" = \
			'[3,2,"2.05",true][4,2,"5.03",true][5,2,"5.03",true]' ]
		jq -e -s '.[1].informative | .ph_req.verified and .ph_req.inner.options[1].value == "r" and .last_notif.verified and
			.last_notif.inner.payload.text == "1234"' out
	done
	# without keys they are matched all the same
	decode --port 61616 capture.pcap
	[ "$status" -eq 0 ]
	[ "$(grep -c 'notification to the phantom request of #2' out)" -eq 3 ]
}

@test "what was changed, or answers another phantom request, is refused" {
	context "$VECTORS/omn-ed25519-ccm-ccm-set1.json" client
	printf '%s\n' "$REGISTER" "$RESPONSE$GROUP_IR" "${EXAMPLE_GROUP_NOTIFICATION%0b}0c" "${EXAMPLE_GROUP_CANCELLATION_05%15}16" >hex
	decode -g client.json --hex hex
	[ "$status" -eq 5 ]
	[ "$(grep -c '{NOT VERIFIED: countersignature wrong, kid 52, Gid dd11}  (notification to the phantom request of #2)$' out)" -eq 2 ]
	# a phantom request that is damaged is said to be
	printf '%s\n' "$RESPONSE${GROUP_IR/c476be/c476bf}" >hex
	decode -g client.json -v --hex hex
	grep -q 'ph_req (87 bytes): FETCH (0.05)  {NOT VERIFIED: countersignature wrong, kid 52, Gid dd11}$' out
}

# @req MG-07 MG-08
@test "observe multicast vectors of Californium" {
	checked=0
	for file in "$VECTORS"/omn-*.json; do
		for member in client server1 server2; do
			context "$file" $member
			for form in thesis_flat_cri cddl_nested_authority; do
				{ echo $REGISTER && jq -r --arg form "$form" '"'$RESPONSE'" + .["informative_response_payload_" + $form]' "$file" &&
					jq -r '.messages[2:][].outputs.protected_message' "$file"; } >hex
				decode -g $member.json --json --hex hex
				[ "$status" -eq 0 ] || { echo "$file $member $form"; cat out err; return 1; }
				jq -e -s '.[1].informative | .ph_req.verified and .last_notif.verified and .last_notif.inner.payload.text == "1234"' out
				[ "$(jq -c 'select(.phantom == 2 and .security.verified) | [.inner.code, .inner.payload.text]' out | tr -d '\n')" = \
					'["2.05","5678"]["2.05","9012"]["5.03",null]' ]
				checked=$((checked + 1))
			done
		done
	done
	[ $checked -eq 18 ]
}

# @req SM-05 SM-06 SM-09
@test "keys of a self-managed group come from the capture, and are not shown" {
	printf '%s\n' "$REGISTER" "$RESPONSE$EXAMPLE_SELF_CURRENT" >hex
	for options in "" -v -vvv --json; do
		decode $options --hex hex
		[ "$status" -eq 0 ]
		lacks 0102030405060708 out
	done
	jq -e -s '.[1].informative | .gp_material.ms == "(hidden)" and .ph_req.verified and .last_notif.inner.payload.text == "1234"' out
	decode -v --hex hex
	grep -q 'ph_req (86 bytes): FETCH (0.05)  {group dd11 kid=52 piv=00 verified}$' out
	grep -q 'last_notif (88 bytes): Content (2.05)  {group dd11 kid=52 piv=01 verified}$' out
	grep -q 'ms (16 bytes): (hidden)$' out
	decode -v --show-secrets --hex hex
	grep -q 'ms (16 bytes): 0102030405060708090a0b0c0d0e0f10$' out
	decode --json --show-secrets --hex hex
	[ "$(jq -r 'select(.n == 2).informative.gp_material.ms' out)" = 0102030405060708090a0b0c0d0e0f10 ]
	# cut short
	for cut in 500 560 700; do
		printf '%.*s\n' $cut "$RESPONSE$EXAMPLE_SELF_CURRENT" >hex
		for options in "" -v -vvv --json; do
			decode $options --hex hex
			lacks 01020304050607 out
		done
	done
}

@test "--phantom: what the capture does not tell, in three notations" {
	context "$VECTORS/omn-ed25519-ccm-ccm-set1.json" client
	printf '%s\n' "g $EXAMPLE_GROUP_NOTIFICATION" "g $EXAMPLE_GROUP_CANCELLATION" "c $EXAMPLE_FEEDBACK" | capture
	echo "$GROUP_IR" >phantom.hex
	xxd -r -p phantom.hex >phantom.cbor
	echo "# learned
	{0: [[-1, h'20010db80000000000000000000000ab'], [-1, h'ff35003020010db80000000000000023', 61616], h'7b'],
	 1: h'$EXAMPLE_GROUP_PH_REQ'}" >phantom.diag
	for file in phantom.hex phantom.cbor phantom.diag; do
		decode -g client.json --phantom $file --port 61616 capture.pcap
		[ "$status" -eq 0 ]
		grep -qF "] 5678  {group dd11 kid=52 \"sender\" piv=01f7 verified}  (notification to the phantom request of $file)" out
		grep -qF "verified}  (cancels the phantom request of $file)" out
		grep -qF "(confirms interest in $file)" out
		decode -g client.json --phantom $file --json --port 61616 capture.pcap
		[ "$(jq -r '.phantom // .confirms' out | sort -u)" = $file ]
		# and among hex lines, by the Token
		echo "$EXAMPLE_GROUP_NOTIFICATION" | "$DECODE" -g client.json --phantom $file --hex | grep -qF "request of $file)"
	done
	# without it: nothing to verify it by
	decode -g client.json --port 61616 capture.pcap
	[ "$status" -eq 5 ]
	# what the capture tells goes before
	printf '%s\n' "s $RESPONSE$GROUP_IR" "g $EXAMPLE_GROUP_NOTIFICATION" | capture
	decode -g client.json --phantom phantom.hex --port 61616 capture.pcap
	grep -q '^2 .*(notification to the phantom request of #1)$' out
	# with keys of its own
	echo "$EXAMPLE_SELF_CURRENT" >keys && chmod 644 keys
	decode --phantom keys --port 61616 capture.pcap
	grep -q 'keys: mode 0644 lets others read or change the keys; use chmod 600' err
	decode --phantom keys --strict --port 61616 capture.pcap
	[ "$status" -eq 3 ]
	[ ! -s out ]
}

@test "--phantom: files that are none" {
	echo "$EXAMPLE_NOTIFICATION" | tee hex >/dev/null
	while IFS='|' read -r content reason; do
		printf '%s\n' "$content" >file
		decode --phantom file --hex hex
		[ "$status" -eq 3 ] || { echo "$content: $status"; return 1; }
		[ ! -s out ]
		grep -qF "gc-decode: file: $reason" err || { echo "$content:"; cat err; return 1; }
	done <<-END
	a1zz|line 1, character 3: 
	{0: }|line 1, character 5: 
	{1: h'01605172'}|tp_info is missing
	{0: [[-1, h'0a000001']], 1: h'01605172'}|tp_info names no group
	{0: [[-1, h'0a000001'], [-1, h'e0000105'], h'7b']}|ph_req is missing
	{0: [[-1, h'0a000001'], [-1, h'e0000105'], h'7b'], 1: h'45'}|ph_req, byte 0: a phantom request is a GET or a FETCH
	{0: [[-1, h'0a000001'], [-1, h'e0000105'], h'7b0102030405060708'], 1: h'01605172'}|byte 
	END
	decode --phantom none --hex hex
	[ "$status" -eq 3 ]
	grep -qF 'gc-decode: none: No such file or directory' err
}
