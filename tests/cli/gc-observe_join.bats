#!/usr/bin/env bats
# gc-observe --join: an informative response names a group whose keys are not here; it is joined, and followed.

setup() {
	. "$BATS_TEST_DIRNAME/../lib/join.sh"
	PORT=$((20000 + (BATS_TEST_NUMBER * 229 + $$) % 12000))
	join_setup "127.0.0.1:$PORT" "127.0.0.1:$((PORT + 1))"
	SERVER=127.0.0.3:$((PORT + 2))
	GROUP=239.1.2.3:$((PORT + 3))
	as_start
	gm_start
	client lamp responder
	join lamp responder
	watch lamp
	# alice and the lamp have an OSCORE context, too
	secret=$(head -c 16 /dev/urandom | od -An -tx1 | tr -d ' \n')
	for ids in "alice 01 02" "lamp 02 01"; do
		read -r name own other <<<"$ids"
		echo "{ \"profile\": \"oscore\", \"master_secret\": \"$secret\", \"sender\": { \"id\": \"$own\" }, \"recipients\": [ { \"id\": \"$other\" } ] }" >"$name.oscore"
		chmod 600 "$name.oscore"
	done
	background lamp lamp.serve gc-serve -i lo --bind "$SERVER" --no-group -g lamp.json -g lamp.oscore --tick 0.2 --notify-interval 0.2 \
		--group-observe "$GROUP" --join-uri "$GM_URI" --sec-gp lights --as-uri "$AS_URI/token"
	lamp_pid=$last_pid
	gc-as --db as.db client add alice --out .
	gc-as --db as.db policy add alice lights monitor
}

teardown() {
	join_teardown
}

observe() { # [OPTION]…
	status=0
	gc-observe -i lo --json -t 20 -g alice.oscore "$@" "coap://$SERVER/time" >out 2>err || status=$?
	cat out err
}

@test "without --join the command is printed; with it the group is joined and its notifications verify" {
	observe -n 1
	[ "$status" -eq 5 ]
	grep -q 'join it first: gc-join --gm' err
	observe --join alice.as.json -n 3
	[ "$status" -eq 0 ]
	[ "$(jq -r 'select(.event == "notification") | .security.verified' out | sort | uniq -c | tr -s ' ')" = ' 3 true' ]
	[ "$(grep -c '"via":"multicast"' out)" -eq 2 ]
	grep -q "joining $GM_URI as a monitor; its keys go to lights.json" err
	[ "$(stat -c %a lights.json)" = 600 ]
	grep -q '^joined lights n2 alice roles=monitor' gm.log
	# no gc-join watch is left behind
	run pgrep -f 'gc-join watch -- lights.json'
	[ "$status" -eq 1 ]
	# what is there is used
	observe --join alice.as.json -n 1 -v
	[ "$status" -eq 0 ]
	grep -q 'lights.json is there already, and used' err
	[ "$(grep -c '^joined lights n[0-9]* alice' gm.log)" -eq 1 ]
}

@test "the group is rekeyed while it is observed, and the observer evicted" {
	gc-observe -i lo --json -t 30 -g alice.oscore --join alice.as.json --join-out here.json "coap://$SERVER/time" >out 2>err </dev/null 3>&- &
	pids[$!]=$!
	observer=$!
	until_true has_line '"via":"multicast"' out
	until_true has_line '^joined lights n2 alice' gm.log
	# its gc-join watch observes
	sleep 0.3
	before=$(jq -r .gid here.json)
	gc-manager --db gm.db rekey lights
	rekeyed() {
		[ "$(jq -r .gid here.json)" != "$before" ] && grep -q "\"via\":\"multicast\".*\"gid\":\"$(jq -r .gid here.json)\".*\"verified\":true" out
	}
	until_true rekeyed
	gc-manager --db gm.db evict lights alice
	status=0
	wait "$observer" || status=$?
	[ "$status" -eq 5 ]
	grep -q 'here.json: removed: no member of this group any more' err
	[ -s here.json.evicted ]
}

@test "who may not join is told so; nothing unprotected is taken instead" {
	gc-as --db as.db client add eve --out .
	observe --join eve.as.json -n 1
	[ "$status" -eq 5 ]
	grep -q "$GM_URI: not joined; -v says why" err
	[ "$(grep -c '"event":"notification"' out)" -eq 0 ]
	[ ! -e lights.json ]
	observe --join nowhere.as.json -n 1
	[ "$status" -eq 3 ]
	# an Authorization Server that is not alice's own
	gc-as --db other.db --uri coap://127.0.0.9 client add alice --out other
	mkdir -p other
	gc-as --db other.db --uri coap://127.0.0.9 client add bob --out other
	observe --join other/bob.as.json -n 1 -v
	[ "$status" -eq 5 ]
	grep -q 'allow-as' err
	run gc-observe --join alice.as.json --phantom x
	[ "$status" -eq 2 ]
	run gc-observe --join-out x "coap://$SERVER/time"
	[ "$status" -eq 2 ]
}

@test "a server that asks for no protection of the registration" {
	# what the lamp says to the one, recorded
	observe --join alice.as.json -n 3 --save-phantom said --pcap wire.pcap
	[ "$status" -eq 0 ]
	notification=$(tshark -r wire.pcap -Y "ip.dst == ${GROUP%:*}" -T fields -e udp.payload 2>/dev/null | tail -n 1)
	[ -n "$notification" ]
	end_of "$lamp_pid" INT
	# … and in its place somebody says it to everybody
	said=$(od -An -v -tx1 said | tr -d ' \n')
	PATH=$PATH:${PATH%%:*}/tests/peers
	background lamp peer scripted "$SERVER" "a3c2fe2420ff$said" "$GROUP" "$notification"
	: >out
	status=0
	gc-observe -i lo --json -t 20 -n 2 --join alice.as.json "coap://$SERVER/time" >out 2>err || status=$?
	cat out err
	[ "$status" -eq 0 ]
	[ "$(jq -r 'select(.event == "notification") | [.via, .security.verified] | @csv' out | tail -n 1)" = '"multicast",true' ]
	# the registration was not protected
	[ "$(gc-decode --hex --json <peer.log | jq -r 'select(.code == "0.01") | [(.options[] | .name)] | index("OSCORE")' | sort -u)" = null ]
}
