#!/usr/bin/env bats
# The complete run of joining over a network: an Authorization Server on host 1, a Group Manager on 2, members on 3 to 5; twenty
# joins at once; each daemon killed and started anew in the middle.
# GC_FULL=1: more kills.
# @req JN-20 RK-01 RK-04 RK-06 RK-07 MB-01 GR-07

AS=10.77.0.1 GM=10.77.0.2

setup_file() {
	. "$BATS_TEST_DIRNAME/../lib/netns.sh"
	netns_up 5
}

teardown_file() {
	. "$BATS_TEST_DIRNAME/../lib/netns.sh"
	netns_down
}

setup() {
	. "$BATS_TEST_DIRNAME/../lib/netns.sh"
	. "$BATS_TEST_DIRNAME/../lib/join.sh"
	on() { netns_exec "$(host_of "$1")" "${@:2}"; }
	become() { _netns_enter "$(netns_pid "$(host_of "$1")")" "${@:2}"; }
	join_setup "$AS" "$GM"
	as_start
	gm_start
}

teardown() {
	join_teardown
}

host_of() {
	case $1 in
	as) echo 1 ;;
	gm) echo 2 ;;
	alice* | node*) echo 3 ;;
	bob*) echo 4 ;;
	*) echo 5 ;;
	esac
}

serve() { # NAME: a member that answers with what NAME.json is now
	background "$1" "$1.serve" gc-serve -i eth0 --leisure 0.2 -g "$1.json"
}

ask() { # alice asks all; who answered, verified, to answers
	on alice gc-send --json -i eth0 -g alice.json -t 1.5 coap://224.0.1.187/hello >sent 2>sent.err || true
	cat sent sent.err
	jq -r 'select(.event == "response" and .security.verified) | .security.kid' sent | sort | tr '\n' ' ' >answers
}

current() { # NAME NUM
	[ "$(jq -r .num "$1.json.join")" = "$2" ]
}


@test "the complete run: tokens, joins, traffic, a member leaves, a rekeying is missed, another Sender ID" {
	for m in alice bob carol; do
		client $m requester,responder
		join $m requester,responder
		[ "$status" -eq 0 ]
	done
	# members who joined first learn of the others
	run_join alice creds alice.json
	run_join bob creds bob.json
	serve bob
	bob_serve=$last_pid
	serve carol
	carol_serve=$last_pid
	ask
	[ "$(cat answers)" = "01 02 " ]
	# carol leaves; who watches is current, and her keys are of no use
	watch alice
	cp carol.json carol.old
	end_of "$carol_serve"
	run_join carol leave carol.json
	[ "$status" -eq 0 ]
	until_true current alice 1
	[ "$(jq -r '[.recipients[].id] | join(" ")' alice.json)" = 01 ]
	on alice gc-send --dry-run -i eth0 -g alice.json coap://224.0.1.187/hello >hex
	gc-decode --json --hex -g carol.old <hex >decoded
	[ "$(jq -r .security.verified decoded)" = false ]
	# bob has missed it: his answers are none to alice, and hers none to him
	ask
	[ "$(cat answers)" = "" ]
	gc-manager --db gm.db rekey lights
	until_true current alice 2
	end_of "$bob_serve"
	run_join bob status bob.json
	[ "$status" -eq 1 ]
	run_join bob rekey bob.json
	[ "$status" -eq 0 ]
	current bob 2
	[ "$(jq -r '[.recipients[].id] | join(" ")' bob.json)" = 00 ]
	serve bob
	ask
	[ "$(cat answers)" = "01 " ]
	# another Sender ID for alice: bob learns her by it
	end_of "$watch_pid"
	run_join alice rekey alice.json --new-id
	[ "$status" -eq 0 ]
	end_of "$last_pid"
	run_join bob creds bob.json
	serve bob
	ask
	[ "$(cat answers)" = "01 " ]
	[ "$(jq -r .sender.id alice.json)" != 00 ]
}

ids_are_different() { # FILES
	[ "$(jq -r .sender.id "$@" | sort | uniq -d | wc -l)" -eq 0 ]
}

@test "twenty join at once: twenty members, twenty Sender IDs, one key" {
	for i in {1..20}; do client "node$i" requester,responder; done
	joiners=()
	for i in {1..20}; do
		(join "node$i" requester,responder >"node$i.said" 2>&1; exit "$status") 3>&- &
		joiners+=($!)
	done
	for job in "${joiners[@]}"; do wait "$job"; done
	ids_are_different node?.json node??.json
	[ "$(jq -r .master_secret node?.json node??.json | sort -u | wc -l)" -eq 1 ]
	[ "$(gc-manager --db gm.db status --json | jq -r '.members[].sender_id' | sort -u | wc -l)" -eq 20 ]
}

try_join() { # NAME: until it is done
	local end=$((SECONDS + 40))
	until join "$1" requester,responder --force --wait 1 >"$1.said" 2>&1 && [ "$status" -eq 0 ]; do
		[ "$SECONDS" -le "$end" ] || { cat "$1.said"; return 1; }
	done
}

@test "each daemon is killed in the middle of joins: everybody becomes a member in the end, nothing is given twice" {
	local rounds=4
	[ -z "${GC_FULL:-}" ] || rounds=50
	for i in {1..8}; do client "node$i" requester,responder; done
	joiners=()
	for i in {1..8}; do
		(for _ in 1 2 3; do try_join "node$i" || exit; done) 3>&- &
		joiners+=($!)
	done
	for ((k = 0; k < rounds; k++)); do
		sleep 0.15 # what is tested: in the middle
		gm_kill KILL
		gm_start
		sleep 0.1
		as_kill KILL
		as_start
	done
	for job in "${joiners[@]}"; do wait "$job"; done
	ids_are_different node?.json
	[ "$(jq -r .master_secret node?.json | sort -u | wc -l)" -eq 1 ]
	[ "$(sed -n 's/.* token=//p' as.log | sort | uniq -d | wc -l)" -eq 0 ]
	# everybody who was told so is a member
	for i in {1..8}; do
		run_join "node$i" rekey "node$i.json"
		[ "$status" -eq 0 ]
	done
	# no Sender ID was given twice within a Gid
	[ "$(sed -nE 's/^(re)?joined lights n[0-9]* [^ ]* id=([0-9a-f]*) .*num=([0-9]*).*/\2 \3/p' gm.log | sort | uniq -d | wc -l)" -eq 0 ]
}

@test "a member who watches comes through restarts of both daemons" {
	client alice requester,responder
	client bob requester,responder
	join alice requester,responder
	join bob requester,responder --control-uri coap://10.77.0.4:5690/node
	watch alice
	watch bob
	gm_kill KILL
	as_kill KILL
	gm_start
	as_start
	# a command that talks to the Group Manager again makes the association anew; those who watch find out by themselves, too
	run_join alice status alice.json
	run_join bob status bob.json
	gc-manager --db gm.db rekey lights
	until_true current alice 1
	until_true current bob 1
	[ "$(jq -r .gid alice.json)" = "$(jq -r .gid bob.json)" ]
}
