#!/usr/bin/env bats
# What gc-decode -g promises: real captures and known-answer vectors opened, what fails said precisely, no secret in the output.

setup() {
	ROOT=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)
	case ${BUILD:=build} in /*) ;; *) BUILD=$ROOT/$BUILD ;; esac
	DECODE=$BUILD/gc-decode
	KEYGEN=$BUILD/gc-keygen
	CAPTURES=$ROOT/tests/captures
	VECTORS=$ROOT/tests/vectors
	cd "$BATS_TEST_TMPDIR" || return 1
}

# stdout to out, stderr to err, status to $status
decode() {
	status=0
	"$DECODE" "$@" >out 2>err || status=$?
}

# context FILE MEMBER: the member's context file of vectors, as MEMBER.json
context() {
	"$KEYGEN" import --format vectors "$1" --name "$2" --out "$2.json" --force
}

# Californium's captures have the vectors' keys under another Gid
californium() {
	for member in client server1 server2; do
		context "$VECTORS/californium/$1.json" "$member"
		jq '.gid = "44616c"' "$member.json" >t && cat t >"$member.json"
	done
}

# a signature checker's file, from a member's: no Master Secret, but the Signature Encryption Key
checker() { # $1 member's file, $2 to write
	key=$("$KEYGEN" show --secrets --json "$1" | jq -r '.. | .signature_encryption_key? // empty' | head -1)
	[ -n "$key" ]
	(umask 077 && jq --arg key "$key" '.recipients += [{id: .sender.id, cred: .sender.cred}] | .signature_encryption_key = $key |
		del(.master_secret, .master_salt, .sender)' "$1" >"$2")
}

summary_is() { # of a -v run: what follows "N protected: "
	grep -qF "gc-decode: $1" err || { cat err; return 1; }
}

# counts CAPTURE "summary" STATUS CONTEXT…
counts() {
	capture=$1 text=$2 want=$3
	shift 3
	args=()
	for file in "$@"; do args+=(-g "$file"); done
	decode -v "${args[@]}" "$CAPTURES/$capture.pcap"
	echo "$capture with $*: status $status"
	summary_is "$text"
	[ "$status" -eq "$want" ]
	# any number of threads, the same output
	cp out first
	for jobs in 1 2 5; do
		decode -v -j $jobs "${args[@]}" "$CAPTURES/$capture.pcap"
		cmp out first
	done
}

# @req C49
@test "captures of Californium: the client's and server1's messages verify, server2's do not" {
	californium ed25519-ccm-ccm-set1
	for member in client.json server1.json server2.json; do
		counts group-mcast-2servers "3 protected: 2 decrypted, 2 verified, 1 refused (1 countersignature wrong), 0 not opened" 5 $member
		counts observe-group "8 protected: 4 decrypted, 4 verified, 4 refused (4 countersignature wrong), 0 not opened" 5 $member
	done
	counts pairwise-unicast "2 protected: 2 decrypted, 2 verified, 0 refused, 0 not opened" 0 client.json
	counts pairwise-unicast "2 protected: 2 decrypted, 2 verified, 0 refused, 0 not opened" 0 server1.json
	counts group-mcast-pairwise-responses "3 protected: 2 decrypted, 2 verified, 1 refused (1 tag wrong), 0 not opened" 5 client.json
	counts group-mcast-pairwise-responses \
		"3 protected: 2 decrypted, 2 verified, 0 refused, 1 not opened (1 pairwise, between two other members)" 0 server1.json
	counts group-mcast-pairwise-responses "3 protected: 2 decrypted, 2 verified, 1 refused (1 tag wrong), 0 not opened" 5 server2.json client.json
	grep -q 'NOT VERIFIED: tag wrong, kid 77, Gid 44616c' out
	californium ed25519-ccm-a128gcm-set1
	counts group-mcast-a128gcm "3 protected: 2 decrypted, 2 verified, 1 refused (1 countersignature wrong), 0 not opened" 5 server1.json
}

@test "captures of aiocoap: all but the replay and the deterministic request and its response" {
	odd="3 refused (1 no credential for kid, 1 replay, 1 countersignature wrong)"
	for member in client server1 server2; do context "$VECTORS/captures/ed25519-ccm-ccm.json" $member; done
	counts ed25519-ccm-answer-group "23 protected: 20 decrypted, 20 verified, $odd, 0 not opened" 5 client.json
	counts ed25519-ccm-answer-group "23 protected: 20 decrypted, 20 verified, $odd, 0 not opened" 5 server1.json
	counts ed25519-ccm-answer-group "23 protected: 18 decrypted, 18 verified, 4 refused" 5 server2.json
	grep -q 'tag wrong, or for a member whose context was not given, kid 25, Gid dd11' out
	counts ed25519-ccm-answer-group "23 protected: 20 decrypted, 20 verified, $odd, 0 not opened" 5 server2.json server1.json
	for member in client server1 server2; do context "$VECTORS/captures/ed25519-chacha-chacha.json" $member; done
	counts ed25519-chacha-answer-pairwise "24 protected: 21 decrypted, 21 verified, $odd, 0 not opened" 5 client.json
	counts ed25519-chacha-answer-pairwise \
		"24 protected: 18 decrypted, 18 verified, $odd, 3 not opened (3 pairwise, between two other members)" 5 server1.json
	# two servers' files together open what the client's opens
	counts ed25519-chacha-answer-pairwise "24 protected: 21 decrypted, 21 verified, $odd, 0 not opened" 5 server1.json server2.json
	for member in client server1 server2; do context "$VECTORS/captures/p256-gcm-ccm.json" $member; done
	counts p256-gcm-ccm-answer-group "21 protected: 20 decrypted, 20 verified, 1 refused (1 replay), 0 not opened" 5 client.json
	counts p256-gcm-ccm-answer-group "21 protected: 20 decrypted, 20 verified, 1 refused (1 replay), 0 not opened" 5 server1.json
	grep -Eq 'NOT VERIFIED: replay, kid 25, Gid dd11: as in #[0-9]+' out
}

@test "a signature checker verifies and does not decrypt" {
	californium ed25519-ccm-ccm-set1
	checker client.json checker.json
	counts observe-group "8 protected: 0 decrypted, 4 verified, 4 refused (4 countersignature wrong), 0 not opened" 5 checker.json
	decode -g checker.json --json "$CAPTURES/observe-group.pcap"
	[ "$(jq -s 'map(select(.security.verified)) | length' out)" -eq 4 ]
	[ "$(jq -s 'map(select(.inner)) | length' out)" -eq 0 ]
	[ "$(jq -r 'select(.n == 1).security.reason' out)" = not_decrypted ]
	# pairwise messages are nothing a checker can judge
	counts pairwise-unicast "2 protected: 0 decrypted, 0 verified, 0 refused, 2 not opened" 0 checker.json
	grep -q 'a signature checker.s context says nothing about it' out
	# beside a member's file, the member's decrypts
	counts observe-group "8 protected: 4 decrypted, 4 verified, 4 refused" 5 checker.json server1.json
}

@test "every exchange of the vectors opens, and inside is what was protected" {
	shopt -s nullglob
	checked=0
	for file in "$VECTORS"/aiocoap/set[12]/{group,oscore}-*.json; do
		case $file in *STOCK*) continue ;; esac
		server=server1
		case $file in */oscore-*) server=server ;; esac
		context "$file" client
		context "$file" $server
		jq -r '.exchanges[].steps[].plain_coap' "$file" >plain
		"$DECODE" --hex --json plain | jq -c '{code, payload, options: [(.options // [])[] | select(.number != 6)]}' >want
		# each exchange on its own: their Partial IVs are the same
		rm -f exchange.*
		jq -r '.exchanges[] | (.steps[].protected_coap), ""' "$file" | awk '!NF { n++; next } { print >("exchange." 10 + n) }'
		for member in client $server; do
			for exchange in exchange.*; do
				decode -g "$member.json" --hex --json "$exchange"
				[ "$status" -eq 0 ] || { echo "$exchange of $file, $member"; cat out err; return 1; }
				cat out
			done >all
			jq -c 'if .inner then .inner | {code, payload, options: [(.options // [])[] | select(.number != 6)]} else .security.reason end' all >got
			# pairwise messages of the other server are not this one's
			paste -d '\n' want got | awk -v server="$member" 'NR % 2 { w = $0; next }
				$0 != w && (server == "client" || $0 != "\"between_others\"") { print w; print $0; bad = 1 } END { exit bad }' ||
				{ echo "$file, $member"; return 1; }
			checked=$((checked + $(grep -c '^{' got)))
		done
	done
	echo "$checked messages"
	[ "$checked" -gt 1000 ]
}

# a capture of raw IPv4 packets: each line of standard input is a message of 10.0.0.1:40000 (c) or of 10.0.0.2:5683 (s), in hex
raw_capture() {
	printf d4c3b2a1020004000000000000000000ffff000065000000
	n=0
	while read -r side hex; do
		len=$((${#hex} / 2)) n=$((n + 1))
		printf '%08x%08x%08x%08x' $n 0 $((28 + len)) $((28 + len)) | sed 's/\(..\)\(..\)\(..\)\(..\)/\4\3\2\1/g'
		printf '4500%04x0001000040110000' $((28 + len))
		if [ "$side" = c ]; then printf 0a0000010a0000029c401633; else printf 0a0000020a00000116339c40; fi
		printf '%04x0000%s' $((8 + len)) "$hex"
	done
}

@test "plain OSCORE: the same as tshark with the exported keys" {
	compared=0
	for name in oscore-ccm oscore-ccm-idctx; do
		file=$VECTORS/aiocoap/set1/$name.json
		context "$file" client
		"$KEYGEN" export --format wireshark client.json --out "$name.uat"
		uat=$(grep -v '^#' "$name.uat" | head -1)
		for i in $(seq 0 $(($(jq '.exchanges | length' "$file") - 1))); do
			jq -r --argjson i "$i" '.exchanges[$i].steps[] | "\(if .kind == "request" then "c" else "s" end) \(.protected_coap)"' "$file" |
				raw_capture | xxd -r -p >plain.pcap
			decode -g client.json --json plain.pcap
			[ "$status" -eq 0 ]
			jq -r '[(.inner.code | split(".") | (.[0] | tonumber) * 32 + (.[1] | tonumber)),
				([.inner.options[]? | select(.number == 11) | .value] | join(",")), (.inner.payload.text // "" | length)] | @tsv' out >ours
			tshark -n -r plain.pcap -o "uat:oscore_contexts:$uat" -T fields -e oscore.code -e oscore.opt.uri_path -e oscore.payload_length \
				2>tshark.err | awk -F'\t' -v OFS='\t' '{ print $1, $2, $3 + 0 }' >theirs
			diff ours theirs
			tshark -n -r plain.pcap -o "uat:oscore_contexts:$uat" -V 2>tshark.err >tree
			jq -r '.inner.payload.text // empty' out >texts
			while read -r text; do grep -qF "$text" tree; done <texts
			compared=$((compared + $(wc -l <ours)))
		done
	done
	[ "$compared" -ge 10 ]
}

@test "the old P-256 value is named" {
	for set in 1 2; do
		file=$VECTORS/aiocoap/set$set/group-p256-ccm-ccm-STOCK-minus7.json
		context "$file" client
		jq '.ecdh_alg = "ECDH-SS + HKDF-256"' client.json >t && cat t >client.json
		jq -r '.exchanges[0].steps[].protected_coap' "$file" >protected
		decode -g client.json --hex protected
		[ "$status" -eq 5 ]
		grep -q 'NOT VERIFIED: old P-256 key agreement value -7 in use, kid ' out
		[ "$(grep -c 'NOT VERIFIED: old P-256' out)" -eq "$(grep -c . out)" ]
	done
}

@test "broken messages are refused" {
	for file in "$VECTORS"/aiocoap/set1/negative-*.json; do
		context "$file" client
		context "$file" server1
		jq -r '.cases[] | select(.must_reject and (.deliver_times // 1) == 1) | .protected_coap, ""' "$file" >cases
		grep -c . cases
		decode -g server1.json --hex --json cases
		[ "$status" -eq 5 ]
		jq -c 'select(.inner)' out >opened
		[ ! -s opened ] || { cat opened; return 1; }
	done
}

@test "wrong keys, a missing credential, no context at all" {
	californium ed25519-ccm-ccm-set1
	jq '.master_secret = "00112233445566778899aabbccddeeff"' client.json >wrong.json
	chmod 600 wrong.json
	counts pairwise-unicast "2 protected: 0 decrypted, 0 verified, 2 refused (2 tag wrong), 0 not opened" 5 wrong.json
	# the right file beside it: nothing is refused
	counts pairwise-unicast "2 protected: 2 decrypted, 2 verified, 0 refused, 0 not opened" 0 wrong.json client.json
	jq '.recipients |= map(select(.id != "52"))' client.json >lacks.json
	chmod 600 lacks.json
	counts group-mcast-2servers "3 protected: 1 decrypted, 1 verified, 2 refused (1 no credential for kid, 1 countersignature wrong)" 5 lacks.json
	grep -q 'NOT VERIFIED: no credential for kid 52, Gid 44616c}' out
	jq '.gid = "beef"' client.json >other.json
	chmod 600 other.json
	counts group-mcast-2servers "3 protected: 0 decrypted, 0 verified, 0 refused, 3 not opened (3 no security context)" 0 other.json
	grep -q 'not opened: no context for Gid 44616c}' out
	grep -q 'none of 3 protected messages opened' err
	decode -v "$CAPTURES/group-mcast-2servers.pcap"
	[ "$status" -eq 0 ]
	summary_is "3 protected: 0 decrypted, 0 verified, 0 refused, 3 not opened (3 without -g)"
	decode "$CAPTURES/group-mcast-2servers.pcap"
	grep -q 'OSCORE:{group piv=00 kid-context=44616c kid=25}' out
	decode --json "$CAPTURES/group-mcast-2servers.pcap"
	[ "$(jq -c 'select(.n == 1).security' out)" = \
		'{"profile":"group-oscore","mode":"group","gid":"44616c","kid":"25","piv":"00","verified":false,"error":"no context given (-g)","reason":"no_context"}' ]
}

@test "a capture that begins after the request, and one that is cut" {
	californium ed25519-ccm-ccm-set1
	capture=$CAPTURES/observe-group.pcap
	# without its first packet: 24 bytes of file header, 16 of packet header
	len=$(od -An -tu4 -j32 -N4 "$capture" | tr -d ' ')
	{ head -c 24 "$capture" && tail -c +$((24 + 16 + len + 1)) "$capture"; } >late.pcap
	decode -v -g client.json late.pcap
	[ "$status" -eq 5 ]
	summary_is "7 protected: 0 decrypted, 0 verified, 7 refused (7 response without its request), 0 not opened"
	grep -q 'response without its protected request in this capture, kid 52' out
	head -c -20 "$capture" >cut.pcap
	decode -g client.json cut.pcap
	[ "$status" -ge 3 ]
	[ "$(grep -c "verified}" out)" -ge 3 ]
	# a message cut by the snap length is not tried
	{ printf 'd4c3b2a1020004000000000000000000ffff000065000000' && printf '0000000000000000%s' 4000000060000000; } | xxd -r -p >snap.pcap
	head -c $((24 + 16 + len)) "$capture" | tail -c "$len" >packet
	link=$(od -An -tu4 -j20 -N4 "$capture" | tr -d ' ')
	{ head -c 24 "$capture"; head -c 32 "$capture" | tail -c 8
		printf '%08x%08x' $((len - 20)) "$len" | sed 's/\(..\)\(..\)\(..\)\(..\)/\4\3\2\1/g' | xxd -r -p; head -c $((len - 20)) packet; } >snap.pcap
	decode -v -g client.json snap.pcap
	echo "link type $link"
	summary_is "1 protected: 0 decrypted, 0 verified, 0 refused, 1 not opened (1 damaged, not opened)"
}

@test "a replay is refused, a retransmission is a duplicate" {
	file=$VECTORS/aiocoap/set1/group-ed25519-ccm-ccm.json
	context "$file" server1
	message=$(jq -r '.exchanges[0].steps[0].protected_coap' "$file")
	# the same bytes; then another Message ID
	{ echo "$message"; echo "$message"; echo "${message:0:4}7777${message:8}"; } >twice
	decode -g server1.json --hex --json twice
	[ "$status" -eq 5 ]
	[ "$(jq -c '[.security.verified, .duplicate_of, .security.reason]' out | tr '\n' ' ')" = \
		'[true,null,null] [true,1,null] [false,null,"replay"] ' ]
	jq -e 'select(.n == 3) | .inner == null' out
	# a response without Partial IV, twice
	jq -r '.exchanges[0].steps[0, 1].protected_coap' "$file" >responses
	response=$(tail -1 responses)
	echo "${response:0:4}7777${response:8}" >>responses
	decode -g server1.json --hex --json responses
	[ "$(jq -r 'select(.n == 3).security.reason' out)" = unexpected ]
	decode -g server1.json --hex responses
	grep -q 'second response without Partial IV to one request, kid .*: as in #2' out
}

@test "secrets never show, whatever is asked for" {
	californium ed25519-ccm-ccm-set1
	"$KEYGEN" show --secrets client.json | grep -oE '[0-9a-f]{32,}' | sort -u >derived
	jq -r '.master_secret, .master_salt, .sender.private_key' client.json >>derived
	# what is public anyway: credentials
	jq -r '.gm_cred, .sender.cred, .recipients[].cred' client.json >public
	grep -vxFf public derived | grep . >secrets
	[ "$(grep -c . secrets)" -gt 5 ]
	for capture in group-mcast-2servers pairwise-unicast observe-group; do
		decode -vvv -g client.json "$CAPTURES/$capture.pcap"
		! grep -aoFf secrets out err
		decode -vvv --json -g client.json "$CAPTURES/$capture.pcap"
		! grep -aoFf secrets out err
	done
}

@test "what a line, the tree and JSON say of an opened message" {
	californium ed25519-ccm-ccm-set1
	decode -g client.json -Y 'verified and response' "$CAPTURES/group-mcast-2servers.pcap"
	grep -q 'NON 2.05 mid=21701 token=426683571e279b36 \[Content-Format:0\] Hello World!  {group 44616c kid=52 "sender" piv=00 verified}  (response to #1' out
	decode -v -g client.json -Y 'payload~Hello' "$CAPTURES/group-mcast-2servers.pcap"
	grep -q '^    inner:' out
	grep -q '^  NON .* (2.04)' out
	grep -q '^      NON Content (2.05)' out
	decode --json -g client.json -Y 'path==/helloWorld' "$CAPTURES/group-mcast-2servers.pcap"
	[ "$(jq -c '[.code, .security, .inner]' out)" = '["0.02",{"profile":"group-oscore","mode":"group","gid":"44616c","kid":"25","piv":"00","verified":true},{"code":"0.02","options":[{"number":11,"name":"Uri-Path","value":"helloWorld"},{"number":12,"name":"Content-Format","value":0}],"payload":{"text":"test"}}]' ]
	decode -g client.json -Y refused --json "$CAPTURES/group-mcast-2servers.pcap"
	[ "$(jq -c '[.n, .security.verified, .security.error, .inner]' out)" = '[2,false,"countersignature wrong, kid 77, Gid 44616c",null]' ]
}

@test "a bad context file ends the run before it begins" {
	echo '{' >bad.json
	chmod 600 bad.json
	decode -g bad.json "$CAPTURES/observe-group.pcap"
	[ "$status" -eq 3 ] && [ ! -s out ] && [ -s err ]
	decode -g nowhere.json "$CAPTURES/observe-group.pcap"
	[ "$status" -eq 3 ] || [ "$status" -eq 4 ]
	californium ed25519-ccm-ccm-set1
	chmod 644 client.json
	decode -g client.json "$CAPTURES/pairwise-unicast.pcap"
	[ "$status" -eq 0 ]
	grep -q 'client.json' err
	decode --strict -g client.json "$CAPTURES/pairwise-unicast.pcap"
	[ "$status" -eq 3 ]
}
