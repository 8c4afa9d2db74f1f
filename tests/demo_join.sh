#!/bin/sh
# The demo of joining: an Authorization Server, a Group Manager, a panel and three lamps that join by themselves, one protected
# multicast request with three answers; one lamp is evicted, the group is rekeyed, the same request has two answers, and the
# evicted lamp cannot read it. Everything here can be typed by hand; the commands are shown as they run. Status 0 only if all of
# it was so.
set -u
: "${BUILD:=build}"
PATH=$(cd "$BUILD" && pwd):$PATH
dir=$(mktemp -d) || exit 4
jobs_of_demo=
finish() {
	for job in $jobs_of_demo; do
		kill "$job" 2>/dev/null
		wait "$job" 2>/dev/null
	done
	rm -rf "$dir"
}
trap finish EXIT
trap 'exit 130' INT TERM
cd "$dir" || exit 4

title() { printf '\n== %s\n' "$1"; }
show() { # a command, and what it prints
	echo "\$ $*"
	"$@"
}
fail() {
	printf '\ndemo: %s\n' "$1" >&2
	exit 1
}
background() { # NAME COMMAND…: ready
	name=$1
	shift
	: >"$name.err"
	"$@" >"$name.out" 2>"$name.err" </dev/null &
	last=$!
	jobs_of_demo="$jobs_of_demo $last"
	until grep -q ready "$name.err"; do
		kill -0 "$last" 2>/dev/null || return 1
		sleep 0.02
	done
}
stop() {
	kill "$1" 2>/dev/null
	wait "$1" 2>/dev/null
}

# where others hold these ports, others will do
for port in 5690 15690 25690 ''; do
	[ -n "$port" ] || fail "no ports are free"
	rm -f as.db* gm.as.json
	gc-as --db as.db --uri "coap://127.0.0.1:$port" rs add gm.example --out gm.as.json || exit
	background as gc-as --db as.db --bind 127.0.0.1 && break
done
as_port=$port gm_port=$((port + 1)) group_port=$((port + 2))
group=224.0.1.187:$group_port

title "an Authorization Server: it knows a Group Manager, and four devices with what they may"
echo "\$ gc-as --db as.db --uri coap://127.0.0.1:$as_port rs add gm.example --out gm.as.json"
for device in panel hall kitchen stairs; do
	role=responder
	[ $device != panel ] || role=requester
	show gc-as --db as.db client add $device --out . || exit
	show gc-as --db as.db policy add $device lights $role || exit
	gc-keygen key --subject $device --out $device.key || exit
done
echo "\$ gc-as --db as.db --bind 127.0.0.1 &"
cat as.err

title "a Group Manager with one group"
gc-keygen key --subject gm --out gm.key || exit
echo '{ "as": "gm.as.json", "key": "gm.key", "groups": [ { "name": "lights" } ] }' >gm.json
echo "\$ cat gm.json"
cat gm.json
echo "\$ gc-manager -c gm.json --db gm.db --bind 127.0.0.1:$gm_port &"
background gm gc-manager -c gm.json --db gm.db --bind "127.0.0.1:$gm_port" || fail "$(cat gm.err)"
cat gm.err

title "three lamps and the panel join: token, upload, proof of possession both ways, a context file"
for device in hall kitchen stairs panel; do
	role=responder
	[ $device != panel ] || role=requester
	show gc-join --gm "coap://127.0.0.1:$gm_port/ace-group/lights" --as "coap://127.0.0.1:$as_port" --key $device.key --role $role --out $device.json || exit
done
echo "\$ cat as.log gm.log"
cat as.out gm.out
# who joined first does not know yet who came later
for device in hall kitchen stairs; do gc-join creds $device.json >/dev/null || exit; done

serve() { # DEVICE ADDRESS: its process in $last
	background "$1-serve" gc-serve -i lo --bind "$2:$group_port" --group "$group" --leisure 0.3 -g "$1.json" || fail "$(cat "$1-serve.err")"
}
ask() { # OUT
	echo "\$ gc-send -g panel.json -i lo -t 1 --pcap $1.pcap coap://$group/light"
	gc-send -g panel.json -i lo -t 1 --pcap "$1.pcap" "coap://$group/light" 2>&1 | tee "$1.out"
}
serve hall 127.0.0.2
hall=$last
serve kitchen 127.0.0.3
kitchen=$last
serve stairs 127.0.0.4
stairs=$last
title "the lamps answer at 127.0.0.2 to 127.0.0.4; the panel asks them all: three answers, each decrypted, its signature verified"
ask before
answers_before=$(grep -c '2.05 Content' before.out)

title "one lamp watches its membership; the kitchen's is evicted"
echo "\$ gc-join watch kitchen.json &"
: >watch.err
gc-join watch kitchen.json >watch.out 2>watch.err </dev/null &
watch=$!
jobs_of_demo="$jobs_of_demo $watch"
until grep -q ready watch.err; do sleep 0.02; done
cp kitchen.json evicted.json
show gc-manager --db gm.db evict lights kitchen || exit
wait $watch
status_of_watch=$?
cat watch.err
echo "status $status_of_watch"
show gc-manager --db gm.db status

title "the others fetch what is current, and go on"
stop "$hall"
stop "$stairs"
for device in hall stairs panel; do show gc-join rekey $device.json || exit; done
serve hall 127.0.0.2
serve stairs 127.0.0.4

title "the same request: two answers (the kitchen's lamp is still there, with its old keys)"
ask after
answers_after=$(grep -c '2.05 Content' after.out)

title "what the evicted lamp can read of it: nothing"
echo "\$ gc-decode --port $group_port -g kitchen.json.evicted after.pcap"
gc-decode --port "$group_port" -g kitchen.json.evicted after.pcap 2>&1
gc-decode --port "$group_port" --json -g kitchen.json.evicted after.pcap >evicted.out 2>/dev/null
read_by_evicted=$(grep -c '"verified":true' evicted.out)

title "and a member"
echo "\$ gc-decode --port $group_port -g hall.json after.pcap"
gc-decode --port "$group_port" -g hall.json after.pcap
gc-decode --port "$group_port" --json -g hall.json after.pcap >member.out
read_by_member=$(grep -c '"verified":true' member.out)
stop "$kitchen"

title "$answers_before answers before, $answers_after after; the evicted lamp read $read_by_evicted messages, a member $read_by_member"
[ "$answers_before" -eq 3 ] && [ "$answers_after" -eq 2 ] && [ "$status_of_watch" -eq 5 ] && [ "$read_by_evicted" -eq 0 ] && [ "$read_by_member" -eq 3 ]
