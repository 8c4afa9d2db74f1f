#!/usr/bin/env bats
# What gc-join promises: files that work, sentences that help, exit statuses; against gc-as and gc-manager.
# @req AC-20 OP-09 JN-12 JN-19 GR-03 GR-07 GR-08 GR-09 GR-12 GR-15 GR-16 GR-17 MB-02 RK-04 RK-06 RK-07 C113 C114

setup() {
	. "$BATS_TEST_DIRNAME/../lib/join.sh"
	PORT=$((20000 + (BATS_TEST_NUMBER * 211 + $$) % 20000))
	join_setup "127.0.0.1:$PORT" "127.0.0.1:$((PORT + 1))"
}

teardown() {
	join_teardown
}

both() {
	as_start
	gm_start
}

gid() {
	jq -r .gid "$1"
}

own_id() {
	jq -r .sender.id "$1"
}

@test "join: a context file with which the other tools work" {
	both
	client alice requester,responder
	client bob requester,responder
	join alice requester,responder
	[ "$status" -eq 0 ]
	[[ "$(cat out)" == "joined lights: Gid "*", Sender ID 00, key generation 0, 0 others known; alice.json" ]]
	[ ! -s err ]
	[ "$(stat -c %a alice.json alice.json.join alice.json.gm | sort -u)" = 600 ]
	join bob requester,responder --json
	[ "$status" -eq 0 ]
	[ "$(jq -r '[.event, .group, .sender_id, .num, .recipients] | @csv' out)" = '"joined","lights","01",0,1' ]
	[ "$(jq -r .ace.group_uri bob.json)" = "$GM_URI" ]
	[ "$(jq -r '.recipients[0].id' bob.json)" = 00 ]
	gc-keygen show bob.json --strict >shown
	grep -q 'lights' shown
	# what one protects the other opens
	mid=$(gc-send --dry-run -g bob.json -i lo coap://224.0.1.187/hello)
	gc-join creds alice.json >/dev/null
	echo "$mid" | gc-decode -g alice.json --json --hex >decoded
	[ "$(jq -r '.security.verified' decoded)" = true ]
}

@test "join: what is there is kept, unless --force" {
	both
	client alice requester
	echo mine >alice.json
	join alice requester
	[ "$status" -eq 4 ]
	[ "$(cat alice.json)" = mine ]
	[ ! -s as.log ]
	join alice requester --force
	[ "$status" -eq 0 ]
	first=$(own_id alice.json)
	# a member that joins anew gets another Sender ID
	join alice requester --force
	[ "$status" -eq 0 ]
	[ "$(own_id alice.json)" != "$first" ]
	[ "$(gc-manager --db gm.db status --json | jq '[.members[] | select(.subject == "alice")] | length')" -eq 1 ]
}

@test "hints: --gm alone finds the Authorization Server, if it is allowed" {
	both
	client alice requester
	run_join here --gm "$GM_URI" --key alice.key --role requester --out alice.json -v
	[ "$status" -eq 0 ]
	grep -q 'the Authorization Server that the Group Manager names is allowed' err
	[ "$(jq -r .as alice.json.join)" = "$AS_URI/token" ]
	[ "$(jq -r .audience alice.json.join)" = gm.example ]
	# the context is that of another one
	client bob requester
	sed -i "s,$AS_URI,coap://192.0.2.1," bob.as.json
	run_join here --gm "$GM_URI" --key bob.key --role requester --out bob.json --json
	[ "$status" -eq 5 ]
	grep -q "names an Authorization Server that is not allowed: $AS_URI/token" err
	[ "$(jq -r .reason out)" = 'the Group Manager names an Authorization Server that is not allowed' ]
	[ ! -e bob.json ]
	run_join here --gm "$GM_URI" --key bob.key --role requester --out bob.json --allow-as "$AS_URI/token"
	[ "$status" -eq 0 ]
}

@test "refusals of the Authorization Server: no policy, not registered, not there" {
	both
	client alice requester
	join alice responder
	[ "$status" -eq 5 ]
	grep -q 'gives no token with 4.00, invalid_scope: no policy allows this client any of that; ask for a policy' err
	[ ! -e alice.json ]
	join alice requester,responder
	[ "$status" -eq 5 ]
	grep -q 'the token does not grant responder' err
	join alice requester --audience nobody
	[ "$status" -eq 5 ]
	grep -q 'invalid_request' err
	gc-as --db as.db client remove alice
	join alice requester --json
	[ "$status" -eq 5 ]
	[ "$(jq -r .event out)" = failed ]
	as_kill
	rm as.db*
	gc-as --db as.db --uri "$AS_URI" client add alice --out . --force
	as_start
	sed -i 's/"master_secret": "../"master_secret": "00/' alice.as.json
	join alice requester
	[ "$status" -eq 5 ]
	grep -q "keys" err
	as_kill
	join alice requester --wait 1
	[ "$status" -eq 1 ]
	grep -q 'no answer: the Authorization Server: nothing came back' err
}

@test "refusals of the Group Manager: forged token, unknown group, a role of a pure verifier" {
	both
	client alice requester,responder
	join alice requester
	[ "$status" -eq 0 ]
	# a token that somebody has changed, and nobody to give another one
	rm alice.json.gm
	token=$(jq -r .token alice.json.join)
	last=${token: -1}
	jq ".token = \"${token%?}$([ "$last" = 0 ] && echo 1 || echo 0)\" | del(.as_context)" alice.json.join >changed
	mv changed alice.json.join
	run_join here status alice.json
	[ "$status" -eq 5 ]
	grep -q 'the Group Manager does not take the token with 4.01' err
	gc-as --db as.db policy add alice doors requester
	run_join here --gm "${GM_URI%lights}doors" --as "$AS_URI" --key alice.key --role requester --out doors.json
	[ "$status" -eq 5 ]
	[ ! -e doors.json ]
	join alice verifier --force
	[ "$status" -eq 2 ]
	grep -q -- '--role verifier' err
}

@test "a key of another kind than the group's is not tried" {
	both
	client alice requester
	gc-keygen key --alg ES256 --subject alice --out alice.key --force
	join alice requester
	[ "$status" -eq 3 ]
	grep -q 'the group needs another key with 2.01: its signature algorithm is EdDSA; make one with gc-keygen key --alg' err
	[ "$(grep -c joined gm.log)" -eq 0 ]
}

@test "a pure monitor needs no key and gets no Sender ID" {
	both
	client eve monitor
	client alice requester,responder
	join alice requester,responder
	run_join here --gm "$GM_URI" --as "$AS_URI" -g eve.as.json --role monitor --out eve.json
	[ "$status" -eq 0 ]
	[ "$(jq -r .sender eve.json)" = null ]
	[ "$(jq -r '.recipients | length' eve.json)" -eq 1 ]
	gc-send --dry-run -g alice.json -i lo coap://224.0.1.187/hello | gc-decode -g eve.json --json --hex >decoded
	[ "$(jq -r '.security.verified' decoded)" = true ]
	run_join here rekey eve.json --new-id
	[ "$status" -eq 1 ]
	grep -q 'renew' err
	run_join here rekey eve.json
	[ "$status" -eq 0 ]
}

@test "status, rekey: current or not, and current afterwards; who is gone is forgotten" {
	both
	for m in alice bob carol; do
		client $m requester,responder
		join $m requester,responder
	done
	run_join here creds alice.json
	[ "$status" -eq 0 ]
	[ "$(wc -l <out)" -eq 3 ]
	[ "$(jq -r '[.recipients[].id] | sort | join(" ")' alice.json)" = '01 02' ]
	run_join here status alice.json
	[ "$status" -eq 0 ]
	[[ "$(cat out)" == "lights: key generation 0, current, expires in "*"; the group is active" ]]
	run_join here leave carol.json
	[ "$status" -eq 0 ]
	[ ! -e carol.json ]
	[ ! -e carol.json.join ]
	[ ! -e carol.json.gm ]
	run_join here status alice.json --json
	[ "$status" -eq 1 ]
	[ "$(jq -r '[.current, .num, .num_at_group_manager] | @csv' out)" = 'false,0,1' ]
	before=$(gid alice.json)
	run_join here rekey alice.json
	[ "$status" -eq 0 ]
	[ "$(gid alice.json)" != "$before" ]
	[ "$(jq -r '[.recipients[].id] | join(" ")' alice.json)" = 01 ]
	[ "$(own_id alice.json)" = 00 ]
	run_join here status alice.json
	[ "$status" -eq 0 ]
	run_join here rekey alice.json
	[ "$(cat out)" = 'lights: key generation 1, current' ]
	# far behind: more generations than the Group Manager keeps stale Sender IDs of
	for _ in 1 2 3 4 5; do gc-manager --db gm.db rekey lights; done
	run_join here rekey bob.json
	[ "$status" -eq 0 ]
	[ "$(jq -r '[.recipients[].id] | join(" ")' bob.json)" = 00 ]
	[ "$(jq -r .num bob.json.join)" -eq 6 ]
}

# @req RK-11b
@test "rekey --new-id: another Sender ID, sequence numbers from 0, under the same keys" {
	both
	client alice requester,responder
	client bob requester,responder
	join alice requester,responder
	join bob requester,responder
	gc-send -q -g alice.json -N -t 0 -i lo coap://224.0.1.187/hello || true
	run_join here rekey alice.json --new-id
	[ "$status" -eq 0 ]
	grep -q '^renewed lights: .* Sender ID 02, key generation 0' out
	[ "$(own_id alice.json)" = 02 ]
	gc-join creds bob.json 02 >out
	grep -q alice out
	gc-send --dry-run -g alice.json -i lo coap://224.0.1.187/hello | gc-decode -g bob.json --json --hex >decoded
	[ "$(jq -r '[.security.verified, .security.kid, .security.piv] | @csv' decoded)" = 'true,"02","00"' ]
	run_join here creds bob.json 77
	[ "$status" -eq 1 ]
	grep -q 'no such member' err
	run_join here creds bob.json xyz
	[ "$status" -eq 2 ]
}

@test "policies, and another credential" {
	both
	client alice requester,responder
	client bob requester,responder
	join alice requester,responder
	join bob requester,responder
	run_join here policies alice.json --json
	[ "$(jq -r '[.event, .key_update_check_interval_s, .expiration_delta_s] | @csv' out)" = '"policies",3600,0' ]
	gc-keygen key --subject alice-2 --out alice2.key
	run_join here cred alice.json
	[ "$status" -eq 2 ]
	run_join here cred alice.json --key alice2.key
	[ "$status" -eq 0 ]
	[ "$(jq -r .sender.cred alice.json)" = "$(jq -r .cred alice2.key)" ]
	gc-join creds bob.json 00 >out
	grep -q 'alice-2' out
	gc-send --dry-run -g alice.json -i lo coap://224.0.1.187/hello | gc-decode -g bob.json --json --hex >decoded
	[ "$(jq -r .security.verified decoded)" = true ]
	# a later rekeying is for the new key
	run_join here rekey alice.json
	[ "$status" -eq 0 ]
	[ "$(jq -r .sender.cred alice.json)" = "$(jq -r .cred alice2.key)" ]
}

@test "a pairwise-only group: another credential is proved by a MAC, in a run of its own too" {
	echo '{ "as": "gm.as.json", "key": "gm.key", "groups": [ { "name": "lights", "group_enc_alg": null } ] }' >gm.json
	both
	client alice requester,responder
	join alice requester,responder
	[ "$(jq -r .sign_alg alice.json)" = null ]
	gc-keygen key --subject alice-2 --out alice2.key
	run_join here cred alice.json --key alice2.key
	[ "$status" -eq 0 ]
	[ "$(jq -r .sender.cred alice.json)" = "$(jq -r .cred alice2.key)" ]
}

generation_is() { # FILE NUM
	[ "$(jq -r .num "$1.join" 2>/dev/null)" = "$2" ]
}

@test "watch: rekeyings by observation and at the control URI; eviction" {
	both
	client alice requester,responder
	client bob requester,responder
	client carol requester,responder
	join alice requester,responder
	join bob requester,responder --control-uri "coap://127.0.0.1:$((PORT + 2))/ace-group/lights/node"
	join carol requester,responder
	watch alice --json
	alice_pid=$watch_pid
	watch bob --json
	bob_pid=$watch_pid
	# the credentials of later members came by themselves or with the next update
	gc-manager --db gm.db rekey lights
	until_true generation_is alice.json 1
	until_true generation_is bob.json 1
	[ "$(gid alice.json)" = "$(gid bob.json)" ]
	[ "$(jq -r .event bob.watch.log | head -1)" = rekeyed ]
	gc-manager --db gm.db evict lights carol
	until_true generation_is alice.json 2
	until_true generation_is bob.json 2
	[ "$(jq -r '[.recipients[].id] | join(" ")' alice.json)" = 01 ]
	[ "$(jq -r '[.recipients[].id] | join(" ")' bob.json)" = 00 ]
	gc-manager --db gm.db evict lights bob
	status=0
	wait "$bob_pid" || status=$?
	[ "$status" -eq 5 ]
	[ "$(jq -r .event bob.watch.log | tail -1)" = evicted ]
	grep -q 'this node has been evicted; bob.json is now bob.json.evicted' bob.watch.err
	# told at its control URI, and no other way: it observes neither the group nor its node
	until_true has_line '^eviction-told lights n2 bob' gm.log
	[ "$(grep -c '^eviction-told\|^not-told' gm.log)" -eq 1 ]
	[ ! -e bob.json ]
	[ -s bob.json.evicted ]
	# what is sent now is nothing to the one who is gone
	until_true generation_is alice.json 3
	gc-send --dry-run -g alice.json -i lo coap://224.0.1.187/hello >sent
	gc-decode -g bob.json.evicted --json --hex <sent >decoded
	[ "$(jq -r .security.verified decoded)" = false ]
	gc-decode -g alice.json --json --hex <sent >decoded
	[ "$(jq -r .security.verified decoded)" = true ]
	status=0
	kill "$alice_pid"
	wait "$alice_pid" || status=$?
	[ "$status" -eq 0 ]
}

requests_since() { # SECONDS: how many have come to the Group Manager since then
	gc-decode --json --port $((PORT + 1)) gm.pcap |
		jq -r "select(.ts > $1 and (.dst | endswith(\":$((PORT + 1))\")) and (.code | startswith(\"0.\")) and .code != \"0.00\") | .code"
}

@test "watch: who has been told of a rekeying, by observation or at the control URI, asks nothing" {
	as_start
	gm_start --pcap gm.pcap
	for i in 1 2 3 4 5 6; do
		client "m$i" requester,responder
		if [ $i -le 3 ]; then
			join "m$i" requester,responder
		else
			join "m$i" requester,responder --control-uri "coap://127.0.0.1:$((PORT + 1 + i))/node"
		fi
		[ "$status" -eq 0 ]
	done
	for i in 1 2 3 4 5 6; do
		watch "m$i" --json
	done
	sleep 0.2
	[ "$(requests_since 0 | wc -l)" -ge 18 ]
	before=$(date +%s.%N)
	gc-manager --db gm.db rekey lights
	for i in 1 2 3 4 5 6; do
		until_true generation_is "m$i.json" 1
	done
	gc-manager --db gm.db evict lights m6
	for i in 1 2 3 4 5; do
		until_true generation_is "m$i.json" 2
	done
	sleep 0.5
	for i in 1 2 3 4 5; do
		[ "$(jq -r .event "m$i.watch.log" | sort | uniq -c | tr -s ' ')" = " 2 rekeyed" ]
		# those that joined later are known from the rekeying, and the one that is gone is not
		[ "$(jq -r '.sender.id, .recipients[].id' "m$i.json" | sort | tr '\n' ' ')" = "00 01 02 03 04 " ]
	done
	# m6 asks whether it is so
	[ "$(requests_since "$before" | wc -l)" -eq 1 ]
}

@test "watch: a control URI that is not reached: the rekeying is found by asking, and from then on the group is observed" {
	sed -i 's/"lights"/"lights", "key_update_check_interval_s": 1/' gm.json
	both
	client alice requester,responder
	join alice requester,responder --control-uri "coap://127.0.0.1:$((PORT + 2))/node"
	# requests go to the address that was told when joining; the member listens at another one
	jq ".control_uri = \"coap://127.0.0.1:$((PORT + 3))/node\"" alice.json.join >moved
	cat moved >alice.json.join
	watch alice --json -v
	gc-manager --db gm.db rekey lights
	until_true generation_is alice.json 1
	[ "$(jq -r .event alice.watch.log)" = updated ]
	until_true has_line 'observing from now on' alice.watch.err
	sleep 0.2
	gc-manager --db gm.db rekey lights
	until_true generation_is alice.json 2
	[ "$(jq -r .event alice.watch.log | tail -1)" = rekeyed ]
}

@test "watch: what was missed is fetched at the start; --once, --time" {
	both
	client alice requester,responder
	join alice requester,responder
	gc-manager --db gm.db rekey lights
	gc-manager --db gm.db rekey lights
	run_join here watch alice.json --once
	[ "$status" -eq 0 ]
	generation_is alice.json 2
	run_join here watch alice.json -t 0.5
	[ "$status" -eq 0 ]
	generation_is alice.json 2
}

has_ended() { # PID: of a child, which may not have been waited for
	[ ! -e "/proc/$1" ] || grep -q '^State:.*Z' "/proc/$1/status"
}

@test "watch: a signal before the Group Manager has answered: it ends, and was never ready" {
	local watch_pid status=0
	both
	client alice requester,responder
	join alice requester,responder
	kill -STOP "$gm_pid"
	become here gc-join watch alice.json -vv >watch.log 2>watch.err </dev/null 3>&- &
	watch_pid=$!
	pids[watch_pid]=$watch_pid
	until_true has_line 'CON' watch.err
	kill -TERM "$watch_pid"
	until_true has_ended "$watch_pid"
	wait "$watch_pid" || status=$?
	kill -CONT "$gm_pid"
	[ "$status" -eq 0 ]
	grep -q 'interrupted before the' watch.err
	[ "$(grep -cx ready watch.err)" -eq 0 ]
}

@test "watch: survives a Group Manager that is started anew, and another command beside it" {
	both
	client alice requester,responder
	join alice requester,responder
	watch alice
	gm_kill KILL
	gm_start
	# this makes another association: the one that watches finds out
	gc-join status alice.json
	gc-manager --db gm.db rekey lights
	until_true generation_is alice.json 1
	gc-manager --db gm.db rekey lights
	until_true generation_is alice.json 2
}

next_number() { # of the first association in alice.json.gm.state
	awk '$1 == "seq" { print $8 + 0; exit }' alice.json.gm.state
}

@test "an association that is put back goes on with its own numbers; numbers that cannot be read end with its keys" {
	both
	client alice requester,responder
	join alice requester,responder
	cp alice.json.gm old.gm
	used=$(next_number)
	[ "$used" -gt 0 ]
	gm_kill
	gm_start
	run_join here status alice.json
	[ "$status" -eq 0 ]
	[ "$(grep -c "^seq" alice.json.gm.state)" -eq 2 ]
	cp old.gm alice.json.gm
	before=$(next_number)
	run_join here status alice.json
	[ "$status" -eq 0 ]
	[ "$(next_number)" -gt "$before" ]
	# nothing is known of the numbers: these keys are not used any more, and the next ones are
	printf x >>alice.json.gm.state
	run_join here status alice.json
	[ "$status" -eq 3 ]
	join alice requester,responder --force
	[ "$status" -eq 0 ]
	run_join here status alice.json
	[ "$status" -eq 0 ]
	# a file of many associations is begun anew with the next one
	for ((i = 0; i < 4096; i++)); do tail -n 1 alice.json.gm.state; done >many
	cat many >>alice.json.gm.state
	gm_kill
	gm_start
	run_join here status alice.json
	[ "$status" -eq 0 ]
	[ "$(stat -c %s alice.json.gm.state)" -lt 4096 ]
}

damage() { # SQL: the Group Manager's database, while nobody serves it
	gm_kill
	sql gm.db "$1"
	gm_start
}

@test "servers in trouble: nobody is refused, and why is said there" {
	PATH=$(realpath "$BATS_TEST_DIRNAME/../../${BUILD:-build}/tests/peers"):$PATH
	both
	client alice requester
	client bob requester
	join alice requester
	sql as.db 'DROP TABLE tokens'
	join bob requester
	[ "$status" -eq 1 ]
	grep -q 'gives no token with 5.00; it has trouble of its own: its messages on stderr say which' err
	sql gm.db 'DROP TABLE members'
	run_join here creds alice.json
	[ "$status" -eq 1 ]
	grep -q 'refuses with 5.00' err
	grep -qx 'gc-manager: a request: the database: no such table: members' gm.err
}

@test "a Group Manager with a broken credential, or one that has lost generations: the others can be used" {
	PATH=$(realpath "$BATS_TEST_DIRNAME/../../${BUILD:-build}/tests/peers"):$PATH
	both
	for m in alice bob carol; do client $m requester,responder; done
	for m in alice bob carol; do join $m requester,responder; done
	damage "UPDATE members SET cred = x'a0' WHERE node = 2"
	run_join here creds alice.json
	[ "$status" -eq 0 ]
	grep -q 'member 01 is left out' err
	[ "$(jq -r '[.recipients[].id] | join(" ")' alice.json)" = 02 ]
	gc-send --dry-run -g alice.json -i lo coap://224.0.1.187/hello >/dev/null
	# a generation before the one that is held: nothing is known of those who went
	gc-manager --db gm.db rekey lights
	run_join here rekey alice.json
	[ "$(jq -r .num alice.json.join)" = 1 ]
	damage "UPDATE groups SET num = 0"
	run_join here rekey alice.json
	[ "$status" -eq 0 ]
	[ "$(jq -r .num alice.json.join)" = 0 ]
}

# @req OP-10
@test "watch: a membership outlives its token, because another one is got in time; without that it ends" {
	as_start --lifetime 6
	gm_start
	client alice requester,responder
	client bob requester,responder
	join alice requester,responder
	join bob requester,responder
	watch alice
	until_true has_line 'evicted lights n2 bob' gm.log
	# bob went with his token; alice has had another one since
	sleep 4 # what is tested: longer than a token lasts
	gc-join status alice.json
	[ "$(grep -c '^update alice' as.log)" -ge 1 ]
	# over the association that stands
	[ "$(grep -o '^token[a-z-]* alice' gm.log | sed -n 2p)" = 'token-updated alice' ]
	# a Group Manager that is started anew knows neither: everything anew
	gm_kill KILL
	gm_start
	until_true gc-join status alice.json
	[ "$(grep -c '^token alice' gm.log)" -ge 2 ]
	[ "$(grep -c 'evicted lights n1 alice' gm.log)" -eq 0 ]
	run_join here status bob.json
	[ "$status" -eq 5 ]
	grep -q 'join first, or anew' err
}

@test "files in the wrong place: said, with what to do, before anything is sent" {
	both
	client alice requester
	run_join here --gm "$GM_URI" --as "$AS_URI" --key alice.key --role requester --out nowhere/alice.json
	[ "$status" -eq 4 ]
	grep -q 'nowhere/alice.json: cannot be written' err
	[ ! -s as.log ]
	run_join here status nowhere.json
	[ "$status" -eq 3 ]
	grep -q 'nowhere.json.join: No such file.*name the context file that gc-join' err
	run_join here --gm "$GM_URI" --role requester --out alice.json
	[ "$status" -eq 2 ]
	grep -q -- '--key FILE is missing' err
	run_join here --gm "coap://$GM_BIND/ace-group/nights" --key alice.key --role requester --out alice.json
	[ "$status" -eq 1 ]
	grep -q 'has it a group of that name?' err
	join alice requester
	watch alice
	run_join here watch alice.json --time 1
	grep -q 'a gc-join watch?' err
}

@test "one at a time changes the files: others wait, and nothing is lost" {
	both
	client alice requester,responder
	client bob requester,responder
	join alice requester,responder
	join bob requester,responder
	watch alice
	exec 8>alice.json.lock
	flock 8
	gc-join creds alice.json >creds.out 2>creds.err 8>&- &
	pids[$!]=$!
	creds=$!
	gc-manager --db gm.db rekey lights
	sleep 1.5 # what is tested: neither goes on meanwhile
	kill -0 "$creds"
	[ "$(gid alice.json)" != "$(gc-manager --db gm.db status --json | jq -r .gid)" ]
	exec 8>&-
	wait "$creds"
	until_true generation_is alice.json 1
	[ "$(gid alice.json)" = "$(gc-manager --db gm.db status --json | jq -r .gid)" ]
	# commands all the time, and rekeyings: never the keys of before
	for lane in 1 2; do
		for _ in 1 2 3 4 5 6 7 8; do gc-join creds alice.json && gc-join status alice.json; done >"lane$lane" 2>&1 &
		lanes="${lanes:-} $!"
	done
	for generation in 2 3 4 5 6; do
		gc-manager --db gm.db rekey lights
		until_true generation_is alice.json "$generation"
		[ "$(gid alice.json)" = "$(gc-manager --db gm.db status --json | jq -r .gid)" ]
	done
	# shellcheck disable=SC2086 # numbers
	wait $lanes || true
	[ "$(gid alice.json)" = "$(gc-manager --db gm.db status --json | jq -r .gid)" ]
	[ "$(jq -r .num alice.json.join)" -eq 6 ]
	# it goes with the membership
	run_join here leave bob.json
	[ "$status" -eq 0 ]
	[ ! -e bob.json.lock ]
}

@test "usage: what does not go together" {
	for args in "" "--gm $GM_URI --out x" "--gm $GM_URI --role requester --key k" "--gm $GM_URI --role requester,monitor --key alice.key --out x" \
		"status" "status a b" "frobnicate" "status x --role requester" "--gm coap://224.0.1.187/ace-group/lights --role monitor -g alice.as.json --out x" \
		"--gm coap://127.0.0.1 --role monitor -g alice.as.json --out x" "--gm $GM_URI --role boss -g alice.as.json --out x"; do
		[ -e alice.key ] || client alice requester
		# shellcheck disable=SC2086 # words
		run_join here $args
		[ "$status" -eq 2 ]
		[ "$(wc -l <err)" -ge 1 ]
	done
	run_join here status nothing.json
	[ "$status" -eq 3 ]
	grep -q 'nothing.json.join' err
	run_join here --gm "$GM_URI" --role requester --key nothing.key -g alice.as.json --out x
	[ "$status" -eq 3 ]
	run_join here --gm "$GM_URI" --role monitor --key alice.key -g nothing.as.json --out x
	[ "$status" -eq 3 ]
	grep -q 'gc-as client add writes it' err
}
