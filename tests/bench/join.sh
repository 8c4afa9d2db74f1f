#!/bin/sh
# Joining: start-to-finish time of one gc-join (token, upload, join, files written), against that of one coap-client that asks for
# the Group Manager's /.well-known/core; and joins a second with eight gc-join at a time. Both are bounded by the disk: each token and
# each member is committed by a daemon before it answers, and gc-join writes four files. Medians. gc-manager alone: rekey.sh.
set -eu
: "${BUILD:=build}" "${RUNS:=40}" "${MEMBERS:=80}"
PATH=$(cd "$BUILD" && pwd):$PATH
dir=$(mktemp -d)
as='' gm=''
finish() {
	for pid in $as $gm; do
		kill "$pid" 2>/dev/null || true
		wait "$pid" 2>/dev/null || true
	done
	rm -rf "$dir"
}
trap finish EXIT
cd "$dir"

start() { # $1 name; the rest: a daemon; its pid in $started
	name=$1
	shift
	: >"$name.err"
	"$@" >"$name.log" 2>"$name.err" </dev/null &
	started=$!
	until grep -q ready "$name.err"; do
		kill -0 "$started" || {
			cat "$name.err"
			exit 1
		}
	done
}

port=$((21000 + $$ % 20000))
uri=coap://127.0.0.1:$port gm_uri=coap://127.0.0.1:$((port + 1))
gc-as --db as.db --uri "$uri" rs add gm --out gm.as.json
gc-keygen key --subject gm --out gm.key
echo '{ "as": "gm.as.json", "key": "gm.key", "groups": [ { "name": "lights", "backward_security": false } ] }' >gm.json
i=0
while [ $i -lt "$MEMBERS" ]; do
	i=$((i + 1))
	gc-as --db as.db client add "m$i" --out .
	gc-as --db as.db policy add "m$i" lights requester
	gc-keygen key --subject "m$i" --out "m$i.key"
done
start as gc-as --db as.db --bind 127.0.0.1
as=$started
start gm gc-manager -c gm.json --db gm.db --bind "127.0.0.1:$((port + 1))"
gm=$started

now() { date +%s%N; }
join() {
	gc-join --gm "$gm_uri/ace-group/lights" --as "$uri" --key "m$1.key" --role requester --out "m$1.json" >/dev/null
}
median() { sort -n | awk '{ v[NR] = $1 } END { printf "%.1f", v[int((NR + 1) / 2)] / 1e6 }'; }

i=0
while [ $i -lt "$RUNS" ]; do
	i=$((i + 1))
	before=$(now)
	join "$i"
	between=$(now)
	coap-client-notls -m get "$gm_uri/.well-known/core" >/dev/null 2>&1
	after=$(now)
	echo $((between - before)) >>join.ns
	echo $((after - between)) >>client.ns
done
echo "join: one gc-join, start to finish: median $(median <join.ns) ms; one GET by coap-client: $(median <client.ns) ms"

before=$(now)
for lane in 1 2 3 4 5 6 7 8; do
	(
		member=$((RUNS + lane))
		while [ "$member" -le "$MEMBERS" ]; do
			join "$member"
			member=$((member + 8))
		done
	) &
	lanes="${lanes:-} $!"
done
for lane in $lanes; do wait "$lane"; done
after=$(now)
awk -v n=$((MEMBERS - RUNS)) -v ns=$((after - before)) 'BEGIN { printf "join: %d joins, eight at a time: %.0f a second\n", n, n * 1e9 / ns }'
joined=$(gc-manager --db gm.db status --json | grep -o '"node":' | wc -l)
[ "$joined" -eq "$MEMBERS" ] || {
	echo "join: $joined members where $MEMBERS joined"
	exit 1
}
