#!/usr/bin/env bats
# What gc-manager promises of answers that are large: the credentials of a thousand members come through, many at a time and in
# bounded memory, and what is too large is refused with what can be done instead.

load ../lib/join.sh

setup() {
	base=$((20000 + (BATS_TEST_NUMBER * 331 + $$ * 7) % 39000))
	sql=$(realpath "${BUILD:-build}")/tests/peers/sql
	echo '{ "as": "gm.as.json", "key": "gm.key", "groups": [ { "name": "lights", "max_members": 1500 } ] }' >"$BATS_TEST_TMPDIR/gm.json"
	chmod 600 "$BATS_TEST_TMPDIR/gm.json"
	export ASAN_OPTIONS=${ASAN_OPTIONS:-}:quarantine_size_mb=1 # what has been freed is not memory that is needed
	join_setup "127.0.0.1:$base" "127.0.0.1:$((base + 1))"
	as_start
	gm_start
}

teardown() {
	join_teardown
}

members() { # N LEN: so many, with credentials of about so many bytes; the first one is bob, and the others are put into the database
	local subject
	subject=$(printf '78%.0s' $(seq "$2"))
	client bob requester,responder
	sed "s/0263626f62/0279$(printf %04x "$2")$subject/" bob.key >long.key
	cat long.key >bob.key
	join bob requester,responder
	[ "$status" -eq 0 ]
	gm_kill
	"$sql" gm.db "WITH RECURSIVE s(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM s WHERE i < $1 - 1)
		INSERT INTO members SELECT grp, 10000 + i, CAST(identity || i AS BLOB), roles, CAST(char(1 + i / 100, 1 + i % 100) AS BLOB), cred, scope,
		cnonce, birth_gid, join_num, is_new, '', expires_s FROM members, s WHERE node = 1"
	gm_start
}

most_memory() { # of gc-manager until now, KiB
	sed -n 's/^VmHWM:[^0-9]*\([0-9]*\).*/\1/p' "/proc/$gm_pid/status"
}

@test "a thousand credentials of half a kilobyte: a Join Response, and those of creds" {
	members 1000 450
	client alice requester,responder
	SECONDS=0
	join alice requester,responder
	[ "$status" -eq 0 ]
	grep -q ' 1000 others known' out
	[ "$(jq '.recipients | length' alice.json)" -eq 1000 ]
	[ "$(jq '[.recipients[].cred | length / 2] | add >= 490000' alice.json)" = true ]
	join alice requester,responder --no-creds --force
	[ "$status" -eq 0 ]
	run_join alice creds alice.json
	[ "$status" -eq 0 ]
	[ "$(jq '.recipients | length' alice.json)" -eq 1000 ]
	[ "$SECONDS" -le 5 ]
}

@test "a hundred large Join Responses at once: all come through, and memory is bounded" {
	members 1000 450
	before=$(most_memory)
	joining=()
	for i in $(seq 100); do
		client "m$i" requester
	done
	for i in $(seq 100); do
		gc-join --gm "$GM_URI" --as "$AS_URI" --key "m$i.key" --role requester --out "m$i.json" >"m$i.out" 2>&1 </dev/null 3>&- &
		joining+=($!)
	done
	for pid in "${joining[@]}"; do
		wait "$pid"
	done
	[ "$(cat m*.out | grep -c '^joined lights')" -eq 100 ]
	[ "$(jq '.recipients | length' m100.json)" -ge 1000 ]
	# 24 MiB of answers, 16 MiB of replies that may be asked for again, and what one answer needs; all of them are 50 MB, and those replies
	echo "$before KiB, then $(most_memory) KiB"
	limit=56000
	[[ ${BUILD:-} != *san* ]] || limit=112000 # with what a sanitizer needs
	[ $(($(most_memory) - before)) -lt "$limit" ]
}

@test "more than a megabyte of credentials is refused, and the member can be had without" {
	members 1100 950
	client alice requester,responder
	join alice requester,responder
	[ "$status" -ne 0 ]
	grep -q '5.00.*the credentials are too large for one answer: join without get_creds, and fetch those that are needed by Sender ID' err
	[ ! -e alice.json ]
	[ "$(gc-manager --db gm.db status --json | jq '[.members[].subject] | index("alice")')" = null ]
	join alice requester,responder --no-creds
	[ "$status" -eq 0 ]
	run_join alice creds alice.json
	[ "$status" -ne 0 ]
	run_join alice creds alice.json 0102 0203
	[ "$status" -eq 0 ]
	[ "$(jq -r '[.recipients[].id] | join(" ")' alice.json)" = "0102 0203" ]
}
