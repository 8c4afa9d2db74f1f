#!/usr/bin/env bats
# Members that have joined since the context file was written: gc-send, gc-serve and gc-observe ask the Group Manager for them.

setup() {
	. "$BATS_TEST_DIRNAME/../lib/join.sh"
	PORT=$((20000 + (BATS_TEST_NUMBER * 227 + $$) % 20000))
	join_setup "127.0.0.1:$PORT" "127.0.0.1:$((PORT + 1))"
	LAMP=127.0.0.3:$((PORT + 2))
	as_start
	gm_start
	client early requester,responder
	join early requester,responder
	client late requester,responder
	join late requester,responder
	[ "$(jq '.recipients | length' early.json)" -eq 0 ]
	[ "$(jq '.recipients | length' late.json)" -eq 1 ]
}

teardown() {
	join_teardown
}

found_late() {
	gc-send -g late.json -t 1 -q "coap://$LAMP/hello"
}

ask() { # FILE [OPTION]…
	local file=$1
	shift
	status=0
	gc-send -g "$file" -t 5 --json "$@" "coap://$LAMP/hello" >out 2>err || status=$?
	cat out err
}

lines() { # PATTERN FILE: how many lines have it
	grep -c "$1" "$2" || true
}

@test "gc-send: an answer of a later member is opened once its credential is there" {
	background late lamp gc-serve --bind "$LAMP" --no-group -g late.json
	ask early.json
	[ "$status" -eq 0 ]
	[ "$(jq -r 'select(.event == "response") | [.code, .security.kid, .security.verified] | @csv' out)" = '"2.05","01",true' ]
	[ "$(jq -r '.recipients[].id' early.json)" = 01 ]
	[ "$(jq -r .recipients[0].roles early.json)" = requester,responder ]
	[ "$(jq -r 'select(.event == "summary") | .failed' out)" -eq 0 ]
	# from then on it is known
	ask early.json -v
	[ "$status" -eq 0 ]
	[ "$(lines 'asking the Group Manager' err)" -eq 0 ]
}

@test "gc-serve: a later member is answered when it asks again" {
	background early lamp gc-serve --bind "$LAMP" --no-group -g early.json -v
	ask late.json # 5.03, which may pass
	until_true has_line 'early.json: asking the Group Manager for 1 member not known here' lamp.err
	until_true has_line 'other members, the same keys' lamp.err
	ask late.json
	[ "$status" -eq 0 ]
	[ "$(jq -r 'select(.event == "response") | .code' out)" = 2.05 ]
	[ "$(lines 'asking the Group Manager' lamp.err)" -eq 1 ]
}

@test "gc-observe: notifications of a later member" {
	background late lamp gc-serve --bind "$LAMP" --no-group -g late.json --tick 0.2
	gc-observe -g early.json --json --count 2 -t 10 "coap://$LAMP/time" >out 2>err || { cat out err; false; }
	[ "$(jq -r 'select(.event == "notification") | .security.kid' out | sort -u)" = 01 ]
	[ "$(lines '"event":"insecure"' out)" -eq 0 ]
}

@test "made-up members start few processes" {
	background early lamp gc-serve --bind "$LAMP" --no-group -g early.json -v
	gc-keygen key --subject ghost --out ghost.key
	for id in $(seq 10 59); do
		jq --arg id "$id" --slurpfile key ghost.key '.sender = { id: $id, cred: $key[0].cred, private_key: $key[0].private_key }' late.json >ghost.json
		chmod 600 ghost.json
		gc-send -g ghost.json -N -t 0 -q "coap://$LAMP/hello" || true
		rm -f ghost.json.state
	done
	until_true has_line 'asking the Group Manager' lamp.err
	sleep 2 # what is tested: for some time
	processes=$(lines 'asking the Group Manager' lamp.err)
	[ "$processes" -ge 1 ]
	[ "$processes" -le 5 ]
	[ "$(jq '.recipients | length' early.json)" -eq 0 ]
	# and who is there is still found, if later
	JOIN_PATIENCE=30 until_true found_late
}


@test "no gc-join, no Group Manager, no FILE.join: said once, and as before" {
	# a folder with gc-serve alone
	mkdir alone
	cp "$(command -v gc-serve)" alone/
	: >lamp.err
	PATH=/usr/bin:/bin alone/gc-serve --bind "$LAMP" --no-group -g early.json >lamp.log 2>lamp.err </dev/null 3>&- &
	pids[$!]=$!
	alone_pid=$!
	until_true has_line '^ready' lamp.err
	for _ in 1 2 3; do
		ask late.json
		[ "$status" -eq 5 ]
	done
	[ "$(lines 'cannot be asked for: gc-join: No such file' lamp.err)" -eq 1 ]
	end_of "$alone_pid"
	mv early.json.join elsewhere
	background early lamp gc-serve --bind "$LAMP" --no-group -g early.json -v
	ask late.json
	[ "$status" -eq 5 ]
	end_of "$last_pid"
	[ "$(lines 'asking the Group Manager' lamp.err)" -eq 0 ]
	mv elsewhere early.json.join
	gm_kill KILL
	background late lamp gc-serve --bind "$LAMP" --no-group -g late.json
	ask early.json
	[ "$status" -eq 5 ]
	grep -q '"error":"no_credential"\|no credential' out err
}
