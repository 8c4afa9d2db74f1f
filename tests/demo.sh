#!/bin/sh
# The demo: a group of three members on loopback, one multicast request, who answered what and when, and the packets.
# Everything here can be typed by hand; the commands are shown as they run. Status 0 only if three members answered.
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

title() { printf '\n== %s\n' "$1"; }
start() { # a group of three; $1 the port
	gc-serve --members 3 --bind "127.0.0.2$1" --group "224.0.1.187$1" -i lo --leisure 0.5 >"$dir/serve.out" 2>"$dir/serve.err" &
	server=$!
	until grep -q ready "$dir/serve.err"; do
		kill -0 "$server" 2>/dev/null || {
			wait "$server"
			server=
			return 1
		}
		sleep 0.02
	done
}

# 5683 is CoAP's; where something else holds it, another port will do
for port in '' :15683 :25683 ''; do
	start "$port" && break
done
[ -n "$server" ] || {
	cat "$dir/serve.err" >&2
	echo "demo: no group could be started" >&2
	exit 1
}
decode=${port:+--port ${port#:}}

title "a group of three members, 127.0.0.2 to 127.0.0.4, listening on 224.0.1.187"
echo "\$ gc-serve --members 3 --bind 127.0.0.2$port --group 224.0.1.187$port -i lo --leisure 0.5 &"
cat "$dir/serve.err"

title "one request to all of them: who answered, with what, after how long"
echo "\$ gc-send -i lo -n 3 --pcap demo.pcap coap://224.0.1.187$port/hello"
gc-send -i lo -n 3 --pcap "$dir/demo.pcap" "coap://224.0.1.187$port/hello" >"$dir/send.out" 2>"$dir/send.err"
status=$?
cat "$dir/send.out" "$dir/send.err"

title "the same, for a program"
echo "\$ gc-send -i lo -n 3 --json coap://224.0.1.187$port/hello"
gc-send -i lo -n 3 --json "coap://224.0.1.187$port/hello" >"$dir/json" || status=$?
cat "$dir/json"

title "what went over the wire"
echo "\$ gc-decode ${decode:+$decode }demo.pcap"
# shellcheck disable=SC2086 # two words or none
gc-decode $decode "$dir/demo.pcap" >"$dir/decode.out" || status=$?
cat "$dir/decode.out"

# said is not shown: count the different senders
responders=$(sed -n 's/.*"event":"response","from":"\([^"]*\)".*/\1/p' "$dir/json" | sort -u | wc -l)
packets=$(grep -c . "$dir/decode.out")
title "$responders different members answered; $packets messages captured; exit status $status"
[ "$status" -eq 0 ] && [ "$responders" -eq 3 ] && [ "$packets" -ge 4 ]
