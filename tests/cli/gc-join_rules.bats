#!/usr/bin/env bats
# What a member must not do: use keys that have expired, take part in a group that is not active, heed those without the role,
# take a message twice; and what nobody may: say a secret, or keep tokens without end.

setup() {
	. "$BATS_TEST_DIRNAME/../lib/join.sh"
	PORT=$((20000 + (BATS_TEST_NUMBER * 223 + $$) % 20000))
	join_setup "127.0.0.1:$PORT" "127.0.0.1:$((PORT + 1))"
	SERVER=127.0.0.3:$((PORT + 2))
}

teardown() {
	join_teardown
}

# $1: lifetime of the group's keys in seconds. alice asks, lamp answers; each knows the other
two_members() {
	echo "{ \"as\": \"gm.as.json\", \"key\": \"gm.key\", \"groups\": [ { \"name\": \"lights\", \"lifetime_s\": $1, \"renew_before_s\": $2 } ] }" >gm.json
	as_start
	gm_start
	client alice requester
	client lamp responder
	join alice requester
	[ "$status" -eq 0 ]
	join lamp responder
	[ "$status" -eq 0 ]
	gc-join creds alice.json >/dev/null
	[ "$(jq '.recipients | length' alice.json)" -eq 1 ]
}

serve() { # FILE
	background lamp lamp.serve gc-serve --bind "$SERVER" --no-group -g "$1" -v
	serve_pid=$last_pid
}

ask() { # FILE [OPTION]…: GET /hello of the lamp; its exit status to $status
	local file=$1
	shift
	status=0
	gc-send -g "$file" -t 1 "$@" "coap://$SERVER/hello" >out 2>err || status=$?
	cat out err
}

# @req JN-31
@test "keys that have expired: nothing is sent and nothing received with them, until others come" {
	two_members 8 1
	expires=$(jq .expires lamp.json)
	[ $((expires - $(date +%s))) -le 8 ]
	[ "$(gc-keygen show --json lamp.json | jq .expires)" -eq "$expires" ]
	serve lamp.json
	ask alice.json
	[ "$status" -eq 0 ]
	gm_kill KILL # which would give others in time
	jq ".expires = $(date +%s) + 600" alice.json >young.json # the clock of this one is wrong
	chmod 600 young.json
	cp alice.json.state young.json.state
	JOIN_PATIENCE=12 until_true has_line 'lamp.json: its keys have expired' lamp.serve.err
	ask young.json
	[ "$status" -ne 0 ]
	[ "$(grep -c 'answered 2.05' lamp.serve.err)" -eq 1 ]
	ask alice.json
	[ "$status" -eq 5 ]
	grep -qx 'gc-send: alice.json: its keys have expired (gc-join rekey alice.json asks the Group Manager)' err
	[ ! -s out ]
	status=0
	gc-serve --bind 127.0.0.4 --no-group -g lamp.json 2>err || status=$?
	[ "$status" -eq 5 ]
	# who only looks may look
	mid=$(gc-send --dry-run --piv 1 -g young.json "coap://$SERVER/hello")
	echo "$mid" | gc-decode -g lamp.json --json --hex | jq -e .security.verified
	# the Group Manager has made others when it is there again
	gm_start
	until_true gc-join rekey lamp.json
	gc-join rekey alice.json
	until_true has_line 'there again, and in use' lamp.serve.err
	ask alice.json
	[ "$status" -eq 0 ]
}

# @req GR-12 GR-13
@test "a group that is not active: members stop, and go on when it is active again" {
	two_members 600 60
	watch lamp
	serve lamp.json
	ask alice.json
	[ "$status" -eq 0 ]
	cp alice.json unaware.json
	cp alice.json.state unaware.json.state
	gc-manager --db gm.db deactivate lights
	grep -q '^inactive lights num=[0-9]* (by command)$' gm.log
	until_true has_line 'the group is not active' lamp.serve.err
	[ "$(jq .active lamp.json)" = false ]
	has_line '^inactive lights: Gid' lamp.watch.log
	ask unaware.json
	[ "$status" -ne 0 ]
	gc-join status alice.json | grep -q 'the group is not active'
	gc-join rekey alice.json
	[ "$(jq .active alice.json)" = false ]
	ask alice.json
	[ "$status" -eq 5 ]
	client late requester
	join late requester
	[ "$status" -eq 1 ]
	grep -q 'Group currently not active' err
	gc-manager --db gm.db activate lights
	grep -q '^active lights num=[0-9]* (by command)$' gm.log
	until_true has_line 'there again, and in use' lamp.serve.err
	[ "$(jq .active lamp.json)" = null ]
	gc-join rekey alice.json
	ask alice.json
	[ "$status" -eq 0 ]
	gc-manager --db gm.db activate lights # it is: nothing happens
	[ "$(grep -c '^active' gm.log)" -eq 1 ]
	run gc-manager --db gm.db activate nowhere
	[ "$status" -eq 1 ]
}

# @req JN-30
@test "requests of who is no requester and responses of who is no responder are dropped" {
	two_members 600 60
	[ "$(jq -r '.recipients[0].roles' alice.json)" = responder ]
	[ "$(jq -r '.recipients[0].roles' lamp.json)" = requester ]
	serve lamp.json
	ask alice.json
	[ "$status" -eq 0 ]
	end_of "$serve_pid" INT
	# the lamp asks alice: a request that nobody answers
	background alice alice.serve gc-serve --bind "$SERVER" --no-group -g alice.json -v
	ask lamp.json
	[ "$status" -ne 0 ]
	until_true has_line 'its sender has not the role for it' alice.serve.err
	[ "$(grep -c "answered 2.05" alice.serve.err)" -eq 0 ]
	# and if alice does answer, whoever knows her as a requester only does not listen
	jq '.recipients[0].roles = "requester,responder"' alice.json >free.json
	chmod 600 free.json
	end_of "$last_pid" INT
	cp alice.json.state free.json.state
	background alice free.serve gc-serve --bind "$SERVER" --no-group -g free.json -v
	ask lamp.json --json
	[ "$status" -eq 5 ]
	has_line 'answered 2.05' free.serve.err
	grep -q '"error":"role"\|has not the role' out err
	# gc-decode shows them all the same
	gc-send --dry-run --piv 9 -g lamp.json "coap://$SERVER/hello" | gc-decode -g alice.json --json --hex | jq -e .security.verified
}

# @req RK-05
@test "a request of the Group Manager at the control URI that comes twice is a replay" {
	as_start
	gm_start
	client bob requester
	control=$((PORT + 2))
	join bob requester --control-uri "coap://127.0.0.1:$control/control"
	watch bob --pcap bob.pcap
	gc-manager --db gm.db rekey lights
	until_true has_line 'key generation 1' bob.watch.log
	until_true has_line '^rekeying-told lights n1' gm.log
	tshark -r bob.pcap -Y "udp.dstport == $control" -T fields -e udp.payload >requests 2>/dev/null
	[ "$(wc -l <requests)" -eq 1 ]
	before=$(stat -c %i bob.json)
	sed 's/../\\x&/g' requests | xargs -0 printf '%b' | head -c -1 >again
	[ "$(wc -c <again)" -eq $((($(wc -c <requests) - 1) / 2)) ]
	cat again >"/dev/udp/127.0.0.1/$control" # from another port: no repetition of CoAP's
	refused() {
		tshark -r bob.pcap -d "udp.port==$control,coap" -Y "udp.srcport == $control && coap.code == 129" -T fields -e coap.payload 2>/dev/null | grep -q .
	}
	until_true refused
	tshark -r bob.pcap -d "udp.port==$control,coap" -Y "udp.srcport == $control && coap.code == 129" -V 2>/dev/null | grep -q 'Replay detected'
	[ "$(stat -c %i bob.json)" = "$before" ]
}

# @req RK-12
@test "no output has a secret, however much is said" {
	as_start -vvv
	gm_start -vvv
	client alice requester,responder
	client bob requester
	join alice requester,responder -vvv --control-uri "coap://127.0.0.1:$((PORT + 2))/control"
	[ "$status" -eq 0 ]
	cat out err >said
	join bob requester -vvv --json
	[ "$status" -eq 0 ]
	cat out err >>said
	watch alice -vvv
	gc-manager -vvv --db gm.db rekey lights >>said 2>&1
	until_true has_line 'key generation 1' alice.watch.log
	for command in status rekey policies creds cred; do
		run_join bob "$command" bob.json -vvv
		cat out err >>said
	done
	run_join bob rekey bob.json --new-id -vvv
	cat out err >>said
	gc-manager -vvv --db gm.db evict lights bob >>said 2>&1
	run_join bob status bob.json -vvv
	cat out err >>said
	gc-manager -vvv --db gm.db status >>said 2>&1
	gc-as --db as.db -vvv client list >>said 2>&1
	cat as.log as.err gm.log gm.err alice.watch.log alice.watch.err >>said
	[ "$(wc -l <said)" -ge 40 ]
	# bytes of hex dumps, too, as one line
	sed -n 's/^  *[0-9a-f]\{4\}  \(.\{48\}\).*/\1/p' said | tr -d ' \n' >bytes
	[ "$(wc -c <bytes)" -ge 4000 ]
	cat bytes >>said
	for file in *.json *.json.join *.json.gm *.key *.evicted; do
		[ ! -e "$file" ] || jq -r '[.. | objects | (.master_secret, .master_salt, .private_key, .token_key, .token, .material) | strings | select(length >= 16)] | .[]' "$file"
	done | sort -u >secrets
	[ "$(wc -l <secrets)" -ge 15 ]
	run grep -iFf secrets said
	echo "$output"
	[ "$status" -eq 1 ]
	# nor have arguments: keys are in files
	tr '\0' ' ' <"/proc/$gm_pid/cmdline" >arguments
	[ -s arguments ]
	run grep -iFf secrets arguments
	[ "$status" -eq 1 ]
}

# @req AC-17
@test "one association a token, and so many tokens" {
	as_start
	gm_start --max-tokens 2
	for name in alice bob carol; do
		client "$name" requester
	done
	join alice requester
	[ "$status" -eq 0 ]
	cp alice.json.gm old.gm
	cp alice.json.gm.state old.gm.state
	# the same token once more: another association in the place of the one before
	rm alice.json.gm alice.json.gm.state
	run_join alice status alice.json
	[ "$status" -eq 0 ]
	[ "$(grep -c '^token alice' as.log)" -eq 1 ]
	[ "$(grep -c '^token alice' gm.log)" -eq 2 ]
	status=0
	gc-send -g old.gm "$GM_URI/num" >out 2>err || status=$?
	[ "$status" -eq 5 ]
	grep -q 'not protected: 4.01' err
	run_join alice status alice.json
	[ "$status" -eq 0 ]
	join bob requester
	[ "$status" -eq 0 ]
	join carol requester
	[ "$status" -ne 0 ]
	grep -q '5.03' err
	run_join alice status alice.json
	[ "$status" -eq 0 ]
	run_join bob status bob.json
	[ "$status" -eq 0 ]
}
