#!/usr/bin/env bats
# What gc-manager promises of introspection: tokens that it cannot read, tokens that are revoked, an Authorization Server that is away.
# @req AC-11 AC-23

load ../lib/join.sh

setup() {
	base=$((20000 + (BATS_TEST_NUMBER * 331 + $$ * 7) % 12000)) # below what the system gives to sockets of others
	join_setup "127.0.0.1:$base" "127.0.0.1:$((base + 1))"
}

teardown() {
	join_teardown
}

introspection() { # VALUE: of the key in the configuration
	echo '{ "as": "gm.as.json", "key": "gm.key", "introspection": '"$1"', "groups": [ { "name": "lights" } ] }' >gm.json
	chmod 600 gm.json
}

references() { # the Group Manager gets no key of tokens
	gc-as --db as.db rs remove gm.example
	gc-as --db as.db rs add gm.example --out gm.as.json --force --reference
}

upload() { # TOKEN in hexadecimal: the response to `out`
	local len=$((${#1} / 2))
	gc-send --json -m post -f 19 --hex "$(printf 'a30159%04x%s1828480102030405060708182b4107' "$len" "$1")" "coap://$GM_BIND/authz-info" >out || true
}

response() { # JQ-EXPRESSION
	jq -r "select(.event == \"response\") | $1" out
}

members() {
	gc-manager --db gm.db status --json | jq -r '[.members[].subject] | join(" ")'
}

is_taken() { # CODE of an upload that is repeated until there is an answer
	upload "$token"
	[ "$(response .code)" = "$1" ]
}

no_secret_in() { # FILE…
	local key
	for key in "$(jq -r .token alice.json.join)" "$(jq -r .material alice.json.join)" "$(jq -r .master_secret alice.json.gm)" "$(jq -r .master_secret gm.as.json)"; do
		[ ${#key} -ge 32 ]
		! grep -q "${key:0:32}" "$@" || return 1
	done
}

@test "a reference: what the token means is asked, and its holder joins" {
	references
	introspection true
	as_start
	gm_start
	client alice requester,responder
	join alice requester,responder
	[ "$status" -eq 0 ]
	[ "$(jq -r .num alice.json.join)" -eq 0 ]
	[ "$(grep -c '^introspect gm.example .*audience=gm.example token=1$' as.log)" -eq 1 ]
	grep -q '^token alice ' gm.log
	! grep -q '^token-refused' gm.log || false
	run_join here status alice.json
	[ "$status" -eq 0 ]
	# the same person as one whose token can be read
	[ "$(gc-manager --db gm.db status --json | jq -r '.members[0].issuer')" = "$AS_URI" ]
	no_secret_in gm.log gm.err as.log as.err
}

@test "without introspection a reference is refused, and so is a configuration that could read no token" {
	as_start
	gm_start
	client alice requester
	token=d08343a1010aa1044107 # of another kid
	is_taken 4.00 || is_taken 4.01
	gm_kill
	references
	status=0
	gc-manager -c gm.json --db gm.db 2>err || status=$?
	[ "$status" -eq 3 ]
	grep -q 'no key of tokens .*no introspection' err
	for value in '{ "uri": "http://127.0.0.1/" }' '{ "uri": "coap://224.0.1.187/introspect" }' '{ "uri": "nonsense" }'; do
		introspection "$value"
		status=0
		gc-manager -c gm.json --db gm.db 2>err || status=$?
		[ "$status" -eq 3 ]
		grep -q '^gc-manager: introspection: ' err
	done
}

@test "an upload is answered 5.03 until the Authorization Server has spoken; what is no token of its own is 4.01 then" {
	references
	introspection true
	as_start
	gm_start
	token=0102030405060708
	upload "$token"
	[ "$(response .code)" = 5.03 ]
	[ "$(response '.options[] | select(.name == "Max-Age") | .value')" = 1 ]
	until_true is_taken 4.01
	grep -q '^token-refused .*(the token is not active)$' gm.log
	# it was asked once, however often it came
	[ "$(grep -c '^introspect gm.example' as.log)" -eq 1 ]
	[ "$(members)" = "" ]
}

@test "revoked: no access any more, evicted as on expiry, and the others get other keys" {
	introspection '{ "interval_s": 1, "keep_s": 600 }'
	as_start
	gm_start
	client alice requester,responder
	client bob requester
	join alice requester,responder
	[ "$status" -eq 0 ]
	join bob requester
	[ "$status" -eq 0 ]
	watch bob
	cp alice.json.join before
	gc-as --db as.db token revoke alice
	until_true has_line '^token-inactive alice ' gm.log
	until_true has_line '^evicted lights n1 alice ' gm.log
	[ "$(members)" = bob ]
	until_true has_line 'key generation 1' bob.watch.log
	# its association says so, …
	# (protected in the second of its end, and not protected from then on)
	gc-send -g alice.json.gm "coap://$GM_BIND/ace-group/lights/num" >out 2>&1 || true
	grep -q '4\.01' out
	# … and the token makes no other
	token=$(jq -r .token before)
	until_true is_taken 4.01
	# another one does: rights are the Authorization Server's matter, as is the member's coming back
	run_join here status alice.json
	[ "$status" -eq 5 ]
	join alice requester,responder --force
	[ "$status" -eq 0 ]
	until_true has_line '^token bob' gm.log
	[ "$(grep -c '^evicted lights n2' gm.log)" -eq 0 ]
	no_secret_in gm.log gm.err
}

@test "what policies do not allow any more is not kept" {
	introspection '{ "interval_s": 1, "keep_s": 600 }'
	as_start
	gm_start
	client alice requester
	join alice requester
	[ "$status" -eq 0 ]
	gc-as --db as.db policy remove alice lights
	until_true has_line '^evicted lights n1 alice ' gm.log
	join alice requester --force
	[ "$status" -eq 5 ]
}

@test "the Authorization Server is away: said once, members stay for keep_s, new tokens wait" {
	introspection '{ "interval_s": 1, "keep_s": 600 }'
	export JOIN_PATIENCE=25
	as_start
	gm_start
	client alice requester,responder
	client bob requester
	join alice requester,responder
	join bob requester
	[ "$status" -eq 0 ]
	as_kill KILL
	until_true has_line "^introspection-failed $AS_BIND (no answer)$" gm.log
	run_join here status alice.json
	[ "$status" -eq 0 ]
	[ "$(members)" = "alice bob" ]
	upload 0102030405060708
	[ "$(response .code)" = 5.03 ]
	[ "$(response '.options[] | select(.name == "Max-Age") | .value')" = 10 ]
	grep -q '^token-refused .*(the Authorization Server cannot be asked)$' gm.log
	as_start
	until_true has_line "^introspection-works $AS_BIND$" gm.log
	[ "$(grep -c '^introspection-failed' gm.log)" -eq 1 ]
	gc-as --db as.db token revoke bob
	until_true has_line '^evicted lights n2 bob ' gm.log
	[ "$(members)" = alice ]
}

@test "after keep_s without an answer a membership ends, and after a restart of the Group Manager too" {
	introspection '{ "interval_s": 1, "keep_s": 4 }'
	as_start
	gm_start
	client alice requester
	join alice requester
	[ "$status" -eq 0 ]
	sleep 5 # what is tested: longer than keep_s, with answers
	[ "$(members)" = alice ]
	as_kill
	until_true has_line '^evicted lights n1 alice ' gm.log
	as_start
	gm_kill
	gm_start
	join alice requester --force
	[ "$status" -eq 0 ]
	gm_kill KILL
	gm_start
	until_true has_line '^evicted lights n2 alice ' gm.log
}

@test "kill -9 of the Group Manager: no Sender Sequence Number towards the Authorization Server twice" {
	introspection '{ "interval_s": 1, "keep_s": 600 }'
	as_start
	client alice requester
	for i in 1 2 3 4 5; do
		gm_start --pcap "asked$i.pcap"
		join alice requester --force
		[ "$status" -eq 0 ]
		gm_kill KILL
		gc-decode -g gm.as.json --json --port "$base" "asked$i.pcap" 2>/dev/null |
			jq -r --arg to "$AS_BIND" 'select(.dst == $to and .security.verified) | .security.piv' >>pivs
	done
	[ "$(wc -l <pivs)" -ge 5 ]
	[ -z "$(sort pivs | uniq -d)" ]
	! grep -q '^introspection-failed' gm.log || false
	[ "$(stat -c %a gm.as.json.state)" = 600 ]
}
