#!/usr/bin/env bats
# What gc-manager promises: configuration, status and commands beside a running server, log lines, hints, rekeying and eviction
# that are told, membership that outlives kill -9.
# GC_FULL=1: 200 kills.
# @req AC-18 AC-19 AC-20 OP-09 SC-06 RK-04 MB-02 MB-03

load ../lib/join.sh

setup() {
	base=$((20000 + (BATS_TEST_NUMBER * 331 + $$ * 7) % 39000))
	join_setup "127.0.0.1:$base" "127.0.0.1:$((base + 1))"
	chmod 600 gm.json
}

teardown() {
	join_teardown
}

run_gm() { # stdout to out, stderr to err, status to $status
	status=0
	gc-manager "$@" >out 2>err </dev/null || status=$?
	echo "status $status"
	cat out err
}

num() {
	gc-manager --db gm.db status --json | jq .num
}

has_two_notifications() { # FILE
	[ "$(grep -c '"notification"' "$1")" -ge 2 ]
}

is_num() {
	[ "$(num)" -eq "$1" ]
}

@test "wrong use: one line and status 2" {
	for args in "" "-c gm.json" "--db gm.db" "--db gm.db frobnicate" "--db gm.db rekey" "--db gm.db evict lights" "--db gm.db status x" \
		"-c gm.json --db gm.db --bind ff02::fd" "-c gm.json --db gm.db --bind 127.0.0.1 --bind 127.0.0.2" "-c gm.json --db gm.db --max-tokens 0"; do
		# shellcheck disable=SC2086 # words
		run_gm $args
		[ "$status" -eq 2 ]
		[ "$(grep -c "try 'gc-manager --help'" err)" -eq 1 ]
	done
	run_gm --db gm.db rekey lights
	[ "$status" -eq 2 ]
	grep -q 'no gc-manager serves' err
}

@test "a configuration that cannot be is refused with file, key and reason" {
	while IFS='|' read -r json key; do
		echo "$json" >bad.json
		run_gm -c bad.json --db gm.db
		[ "$status" -eq 3 ]
		grep -q "^gc-manager: .*json.*$key\|^gc-manager: gm.key" err
	done <<-'END'
		{ "as": "gm.as.json", "key": "gm.key", "groups": [] }|groups
		{ "as": "gm.as.json", "key": "gm.key" }|groups
		{ "key": "gm.key", "groups": [ { "name": "x" } ] }|as
		{ "as": "gm.key", "key": "gm.key", "groups": [ { "name": "x" } ] }|
		{ "as": "gm.as.json", "groups": [ { "name": "x" } ] }|groups\[0\].key
		{ "as": "gm.as.json", "key": "gm.key", "groups": [ { "name": "a/b" } ] }|groups\[0\].name
		{ "as": "gm.as.json", "key": "gm.key", "groups": [ { "name": "x", "liftime_s": 5 } ] }|groups\[0\].liftime_s
		{ "as": "gm.as.json", "key": "gm.key", "groups": [ { "name": "x", "lifetime_s": -5 } ] }|groups\[0\].lifetime_s
		{ "as": "gm.as.json", "key": "gm.key", "groups": [ { "name": "x", "roles": "boss" } ] }|groups\[0\].roles
		{ "as": "gm.as.json", "key": "gm.key", "groups": [ { "name": "x", "aead_alg": "EdDSA" } ] }|groups\[0\].aead_alg
		{ "as": "gm.as.json", "key": "gm.key", "groups": [ { "name": "x", "gid_prefix": "xyz" } ] }|groups\[0\].gid_prefix
		{ "as": "gm.as.json", "key": "gm.key", "groups": [ { "name": "x", "max_stale_sets": 1 } ] }|groups\[0\].name
		{ "as": "gm.as.json", "key": "gm.key", "groups": [ { "name": "x" }, { "name": "x" } ] }|
		{ "as": "gm.as.json", |
	END
	run_gm -c nowhere.json --db gm.db
	[ "$status" -eq 4 ]
}

@test "a database that is none, damaged, or open to others is refused and left alone" {
	echo "not a database, not at all" >gm.db
	chmod 600 gm.db
	run_gm --db gm.db status
	[ "$status" -eq 3 ]
	[ "$(cat gm.db)" = "not a database, not at all" ]
	rm gm.db
	run_gm --db gm.db status
	[ "$status" -eq 0 ]
	[ ! -s out ]
	[ "$(stat -c %a gm.db)" = 600 ]
	chmod 644 gm.db
	run_gm --db gm.db status
	[ "$status" -eq 3 ]
	grep -q 'chmod 600' err
}

@test "two servers of one database: the second says so" {
	gm_start
	run_gm -c gm.json --db gm.db --bind "127.0.0.1:$((base + 2))"
	[ "$status" -eq 4 ]
	grep -q 'another gc-manager serves it' err
}

@test "who has no token gets hints; authz-info takes no GET; garbage is refused" {
	gm_start
	gc-send --json "coap://$GM_BIND/ace-group/lights/num" >out || true
	[ "$(jq -r 'select(.event == "response") | .code' out)" = 4.01 ]
	jq -r 'select(.event == "response") | .payload.cbor' out | grep -q '"gm.example"'
	gc-send --json "coap://$GM_BIND/authz-info" >out || true
	[ "$(jq -r 'select(.event == "response") | .code' out)" = 4.05 ]
	gc-send --json -m post -f 19 --hex a0 "coap://$GM_BIND/authz-info" >out || true
	[ "$(jq -r 'select(.event == "response") | .code' out)" = 4.00 ]
	gc-send --json -m post -f 61 --hex d08343a1010aa0 "coap://$GM_BIND/authz-info" >out || true
	[ "$(jq -r 'select(.event == "response") | .code' out)" = 4.00 ]
	gc-send --json "coap://$GM_BIND/.well-known/core" >out
	jq -r 'select(.event == "response") | .payload.text' out | grep -q 'ace-group/lights>;rt="core.osc.gm";if="ace.group"'
	grep -q '^token-refused' gm.log
}

upload() { # FILE.join: repeat the upload of its token, with another nonce
	local token
	token=$(jq -r .token "$1")
	gc-send --json -m post -f 19 --hex "a30159$(printf %04x $((${#token} / 2)))${token}182848$(printf %016x $((RANDOM << 15 | RANDOM)))182b4105" "coap://$GM_BIND/authz-info" >repeated
	[ "$(jq -r 'select(.event == "response") | .code' repeated)" = 2.01 ]
}

@test "a token whose upload is repeated takes room from its own client only" {
	as_start
	gm_start --max-tokens 8
	client bob requester
	join bob requester
	# alice's association is made, and not used: her key is of another kind than the group's
	client alice requester
	gc-keygen key --alg ES256 --subject alice --out alice.key --force
	join alice requester
	[ "$status" -eq 3 ]
	for _ in {1..20}; do upload bob.json.join; done
	gc-send --json -g alice.json.gm "coap://$GM_BIND/ace-group/lights/num" >out || true
	[ "$(jq -r 'select(.event == "response") | [.code, .security.verified] | @csv' out)" = '"4.03",true' ]
	# neither does who is a member lose its association
	gc-join status bob.json
	[ "$(grep -c '^token bob' gm.log)" -eq 21 ]
}

@test "a client with many tokens takes room from its own only" {
	as_start
	gm_start --max-tokens 8
	client alice requester
	for _ in {1..9}; do join alice requester --force; done
	[ "$status" -eq 0 ]
	client bob requester
	join bob requester
	[ "$status" -eq 0 ]
	gc-join status alice.json
}

@test "join, status, rekey, evict, leave: each a line of the log, none with a secret" {
	as_start
	gm_start
	client alice requester,responder
	client bob requester
	join alice requester,responder --control-uri "coap://127.0.0.1:$((base + 3))/control"
	[ "$status" -eq 0 ]
	join bob requester
	[ "$status" -eq 0 ]
	run_gm --db gm.db status
	[ "$status" -eq 0 ]
	grep -q '^lights: key generation 0, Gid [0-9a-f]*, 2 members$' out
	grep -q '^  n1 alice  Sender ID 00  requester,responder  since key generation 0$' out
	watch alice
	run_gm --db gm.db rekey lights
	[ "$status" -eq 0 ]
	is_num 1
	until_true has_line '^rekeying-told lights n1 alice' gm.log
	run_gm --db gm.db evict lights bob
	[ "$status" -eq 0 ]
	until_true has_line 'key generation 2' alice.watch.log
	run_join bob status bob.json
	[ "$status" -eq 5 ]
	run_gm --db gm.db evict lights alice
	[ "$status" -eq 0 ]
	until_true has_line '^eviction-told lights n1 alice\|evicted' gm.log
	run_gm --db gm.db evict lights alice
	[ "$status" -eq 1 ]
	grep -q 'no such group or member' err
	run_gm --db gm.db rekey nowhere
	[ "$status" -eq 1 ]
	for event in token joined rekeyed evicted; do
		grep -q "^$event" gm.log
	done
	secret=$(jq -r .master_secret bob.json)
	[ ${#secret} -ge 32 ]
	! grep -q "$secret" gm.log gm.err || false
	! grep -q "$(jq -r .ace.token_key gm.as.json)" gm.log gm.err || false
}

@test "without a server commands are done with -c" {
	gm_start
	gm_kill
	run_gm -c gm.json --db gm.db rekey lights
	[ "$status" -eq 0 ]
	is_num 1
	run_gm -c gm.json --db gm.db evict lights nobody
	[ "$status" -eq 1 ]
}

@test "backward security: a new member makes a new generation, which the others are told" {
	echo '{ "as": "gm.as.json", "key": "gm.key", "groups": [ { "name": "lights", "backward_security": true } ] }' >gm.json
	as_start
	gm_start
	client alice requester
	client bob requester
	join alice requester --control-uri "coap://127.0.0.1:$((base + 3))/control"
	watch alice
	join bob requester
	[ "$status" -eq 0 ]
	is_num 1
	until_true has_line 'key generation 1' alice.watch.log
}

# @req AC-21 OP-11
@test "the token's end is the membership's end, and the association's: 4.01, not protected" {
	as_start --lifetime 3
	gm_start
	client alice requester
	join alice requester
	[ "$status" -eq 0 ]
	gc-send -g alice.json.gm --json "$GM_URI/num" >before
	[ "$(jq -r 'select(.event == "response") | [.code, .security.verified] | @csv' before)" = '"2.05",true' ]
	until_true has_line '^evicted lights n1 alice .*(its token has expired)' gm.log
	is_num 1
	for ask in "get ace-group/lights/num" "post ace-group/lights/nodes/n1" "post authz-info"; do
		gc-send -g alice.json.gm --pcap after.pcap -m "${ask% *}" -t 2 "coap://$GM_BIND/${ask#* }" || true
		gc-decode --port "${GM_BIND#*:}" --json after.pcap >decoded || true
		[ "$(jq -r "select(.src == \"$GM_BIND\") | [.code, ((.options // []) | map(select(.name == \"OSCORE\")) | length)] | @csv" decoded)" = '"4.01",0' ]
		rm after.pcap
	done
	# a command makes everything anew: another token, another membership's worth of refusal
	run_join here status alice.json
	[ "$status" -eq 5 ]
	grep -q 'join first, or anew' err
}

@test "kill -9 at any moment: no Sender ID and no Gid twice, no member lost whose join was answered" {
	local rounds=3
	[ -z "${GC_FULL:-}" ] || rounds=200
	as_start
	gm_start
	for i in 1 2 3 4 5 6 7 8; do client "m$i" requester,responder; done
	for ((round = 0; round < rounds; round++)); do
		for i in 1 2 3 4 5 6 7 8; do
			gc-join --gm "$GM_URI" --as "$AS_URI" --key "m$i.key" --role requester,responder --out "m$i.json" --force --wait 4 \
				>"m$i.out" 2>"m$i.err" </dev/null &
			eval "join_$i=\$!"
		done
		gc-manager --db gm.db rekey lights >/dev/null 2>&1 &
		sleep "0.$((RANDOM % 5))$((RANDOM % 10))"
		gm_kill KILL
		gm_start
		for i in 1 2 3 4 5 6 7 8; do
			eval "pid=\$join_$i"
			if wait "$pid"; then echo "m$i" >>answered; fi
		done
		gc-manager --db gm.db status --json >state
		for who in $(sort -u answered 2>/dev/null); do
			[ "$(jq -r ".members[] | select(.subject == \"$who\") | .node" state | wc -l)" -eq 1 ]
		done
		[ -z "$(jq -r '.members[].sender_id' state | sort | uniq -d)" ]
		jq -r .gid state >>gids
	done
	[ -s answered ]
	# each generation once: what the log says it rekeyed to never comes again, over all starts
	[ -z "$(sed -n 's/^rekeyed lights num=\([0-9]*\).*/\1/p' gm.log | sort | uniq -d)" ]
	# nor is a Sender ID given twice within one
	[ -z "$(sed -nE 's/^(re)?joined lights n[0-9]* [^ ]* id=([0-9a-f]*) .*num=([0-9]*).*/\2 \3/p' gm.log | sort | uniq -d)" ]
	echo "# killed $rounds times: $(grep -cE '^(re)?joined lights' gm.log) joins, $(grep -c '^rekeyed lights' gm.log) rekeyings" >&3
}

@test "who observes hears of a rekeying; evicted, of the end: 4.04 and the reason for its node, 4.03 for the group" {
	as_start
	gm_start
	client alice requester
	join alice requester
	gc-send --json -g alice.json.gm --observe -t 10 "coap://$GM_BIND/ace-group/lights/nodes/n1" >seen 2>seen.err </dev/null &
	gc-send --json -g alice.json.gm --observe -t 10 "coap://$GM_BIND/ace-group/lights" >group 2>group.err </dev/null &
	until_true has_line '"notification"' seen
	until_true has_line '"notification"' group
	gc-manager --db gm.db rekey lights
	until_true has_two_notifications seen
	until_true has_two_notifications group
	gc-manager --db gm.db evict lights alice
	until_true has_line '"4.04"' seen
	until_true has_line '"4.03"' group
	[ "$(jq -r 'select(.code == "4.04") | .payload.cbor' seen)" = '{-1: "Group membership terminated", 0: {0: 5}}' ]
	[ "$(jq -r 'select(.code == "4.04") | .observe' seen)" = null ]
	gc-send --json -g alice.json.gm "coap://$GM_BIND/ace-group/lights/nodes/n1" >gone || true
	[ "$(jq -r 'select(.event == "response") | .code' gone)" = 4.04 ]
}

update_token() { # a later token for the keying material of the association of alice.json, in hexadecimal
	local id hex
	id=$(jq -r .material alice.json.join | sed -E 's/^a[0-9a-f]0041(..).*/\1/')
	hex=$(gc-send -g alice.as.json --raw -m post -f 19 --cbor "{5: \"gm.example\", 4: {3: h'$id'}}" "$AS_URI/token" | xxd -p -c 4096)
	[[ $hex == a?0158* ]] && echo "${hex:8:2 * 0x${hex:6:2}}" || echo "${hex:10:2 * 0x${hex:6:4}}"
}

upload_update() { # TOKEN, over the association: the code to stdout
	gc-send -g alice.json.gm --json -m post -f 19 --hex "$(printf 'a10159%04x%s' $((${#1} / 2)) "$1")" "coap://$GM_BIND/authz-info" |
		jq -r 'select(.event == "response") | .code'
}

# @req AC-20
@test "an update of access rights that is older than the one in use is not taken" {
	as_start
	gm_start
	client alice requester,responder
	join alice requester,responder
	first=$(update_token)
	[ "$(upload_update "$first")" = 2.01 ]
	[ "$(upload_update "$first")" = 2.01 ] # as when the response was lost
	gc-as --db as.db policy add alice lights requester
	sleep 1.1 # what tells one from the other is in seconds
	second=$(update_token)
	[ "$(upload_update "$second")" = 2.01 ]
	[ "$(upload_update "$first")" = 4.01 ]
	grep -q 'token-refused.*older than the one in use' gm.log
	[ "$(grep -c '^token-updated alice' gm.log)" -eq 3 ]
}
