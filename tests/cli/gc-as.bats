#!/usr/bin/env bats
# What gc-as promises: registrations, policies, tokens over OSCORE, introspection, and what is refused.
# @req AC-01 AC-10 AC-24

setup() {
	BIN=$BATS_TEST_DIRNAME/../../${BUILD:-build}
	cd "$BATS_TEST_TMPDIR" || return 1
	PORT=$((20000 + (BATS_TEST_NUMBER * 97 + $$) % 20000))
	URI=coap://127.0.0.1:$PORT
}

teardown() {
	[ ! -f as.pid ] || kill "$(cat as.pid)" 2>/dev/null || true
}

run_as() { # stdout to out, stderr to err, status to $status
	status=0
	"$BIN/gc-as" --db as.db "$@" >out 2>err </dev/null || status=$?
	echo "status $status"
	cat out err
}

register() { # gm.example, alice, and what alice may
	run_as --uri "$URI" rs add gm.example --out gm.as.json
	[ "$status" -eq 0 ]
	run_as client add alice --out .
	[ "$status" -eq 0 ]
	run_as policy add alice lights requester,responder
	[ "$status" -eq 0 ]
}

serve() {
	"$BIN/gc-as" --db as.db --bind 127.0.0.1 "$@" >log 2>as.err </dev/null &
	echo $! >as.pid
	for _ in $(seq 100); do
		grep -q '^ready' as.err 2>/dev/null && return 0
		sleep 0.05
	done
	cat as.err
	return 1
}

ask() { # FILE PATH HEX: the answer as JSON to out
	"$BIN/gc-send" --json -g "$1" -m post -f 19 --hex "$3" "$URI/$2" >out 2>err </dev/null || true
	cat out err
}

payload() {
	jq -r 'select(.event == "response") | .payload.cbor // .payload.hex // ""' out
}

code() {
	jq -r 'select(.event == "response") | .code' out
}

# {5: "gm.example", 9: <<[["lights", 6]]>>, 38: null}
REQUEST=a3056a676d2e6578616d706c65094a8182666c69676874730618"26f6"

@test "registrations: files of mode 0600, listed, removed, never twice" {
	register
	[ "$(stat -c %a as.db gm.as.json alice.as.json | sort -u)" = 600 ]
	[ "$(jq -r .ace.as_uri alice.as.json)" = "$URI/token" ]
	[ "$(jq -r .ace.audience gm.as.json)" = gm.example ]
	[ "$(jq -r '.ace.token_key | length' gm.as.json)" -eq 32 ]
	[ "$(jq -r '.ace.token_key' alice.as.json)" = null ]
	run_as client list --json
	[ "$(jq -r .name out)" = alice ]
	run_as rs list
	grep -q '^gm.example' out
	run_as policy list
	[[ "$(cat out)" == alice*lights*requester,responder* ]]
	rm alice.as.json
	run_as client add alice --out .
	[ "$status" -eq 3 ]
	grep -q 'registered already' err
	[ ! -e alice.as.json ]
	run_as client remove alice
	[ "$status" -eq 0 ]
	run_as policy list
	[ ! -s out ]
	run_as client remove alice
	[ "$status" -eq 3 ]
	grep -q 'nothing of that name' err
}

@test "registrations: what is there is kept, and nothing is registered for nothing" {
	run_as --uri "$URI" rs add gm --out gm.json
	echo mine >alice.as.json
	run_as client add alice --out .
	[ "$status" -eq 4 ]
	[ "$(cat alice.as.json)" = mine ]
	run_as client list
	[ ! -s out ]
	run_as client add alice --out . --force
	[ "$status" -eq 0 ]
	[ "$(jq -r .profile alice.as.json)" = oscore ]
	run_as client add ../bob --out .
	[ "$status" -eq 3 ]
	run_as client add bob --out /dev/null
	[ "$status" -eq 4 ]
	run_as client list
	[ "$(grep -c bob out)" -eq 0 ]
}

@test "policies: of who is registered, with roles that are roles" {
	register
	run_as policy add bob lights requester
	[ "$status" -eq 3 ]
	grep -q 'register it first' err
	run_as policy add alice lights boss
	[ "$status" -eq 2 ]
	grep -q 'monitor' err
	run_as policy add alice lights monitor --audience nobody
	[ "$status" -eq 3 ]
	run_as policy remove alice doors
	[ "$status" -eq 3 ]
	run_as policy remove alice lights
	[ "$status" -eq 0 ]
}

@test "usage: commands and options that do not go together" {
	for args in "client" "client add" "client add a b --out ." "rs add gm" "client burn a" "policy add a" "--out x" "--audience x" "--uri http://a" \
		"--bind 224.0.1.187" "--lifetime 0" "token" "token add a" "token revoke" "client add a --out . --reference" "--reference" "rs list --audience x"; do
		# shellcheck disable=SC2086 # words
		run_as $args
		[ "$status" -eq 2 ]
		grep -q "try 'gc-as --help'" err
	done
	status=0
	"$BIN/gc-as" client list 2>err || status=$?
	[ "$status" -eq 2 ]
	grep -q -- '--db' err
}

@test "a database that is none is left alone" {
	echo 'certainly no database, but a text that is longer than its header would be, and more' >as.db
	chmod 600 as.db
	run_as client list
	[ "$status" -eq 3 ]
	grep -q 'damaged, or no database' err
	grep -q 'certainly' as.db
	rm as.db
	run_as client list
	[ "$status" -eq 3 ]
	grep -q 'as.db: No such file' err
	[ ! -e as.db ]
	echo 'certainly no database' >as.db
	chmod 644 as.db
	run_as client list
	[ "$status" -eq 3 ]
	grep -q 'chmod 600' err
}

@test "a database that is a symbolic link is refused and nothing made where it leads; folders may be links" {
	ln -s elsewhere.db link.db
	run_as --db link.db --uri coap://127.0.0.1:1 rs add gm --out gm.json
	[ "$status" -eq 3 ]
	grep -q 'link.db: a symbolic link' err
	[ ! -e elsewhere.db ]
	[ ! -e gm.json ]
	mkdir real
	ln -s real folder
	run_as --db "$PWD/folder/as.db" --uri coap://127.0.0.1:1 rs add gm --out gm.json
	[ "$status" -eq 0 ]
	run_as --db folder/as.db rs list
	[ "$status" -eq 0 ]
	grep -q gm out
	[ "$(stat -c %a real/as.db)" = 600 ]
}

refused_at_once() { # OPTION…: a server that ends by itself
	status=0
	timeout 5 "$BIN/gc-as" --db as.db --bind "127.0.0.1:$((PORT + 1))" "$@" >out 2>err </dev/null || status=$?
	cat err
}

@test "one gc-as serves a database: another, under whatever name, is refused" {
	register
	serve
	refused_at_once
	[ "$status" -eq 4 ]
	grep -q 'another gc-as serves it' err
	ln -s . here
	refused_at_once --db here/as.db
	[ "$status" -eq 4 ]
	grep -q 'another gc-as serves it' err
	[ "$(stat -c %a as.db.lock)" = 600 ]
	run_as client list
	[ "$status" -eq 0 ]
	ln as.db second.db
	refused_at_once --db second.db
	[ "$status" -eq 3 ]
	grep -q 'more than one name' err
}

@test "tokens: for who is registered, as policies allow; each refusal with its error" {
	register
	serve
	ask alice.as.json token "$REQUEST"
	[ "$(code)" = 2.01 ]
	[[ "$(payload)" == '{1: "(hidden)", 2: 3600, 38: 2, 8: {4: {0: h'"'01'"', 2: "(hidden)", 5: h'* ]]
	# {9: …} with the role of a monitor
	ask alice.as.json token a1094a81826668696768747308
	[ "$(code)" = 4.00 ]
	[[ "$(payload)" == "{30: 6, 31:"* ]]
	ask alice.as.json token a1182100
	[ "$(payload)" = '{30: 5, 31: "only client credentials are granted"}' ]
	ask alice.as.json token 80
	[[ "$(payload)" == "{30: 1, 31:"* ]]
	# a resource server is no client, and the other way
	ask gm.as.json token "$REQUEST"
	[ "$(payload)" = '{30: 4}' ]
	[ "$(code)" = 4.00 ]
	ask alice.as.json introspect a10b46d08343a1010a
	[ "$(code)" = 4.03 ]
	[ "$(payload)" = '' ]
	# without protection: nothing
	"$BIN/gc-send" --json -m post -f 19 --hex "$REQUEST" "$URI/token" >out || true
	[ "$(code)" = 4.01 ]
	# the log has a line each, and no secret
	[ "$(wc -l <log)" -eq 6 ]
	grep -q '^token alice 127.0.0.1:[0-9]* audience=gm.example token=1$' log
	grep -q 'invalid_scope' log
	[ "$(grep -c 'd083' log)" -eq 0 ]
}

@test "registrations and policies count at once in a server that runs" {
	register
	serve --json
	run_as client add bob --out .
	ask bob.as.json token "$REQUEST"
	[[ "$(payload)" == "{30: 6, 31:"* ]]
	run_as policy add bob lights responder
	ask bob.as.json token "$REQUEST"
	[ "$(code)" = 2.01 ]
	[[ "$(payload)" == *"9: h'8182666c696768747304'"* ]]
	run_as client remove bob
	ask bob.as.json token "$REQUEST"
	[ "$(code)" != 2.01 ]
	[ "$(jq -r 'select(.client == "bob") | .error // "given"' log | tr '\n' ' ')" = "invalid_scope given " ]
}

@test "introspection: valid, revoked, another's" {
	register
	serve
	run_as rs add other --out other.as.json
	# two resource servers: the audience must be named
	ask alice.as.json token a1094a8182666c696768747306
	[ "$(payload)" = '{30: 1, 31: "an audience is needed"}' ]
	# the token itself is not shown: its bytes are a4 01 58 LENGTH TOKEN …
	"$BIN/gc-send" -q -g alice.as.json -m post -f 19 --hex "$REQUEST" --out body "$URI/token"
	answer=$(cat body/* | xxd -p | tr -d '\n')
	[ "${answer:0:6}" = a40158 ]
	length=$((16#${answer:6:2}))
	request=a10b58${answer:6:2}${answer:8:2 * length}
	ask gm.as.json introspect "$request"
	[ "$(code)" = 2.01 ]
	[[ "$(payload)" == "{10: true, 1: \"$URI\", 2: \"alice\", 3: \"gm.example\","*"9: h'8182666c696768747306'"* ]]
	ask other.as.json introspect "$request"
	[ "$(payload)" = '{10: false}' ]
	run_as policy remove alice lights
	ask gm.as.json introspect "$request"
	[ "$(payload)" = '{10: false}' ]
}

@test "tokens are listed, and revoked: nothing of them is active any more" {
	register
	serve
	run_as client add bob --out .
	run_as policy add bob lights requester
	ask alice.as.json token "$REQUEST"
	ask bob.as.json token "$REQUEST"
	run_as token list --json
	[ "$(jq -r '[.token, .client, .audience] | @csv' out | tr '\n' ' ')" = '1,"alice","gm.example" 2,"bob","gm.example" ' ]
	[ "$(head -1 out | jq '.expires - now | . > 3500 and . <= 3600')" = true ]
	run_as token revoke alice --audience other
	[ "$status" -eq 3 ]
	grep -q 'no valid token of this client for that audience' err
	run_as token revoke alice --audience gm.example
	[ "$status" -eq 0 ]
	run_as token list
	[ "$(wc -l <out)" -eq 1 ]
	grep -q '^2 *bob *gm.example  expires in [0-9]* s$' out
	run_as token revoke alice
	[ "$status" -eq 3 ]
	# it is the token that is gone: another one may be had
	ask alice.as.json token "$REQUEST"
	[ "$(code)" = 2.01 ]
}

@test "references: a resource server without the key of its tokens" {
	run_as --uri "$URI" rs add gm.example --out gm.as.json --reference
	[ "$status" -eq 0 ]
	[ "$(jq -r '[.ace.audience, .ace.introspect_uri, .ace.token_key, .ace.token_alg, .ace.token_kid] | @csv' gm.as.json)" = "\"gm.example\",\"$URI/introspect\",,," ]
	[ "$(stat -c %a gm.as.json)" = 600 ]
}

@test "kill -9 in the middle: no token number and no sequence number twice" {
	register
	for _ in 1 2 3 4 5; do
		serve
		for _ in 1 2 3; do
			ask alice.as.json token "$REQUEST"
			[ "$(code)" = 2.01 ]
		done
		cat log >>all
		kill -9 "$(cat as.pid)"
		wait "$(cat as.pid)" 2>/dev/null || true
		rm as.err
	done
	[ "$(grep -c token= all)" -eq 15 ]
	[ "$(sed -n 's/.*token=//p' all | sort -u | wc -l)" -eq 15 ]
}

@test "SIGTERM is an orderly end; a closed stdout is said" {
	register
	serve
	kill "$(cat as.pid)"
	wait "$(cat as.pid)"
	rm as.pid
	status=0
	"$BIN/gc-as" --db as.db client list >&- 2>err || status=$?
	[ "$status" -eq 4 ]
}
