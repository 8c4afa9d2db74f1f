#!/usr/bin/env bats
# What gc-decode promises of the messages of ACE: named and explained by path, code and Content-Format, tokens opened with --token-key,
# protected ones with -g, and no secret in any output without --show-secrets.

setup() {
	ROOT=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)
	case ${BUILD:=build} in /*) ;; *) BUILD=$ROOT/$BUILD ;; esac
	DECODE=$BUILD/gc-decode
	cd "$BATS_TEST_TMPDIR" || return 1
	# the worked examples, each as a variable of its name
	eval "$(tr -d '\\\n' <"$ROOT/tests/unit/ace_examples.h" | sed 's/#define /\n/g' |
		sed -n 's/^\(EXAMPLE_[A-Z0-9_]*\)  *\("[0-9a-f"[:space:]]*"\).*/\1=\2/p' | sed 's/"[[:space:]]*"//g')"
	[ ${#EXAMPLE_JOIN_RESPONSE} -eq 570 ]
	GROUP=b96163652d67726f75700667726f757031
	umask 077
	echo "a40104024341533103 0a2050$EXAMPLE_AS_RS_KEY" >as.key
}

# exchange MID REQUEST RESPONSE: code, options and payload of each, in hex behind the Token
exchange() {
	printf '44%s00%s01020304%s\n' "${2%% *}" "$1" "${2#* }"
	printf '64%s00%s01020304%s\n\n' "${3%% *}" "$1" "${3#* }"
}

# a whole join, unprotected
whole_join() {
	exchange 01 "02 b5746f6b656e1113ff$EXAMPLE_TOKEN_REQUEST" "41 c113ff$EXAMPLE_TOKEN_RESPONSE"
	exchange 02 "02 ba617574687a2d696e666f1113ff$EXAMPLE_AUTHZ_REQUEST" "41 c113ff$EXAMPLE_AUTHZ_RESPONSE"
	exchange 03 "02 ba617574687a2d696e666fff$EXAMPLE_CWT" "81 c113ff$EXAMPLE_HINTS"
	exchange 04 "02 ba696e74726f73706563741113ff$EXAMPLE_INTRO_REQUEST" "41 c113ff$EXAMPLE_INTRO_RESPONSE"
	exchange 05 "02 ${GROUP}120105ff$EXAMPLE_JOIN_REQUEST" "41 c20105ff$EXAMPLE_JOIN_RESPONSE"
	exchange 06 "02 ${GROUP}046e6f6465120105ff$EXAMPLE_REKEYING" "44 "
	exchange 07 "02 ${GROUP}056e6f6465730131" "45 c20105ff$EXAMPLE_KEY_RENEWAL"
	exchange 08 "05 b96163652d67726f7570120105ff$EXAMPLE_GID_LOOKUP" "45 c20105ff$EXAMPLE_GID_FOUND"
	exchange 09 "05 ${GROUP}056372656473120105ff$EXAMPLE_CREDS_FETCH" "45 c20105ff$EXAMPLE_CREDS_RESPONSE"
	exchange 0a "02 ${GROUP}120105ff$EXAMPLE_JOIN_REQUEST" "80 c20101ff$EXAMPLE_PROBLEM_POP"
	exchange 0b "05 ${GROUP}0a7374616c652d73696473113cff182a" "45 c13cff83410141fc4212ab"
	exchange 0c "01 ${GROUP}036e756d" "45 c13cff0b"
	exchange 0d "01 ${GROUP}06616374697665" "45 c13cfff5"
	exchange 0e "04 ${GROUP}056e6f6465730131" "42 "
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

@test "each message has its name" {
	whole_join >hex
	decode --hex --json hex
	[ "$status" -eq 0 ]
	jq -r .ace.message out >names
	cat >want <<-END
	token request
	token response
	transfer of a token
	token taken
	transfer of a token
	AS Request Creation Hints
	introspection request
	introspection response
	Join Request
	Join Response
	rekeying
	rekeying taken
	request for a new Sender ID
	new Sender ID
	look-up of group names
	group names
	request for credentials
	credentials
	Join Request
	problem details
	request for stale Sender IDs
	stale Sender IDs
	request for the Key Generation Number
	Key Generation Number
	request for the status of the group
	status of the group
	leaving
	left
	END
	diff want names
	decode --hex hex
	grep -qF '{Join Request: scope=group1: requester,responder, get_creds=all that are relevant, client_cred, cnonce=25a8991cd700ac02, ' out
	grep -qF '{problem details: title=Invalid Proof-of-Possession evidence, ace-groupcomm-error=3 (Invalid' out
	grep -qF '{stale Sender IDs: stale_node_ids=01, fc, 12ab}  (response to #' out
}

@test "tokens: header parameters in clear, claims with --token-key" {
	printf '440200010102030%s\n' "4ba617574687a2d696e666fff$EXAMPLE_CWT" >hex
	decode --hex -v hex
	sed -n '/transfer/,$p' out >tree
	cat >want <<-END
	    transfer of a token
	      token (131 bytes): COSE_Encrypt0
	        token: (hidden)
	        alg: 10 (AES-CCM-16-64-128)
	        kid (3 bytes): 415331
	        IV (13 bytes): 636898994ff0ec7bfcf6d3f95b
	        protection: not verified: no key given
	        claims: (encrypted)
	END
	diff want tree
	decode --hex -v --token-key as.key hex
	[ "$status" -eq 0 ]
	[ ! -s err ] || lacks warning err
	grep -q '^        protection: verified$' out
	grep -q '^          exp: 1800003600 (2027-01-15T09:00:00Z)$' out
	grep -q '^              ms (16 bytes): (hidden)$' out
	grep -q '^          scope: group1: requester,responder$' out
	decode --hex --json --token-key as.key hex
	jq -e '.ace.parameters.token | .cose == "COSE_Encrypt0" and .token == "(hidden)" and .kid == "415331" and .protection == "verified" and
		.claims.iss == "coap://as.example" and .claims.cnf.osc.ms == "(hidden)" and
		.claims.scope.groups == [{name: "group1", roles: ["requester", "responder"]}]' out
	# signed: in clear, and verified with a public key that is not the signer's
	printf '440200010102030%s\n' "4ba617574687a2d696e666f113dff$EXAMPLE_CWT_SIGNED" >hex
	decode --hex -v hex
	grep -q '^        protection: not verified: no key given$' out
	grep -q '^          aud: gm.example$' out
	echo "a301012006215820d04ab232742bb4ab3a1368bd4615e4e6d0224ab71a016baf8520a332c9778737" >other.key
	decode --hex -v --token-key other.key hex
	grep -q '^        protection: NOT VERIFIED: it does not fit the key given$' out
	grep -q '^          aud: gm.example$' out
}

@test "bad keys: the file and the reason, status 3" {
	echo "a101" >bad.key
	echo "{1: 4}" >none.key
	cp as.key open.key
	chmod 644 open.key
	whole_join >hex
	decode --hex --token-key bad.key hex
	[ "$status" -eq 3 ]
	grep -q '^gc-decode: bad.key: ' err
	decode --hex --token-key none.key hex
	[ "$status" -eq 3 ]
	grep -q '^gc-decode: none.key: COSE_Key without k$' err
	decode --hex --token-key missing.key hex
	[ "$status" -eq 3 ]
	grep -q 'missing.key: No such file' err
	decode --hex --token-key open.key hex
	[ "$status" -eq 0 ]
	grep -q 'open.key: others may read this file' err
	decode --hex --strict --token-key open.key hex
	[ "$status" -eq 3 ]
}

@test "no secret without --show-secrets" {
	whole_join >hex
	for secret in f9af838368e353 c0c1c2c3c4c5 e0e1e2e3e4e5 b0b1b2b3b4b5 4a9312ae61037a; do
		for options in "" -v -vv -vvv --json "--json -v"; do
			# shellcheck disable=SC2086 # several options
			decode --hex $options --token-key as.key hex
			tr -d ' \n' <out >flat
			lacks "$secret" flat
			lacks "$secret" err
		done
	done
	decode --hex -v --show-secrets hex
	grep -q '^        ms (16 bytes): c0c1c2c3c4c5c6c7c8c9cacbcccdcecf$' out
	grep -q '^        token (131 bytes): d08343a1010aa2' out
	decode --hex -vvv hex
	grep -q '(no hex dump: it holds a secret)' out
	# a damaged datagram is not given as a whole where there may be one in it
	printf '640100010102030%s\n' "4d20105ff" "4c20105ff${EXAMPLE_REKEYING%??}" >hex
	decode --hex --json hex
	tr -d ' \n' <out >flat
	lacks e0e1e2e3 flat
}

@test "damaged: as far as it goes" {
	printf '644100010102030%s\n' "4c20105ff${EXAMPLE_JOIN_RESPONSE%????????}" "4c20105ffa2096178 0c01" >hex
	decode --hex -v hex
	[ "$status" -eq 0 ]
	grep -q '^      kdc_nonce (8 bytes): 0102030405060708$' out
	grep -q '^      DAMAGED at byte 219: ' out
	grep -q '^      num: x$' out
	grep -q '^      exi: 1 s$' out
	grep -q '^      DAMAGED at byte 2: an unsigned integer is expected$' out
	grep -q '^    payload (281 bytes): "(hidden)"$' out
	decode --hex --json hex
	jq -s -e '.[0].ace | .error and .offset == 219 and .parameters.num == 0' out
}

# REQUIREMENTS-management.md, 9.2: Master Salt, ids and keys of the association
@test "a protected join is opened with the keys that come out of the transfer of the token" {
	cat >client.json <<-END
		{ "profile": "oscore", "master_secret": "f9af838368e353e78888e1426bd94e6f",
		  "master_salt": "489e7ca9222378634048018a278f7faab55a4825a8991cd700ac01", "hkdf": "HMAC 256/256",
		  "aead_alg": "AES-CCM-16-64-128", "sender": { "id": "00" }, "recipients": [ { "id": "16" } ] }
	END
	"$BUILD/gc-send" -g client.json --dry-run --mid 9 --token 0a0b --piv 0 -m post -f 261 --hex "$EXAMPLE_JOIN_REQUEST" \
		coap://127.0.0.1/ace-group/group1 >join.hex
	exchange 01 "02 b5746f6b656e1113ff$EXAMPLE_TOKEN_REQUEST" "41 c113ff$EXAMPLE_TOKEN_RESPONSE" >as
	exchange 02 "02 ba617574687a2d696e666f1113ff$EXAMPLE_AUTHZ_REQUEST" "41 c113ff$EXAMPLE_AUTHZ_RESPONSE" >transfer
	# with the key of the token
	cat transfer join.hex >hex
	for jobs in 1 2; do
		decode --hex -j $jobs --token-key as.key hex
		[ "$status" -eq 0 ]
		grep -q '^3 .*{Join Request: scope=group1: requester,responder, .*  {oscore kid=00 piv=00 verified}$' out
	done
	decode --hex --json --token-key as.key hex
	jq -s -e '.[2] | .security.verified and .inner.ace.message == "Join Request" and (.inner.ace.parameters.cnonce == "25a8991cd700ac02")' out
	# with the token response, seen before or after
	cat as transfer join.hex >hex
	decode --hex hex
	grep -q '^5 .*{Join Request: .*verified}$' out
	cat transfer as join.hex >hex
	decode --hex hex
	grep -q '^5 .*{Join Request: .*verified}$' out
	# without either; before the exchange; with another nonce
	cat transfer join.hex >hex
	decode --hex hex
	[ "$status" -eq 0 ]
	lacks Join out
	cat join.hex transfer >hex
	decode --hex --token-key as.key hex
	lacks Join out
	cat transfer join.hex | sed 's/25a8991cd700ac01/25a8991cd700ac77/' >hex
	decode --hex --token-key as.key hex
	[ "$status" -eq 5 ]
	lacks Join out
	grep -q '^3 .*NOT VERIFIED: ' out
}
