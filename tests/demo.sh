#!/bin/sh
# The demo: keys for a group of four, three of them members on loopback, one protected multicast request, who answered what
# and when, verified; and the packets, without the keys and with them. Everything here can be typed by hand; the commands
# are shown as they run. Status 0 only if three members answered and each message of the capture was verified.
set -u
: "${BUILD:=build}"
PATH=$(cd "$BUILD" && pwd):$PATH
dir=$(mktemp -d) || exit 4
server=
finish() {
	if [ -n "$server" ]; then
		kill "$server" 2>/dev/null
		wait "$server" 2>/dev/null
	fi
	rm -rf "$dir"
}
trap finish EXIT
trap 'exit 130' INT TERM
cd "$dir" || exit 4

title() { printf '\n== %s\n' "$1"; }
start() { # members 02 to 04 of the group; $1 the port
	gc-serve --members 3 --bind "127.0.0.2$1" --group "224.0.1.187$1" -i lo --leisure 0.5 \
		-g lights/02.json -g lights/03.json -g lights/04.json >serve.out 2>serve.err &
	server=$!
	until grep -q ready serve.err; do
		kill -0 "$server" 2>/dev/null || {
			wait "$server"
			server=
			return 1
		}
		sleep 0.02
	done
}

title "keys for a group: a file for each member, who knows the credentials of the others"
echo "\$ gc-keygen group lights --members 4 --out lights"
gc-keygen group lights --members 4 --out lights || exit
ls -l lights

# 5683 is CoAP's; where something else holds it, another port will do
for port in '' :15683 :25683 ''; do
	start "$port" && break
done
[ -n "$server" ] || {
	cat serve.err >&2
	echo "demo: no group could be started" >&2
	exit 1
}
decode=${port:+--port ${port#:}}

title "members 02 to 04, at 127.0.0.2 to 127.0.0.4, listening on 224.0.1.187"
echo "\$ gc-serve --members 3 --bind 127.0.0.2$port --group 224.0.1.187$port -i lo --leisure 0.5 \\"
echo "    -g lights/02.json -g lights/03.json -g lights/04.json &"
cat serve.err

title "member 01 asks them all: who answered, with what, after how long; decrypted, and each countersignature verified"
echo "\$ gc-send -g lights/01.json -i lo --roster members --pcap demo.pcap coap://224.0.1.187$port/hello"
gc-send -g lights/01.json -i lo --roster members --pcap demo.pcap "coap://224.0.1.187$port/hello" >send.out 2>send.err
status=$?
cat send.out send.err

title "the same, for a program"
echo "\$ gc-send -g lights/01.json -i lo --roster members --json coap://224.0.1.187$port/hello"
gc-send -g lights/01.json -i lo --roster members --json "coap://224.0.1.187$port/hello" >json || status=$?
cat json

title "somebody without keys gets nothing (status 1 is right here)"
echo "\$ gc-send -i lo -t 0.7 coap://224.0.1.187$port/hello"
gc-send -i lo -t 0.7 "coap://224.0.1.187$port/hello" 2>&1 && status=1

title "what went over the wire: outer codes, and nothing that can be read"
echo "\$ gc-decode ${decode:+$decode }demo.pcap"
# shellcheck disable=SC2086 # two words or none
gc-decode $decode demo.pcap >decode.out || status=$?
cat decode.out

title "with the keys of a member"
echo "\$ gc-decode ${decode:+$decode }-g lights/02.json demo.pcap"
# shellcheck disable=SC2086
gc-decode $decode -g lights/02.json demo.pcap >decoded.out || status=$?
cat decoded.out

# said is not shown: count the different members whose answers verified, and the messages that did
members=$(sed -n 's/.*"event":"response".*"kid":"\([^"]*\)".*"verified":true.*/\1/p' json | sort -u | wc -l)
# shellcheck disable=SC2086
verified=$(gc-decode $decode --json -g lights/02.json demo.pcap | grep -c '"verified":true')
title "$members different members answered; $verified messages of the capture verified; exit status $status"
[ "$status" -eq 0 ] && [ "$members" -eq 3 ] && [ "$verified" -eq 4 ] && ! grep -q hello decode.out && grep -q hello decoded.out
