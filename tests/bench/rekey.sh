#!/bin/sh
# Rekeying point to point: one member leaves, and 10, 100 and 1000 others have new keys. gc-manager is the real one, and so are
# datagrams, tokens and OSCORE; the members are one program (rekey.c) with a socket for each. Seconds are from the request to leave to
# the last member's rekeying, medians of three. A member costs two datagrams, whether it is a request to its control URI and the
# answer, or a confirmable notification and its acknowledgement.
# What bounds it, by perf and strace on gc-manager: the CPU, some 20 us a member whatever their number. About half is the kernel's
# (one sendmsg a member); the rest is OSCORE and CoAP, and for a notification SQLite too: whether the observer is still a member is
# a transaction that writes nothing (locks, fcntl). On the disk there is one fdatasync a rekeying, not one a member. Over a network
# it is the round trip: 32 requests are under way, up to 256 while answers come.
# Joining without the others' credentials costs the same in a group of any size: one fdatasync, and the public-key operations of the
# proofs. With them each answer has all of them, sixty blocks in a group of a thousand.
set -eu
: "${BUILD:=build}" "${MEMBERS:=10 100 1000}"
bench=$(cd "$BUILD" && pwd)/tests/bench/rekey
PATH=$(cd "$BUILD" && pwd):$PATH
dir=$(mktemp -d)
gm=''
finish() {
	[ -z "$gm" ] || {
		kill "$gm" 2>/dev/null || true
		wait "$gm" 2>/dev/null || true
	}
	gm=''
}
trap 'finish; rm -rf "$dir"' EXIT
cd "$dir"

port=$((21000 + $$ % 20000))
gc-as --db as.db --uri coap://127.0.0.1 rs add gm --out gm.as.json
gc-keygen key --subject gm --out gm.key
echo '{ "as": "gm.as.json", "key": "gm.key", "groups": [ { "name": "lights", "max_members": 4096 } ] }' >gm.json

for how in control observe; do
	for members in $MEMBERS; do
		rm -f gm.db*
		: >gm.err
		gc-manager -c gm.json --db gm.db --bind "127.0.0.1:$port" >gm.log 2>gm.err </dev/null &
		gm=$!
		until grep -q ready gm.err; do
			kill -0 "$gm" || {
				cat gm.err
				exit 1
			}
		done
		"$bench" "$members" "$how" "$port" "$gm" gm.as.json >>rows || {
			tail -3 gm.err
			exit 1
		}
		finish
	done
done
grep '^joins' rows
echo "rekeying  members   seconds datagrams  a member   bytes each  GM: ms  us a member"
grep -v '^joins' rows
