#!/usr/bin/env bats
# Context files that are replaced, broken and removed while gc-serve, gc-observe and gc-send run.

setup() {
	. "$BATS_TEST_DIRNAME/../lib/secure.sh"
	secure_setup
	OBSERVE=$(dirname "$SEND")/gc-observe
	observers=()
	capture=
}

teardown() {
	for observer in "${observers[@]}" $capture; do
		kill -KILL "$observer" 2>/dev/null || true
	done
	secure_teardown
}

GROUP=coap://224.0.1.187

observe() { # NAME [OPTION]…: gc-observe in the background, one notification seen; its pid to $observer
	local name=$1
	shift
	: >"$name.out"
	"$OBSERVE" -i lo --json -v "$@" >"$name.out" 2>"$name.err" </dev/null 3>&- &
	observer=$!
	observers+=("$observer")
	until_lines '"event":"notification"' 1 "$name.out"
}

await() { # PID: its status to $status
	status=0
	wait "$1" || status=$?
}

capture() { # all that goes over lo, to wire.pcapng
	: >capture.err
	dumpcap -q -i lo -B 64 -f udp -w wire.pcapng >/dev/null 2>>capture.err 3>&- &
	capture=$!
	until grep -q '^File: ' capture.err; do
		kill -0 "$capture" || { cat capture.err; return 1; }
	done
}

# with all contexts that there were, in old/: no sender uses a Partial IV under a Gid for two different messages
no_nonce_twice() {
	local files
	# until the capture has what was sent last
	"$SEND" -i lo -q -N -t 0 coap://127.0.0.9/the-last >/dev/null 2>&1 || true
	patience=$((SECONDS + 10))
	until grep -qa the-last wire.pcapng; do
		[ "$SECONDS" -lt "$patience" ]
	done
	kill -INT "$capture"
	wait "$capture" || true
	capture=
	grep -Eq 'dropped on interface.*/0 \(' capture.err
	mapfile -t files < <(printf -- '-g\n%s\n' old/*.json)
	"$DECODE" --json "${files[@]}" wire.pcapng >decoded.json 2>decode.err || true
	# with a Partial IV of its own, or with the nonce of the request that it answers
	jq -r 'select(.security.verified) | (.options[] | select(.name == "OSCORE") | .value[1:2]) as $flags |
		[.security.gid, .security.kid, (if ["1", "2", "3", "4", "5", "9", "a", "b", "c", "d"] | any(. == $flags) then "own" else "of-\(.request)" end) + "-" + .security.piv,
		 (.payload | tostring)] | join(" ")' decoded.json | sort -u >pivs
	cut -d' ' -f1-3 pivs | uniq -d >twice
	[ ! -s twice ] || { cat twice; return 1; }
	unverified=$(jq -r 'select(.security and (.security.verified | not)) | .n' decoded.json | wc -l)
}

# @req C5 C85 C86 C110 C111
@test "a group is rekeyed while its members run: the next request is under the new keys, a late one under the old is answered" {
	group d 4
	cp d/01.json late.json # a member that has not been rekeyed yet
	members d 4 -v
	ask -g late.json --json -n 3 $GROUP/hello
	[ "$status" -eq 0 ]
	rekey d 77
	until_lines 'replaced; messages under the previous keys' 3 serve.err
	ask -g d/01.json --json -n 3 $GROUP/hello
	[ "$status" -eq 0 ]
	[ "$(responses '.security.gid == "00004d" and .security.verified')" -eq 3 ]
	# the late one's request is taken; what it gets is under keys that it does not have
	ask -g late.json --json -t 0.5 $GROUP/hello
	[ "$(responses)" -eq 0 ]
	until_lines 'GET /hello.*answered 2.05' 9 serve.err
	stop
	[ "$status" -eq 0 ]
}

@test "--keep-old 0: nothing is received under the previous keys" {
	group d 2
	cp d/01.json late.json
	members d 2 -v --keep-old 0
	rekey d 77
	until_lines 'replaced; messages under the previous keys are received for 0 s more' 1 serve.err
	ask -g late.json --json -t 0.5 coap://127.0.0.2/hello
	[ "$status" -eq 5 ] || [ "$status" -eq 1 ]
	grep -q 'GET /hello.*answered' serve.err && return 1
	ask -g d/01.json --json coap://127.0.0.2/hello
	[ "$status" -eq 0 ]
}

# @req C47 C82 C84 C88 RK-11
@test "observations go on over five rekeyings, traditional ones, with every notification in order" {
	group d 4
	capture
	mkdir old
	cp d/01.json old/0.json
	members d 4 -v --tick 0.1
	observe a -g d/01.json coap://127.0.0.2/time
	observe b -g d/01.json $GROUP/time
	for generation in 1 2 3 4 5; do
		rekey d $generation
		cp d/01.json old/$generation.json
		until_lines 'replaced; messages' $((3 * generation)) serve.err
		until_lines 'replaced; messages' "$generation" a.err
		until_lines 'replaced; messages' "$generation" b.err
		until_lines "\"gid\":\"00000$generation\"" 3 a.out
		until_lines "\"gid\":\"00000$generation\"" 6 b.out
	done
	for pid_of in "${observers[@]}"; do
		kill -INT "$pid_of"
		await "$pid_of"
		[ "$status" -eq 0 ]
	done
	observers=()
	stop
	[ "$status" -eq 0 ]
	# nothing failed to verify, and times never go back
	fails grep -h '"event":"insecure"\|"event":"ended"' a.out b.out
	jq -r 'select(.event == "notification") | .payload.text' a.out >order
	[ "$(wc -l <order)" -ge 15 ]
	sort -c order
	no_nonce_twice
	[ "$unverified" -eq 0 ]
	[ "$(wc -l <pivs)" -ge 60 ]
}

# @req MG-17
@test "a group observation keeps its phantom request over rekeyings; who comes later gets one of the new keys" {
	group d 4
	start --bind 127.0.0.2 --no-group -g d/02.json -v --group-observe 239.1.2.3:61616 --notify-interval 0.2 --tick 0.2
	observe a -g d/03.json coap://127.0.0.2/time
	rekey d 1 d/03.json d/04.json # first who listens: what comes before it has the keys would be lost to it
	until_lines 'replaced; messages' 1 a.err
	rekey d 1 d/02.json
	until_lines 'replaced; messages' 1 serve.err
	until_lines '"gid":"000001".*\|"via":"multicast".*"gid":"000001"' 3 a.out
	cp d/04.json new.json # never had the old keys
	observe b -g new.json coap://127.0.0.2/time
	until_lines '"via":"multicast"' 2 b.out
	until_lines '"gid":"000001"' 8 a.out
	fails grep -h '"event":"insecure"\|"event":"ended"\|"event":"refused"' a.out b.out
}

@test "a broken file is reported once, and the keys before stay; a removed one ends the membership, and may come back" {
	group d 3
	members d 3 -v
	cp -p d/02.json kept.json
	printf '{ "profile": "group-' >d/02.json
	until_lines 'd/02.json' 2 serve.err
	[ "$(grep -c 'previous context stays in use' serve.err)" -eq 1 ]
	ask -g d/01.json --json -n 2 $GROUP/hello
	[ "$status" -eq 0 ]
	install -m 600 /dev/null d/02.json.new
	mv d/02.json.new d/02.json # an empty one
	until_lines 'previous context stays in use' 2 serve.err
	ask -g d/01.json --json -n 2 $GROUP/hello
	[ "$status" -eq 0 ]
	rm d/02.json
	until_lines 'd/02.json: removed' 1 serve.err
	ask -g d/01.json --json -t 0.5 $GROUP/hello
	[ "$(responses)" -eq 1 ]
	[ "$(responses '.security.kid == "03"')" -eq 1 ]
	mv kept.json d/02.json
	until_lines 'd/02.json: there again' 1 serve.err
	ask -g d/01.json --json -n 2 $GROUP/hello
	[ "$status" -eq 0 ]
	stop
	[ "$status" -eq 0 ]
}

@test "SIGHUP: files are read anew" {
	group d 2
	members d 2 -v
	printf '{' >d/02.json
	until_lines 'previous context stays in use' 1 serve.err
	kill -HUP "$pid"
	until_lines 'previous context stays in use' 2 serve.err
	ask -g d/01.json --json coap://127.0.0.2/hello
	[ "$status" -eq 0 ]
}

@test "gc-observe ends with status 5 when its file is removed, and goes on while another one is there" {
	group d 3
	members d 3 --tick 0.1
	observe a -g d/01.json coap://127.0.0.2/time
	cp -p d/01.json other.json
	rm d/01.json
	await "$observer"
	[ "$status" -eq 5 ]
	grep -q '^gc-observe: d/01.json: removed: no member of this group any more' a.err
	grep -q '^gc-observe: no security context is left' a.err
	cp -p other.json d/01.json
	observe b -g d/01.json -g other.json coap://127.0.0.2/time
	rm other.json
	until_lines 'other.json: removed' 1 b.err
	seen=$(grep -c '"event":"notification"' b.out)
	until_lines '"event":"notification"' $((seen + 3)) b.out
}

@test "gc-send: keys that change while it waits, and a file that is removed" {
	group d 3
	members d 3 --tick 0.1
	: >send.out
	"$SEND" -i lo --json -v -g d/01.json --observe -t 30 coap://127.0.0.2/time >send.out 2>send.err </dev/null 3>&- &
	observers+=($!)
	until_lines '"event":"notification"' 1 send.out
	rekey d 9
	until_lines '"gid":"000009"' 3 send.out
	rm d/01.json
	await "${observers[0]}"
	[ "$status" -eq 5 ]
	grep -q '^gc-send: no security context is left' send.err
	observers=()
	# each command of the shell reads the file anew
	group e 2
	cp e/01.json first.json
	stop
	members e 2
	mkfifo commands
	"$SEND" -i lo --shell --json -g e/01.json <commands >shell.out 2>shell.err 3>&- &
	observers+=($!)
	exec 5>commands
	echo "get coap://127.0.0.2/hello" >&5
	until_lines '"event":"response"' 1 shell.out
	rekey e 5
	until_lines '"event":"summary"' 1 shell.out
	echo "get coap://127.0.0.2/hello" >&5
	until_lines '"gid":"000005"' 1 shell.out
	exec 5>&-
	await "${observers[0]}"
	[ "$status" -eq 0 ]
	observers=()
}

# @req B9 C110 RK-11
@test "fifty replacements in quick succession, requests all the time, gc-serve killed in between: no nonce twice" {
	local i generation kills=0 asked=0
	group d 4
	mkdir old
	cp d/01.json old/0.json
	capture
	members d 4 --tick 0.05
	observe a --stay --retry 0.2 -g d/01.json coap://127.0.0.2/time
	for ((i = 1; i <= 50; i++)); do
		generation=$((i % 7 == 0 ? i - 2 : i)) # now and then keys of a moment ago once more
		rekey d $generation
		cp d/01.json old/$generation.json
		if [ $((i % 10)) -eq 5 ]; then
			stop KILL
			kills=$((kills + 1))
			members d 4 --tick 0.05
		fi
		if [ $((i % 3)) -eq 0 ]; then
			ask -q -g d/01.json -n 3 -t 1 $GROUP/hello >/dev/null
			asked=$((asked + 1))
		fi
	done
	ask -g d/01.json --json -n 3 $GROUP/hello
	[ "$status" -eq 0 ]
	[ "$(responses '.security.gid == "000032" and .security.verified')" -eq 3 ]
	until_lines '"gid":"000032"' 3 a.out # the observer has found its way through all of it
	kill -INT "$observer"
	await "$observer"
	observers=()
	stop
	[ "$status" -eq 0 ]
	no_nonce_twice
	echo "# 50 replacements, $kills kills, $asked group requests, $(wc -l <pivs) protected messages with a number, $unverified not verified" >&3
	[ "$(wc -l <pivs)" -ge 100 ]
}

# @req C109 C115 RK-11b
@test "a member gets another Sender ID, with new keys or without: it is followed by its key, also in pairwise mode" {
	group d 3
	members d 3 -v --tick 0.1
	observe a --stay --retry 0.2 --pairwise 02 -g d/01.json coap://127.0.0.2/time
	fails grep -v '"kid":"02"' <(grep '"event":"notification"' a.out)
	# the same keys: member 02 is 05 now, its old ID is stale until the next rekeying
	for file in d/0[13].json; do
		jq '.recipients += [.recipients[] | select(.id == "02") | .id = "05"]' "$file" | install -m 600 /dev/stdin new.json
		mv new.json "$file"
	done
	until_lines 'other members, the same keys' 1 a.err
	jq '.sender.id = "05"' d/02.json | install -m 600 /dev/stdin new.json
	mv new.json d/02.json
	until_lines '"kid":"05"' 3 a.out # once it has registered again
	# new keys, and 02 is somebody else
	for file in d/0[12].json; do
		jq '.recipients |= map(select(.id != "02")) | (.recipients[] | select(.id == "03")).id = "02"' "$file" | install -m 600 /dev/stdin "${file%.json}.next"
	done
	jq '.recipients |= map(select(.id != "02")) | .sender.id = "02"' d/03.json | install -m 600 /dev/stdin d/03.next
	for file in d/0[123].next; do
		jq '.gid = "000009" | .master_secret = "000102030405060708090a0b0c0d0e0f"' "$file" | install -m 600 /dev/stdin new.json
		mv new.json "${file%.next}.json"
	done
	rm d/*.next
	until_lines '"gid":"000009","kid":"05"' 3 a.out
	stop KILL
	members d 3 -v --tick 0.1
	seen=$(grep -c '"event":"notification"' a.out)
	until_lines '"event":"notification"' $((seen + 5)) a.out
	# only the one that was meant has ever been asked
	grep -q '127.0.0.2:5683: GET /time from.*answered 2.05' serve.err
	[ "$(jq -r 'select(.event == "notification" and .security.gid == "000009") | .security.kid' a.out | sort -u)" = 05 ]
	# and when it is gone, nobody else is asked
	jq '.recipients |= map(select(.id != "05"))' d/01.json | install -m 600 /dev/stdin new.json
	mv new.json d/01.json
	await "$observer"
	[ "$status" -eq 5 ]
	grep -q '^gc-observe: the member of --pairwise is not in the group any more' a.err
}
