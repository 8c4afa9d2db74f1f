#!/bin/sh
# Notifications as multicast responses: a light is watched by three in each of four ways (current format, format of version -05,
# protected with the keys of a group, protected with keys that the server hands out), it changes, and each change is one datagram
# for all who watch, shown by the capture of one of them. The commands are shown as they run. Status 0 only if everybody has seen
# every change, all from the same datagrams.
set -u
: "${BUILD:=build}"
PATH=$(cd "$BUILD" && pwd):$PATH
dir=$(mktemp -d) || exit 4
pids=
finish() {
	for pid in $pids; do
		kill "$pid" 2>/dev/null
		wait "$pid" 2>/dev/null
	done
	rm -rf "$dir"
}
trap finish EXIT
trap 'exit 130' INT TERM
cd "$dir" || exit 4
failed=0

title() { printf '\n== %s\n' "$1"; }

wait_line() { # FILE PATTERN
	n=0
	until grep -q -- "$2" "$1" 2>/dev/null; do
		n=$((n + 1))
		if [ "$n" -gt 500 ]; then
			echo "demo: waited in vain for '$2' in $1" >&2
			cat "$1" >&2
			exit 1
		fi
		sleep 0.02
	done
}

# leg TITLE ADDRESS PORT "SERVER OPTIONS" "CLIENT OPTIONS" "SENDER OPTIONS" "DECODER OPTIONS"
leg() {
	title "$1"
	group=233.252.0.23:$3
	echo "\$ gc-serve -i lo --bind $2 --no-group --notify-interval 0.2 --group-observe $group $4 &"
	# shellcheck disable=SC2086 # lists of words
	gc-serve -i lo --bind "$2" --no-group --notify-interval 0.2 --group-observe "$group" $4 2>"serve$3.err" &
	pids="$pids $!"
	wait_line "serve$3.err" '^ready'
	watchers=
	for i in 1 2 3; do
		file="w$3-$i"
		pcap=
		[ "$i" -gt 1 ] || pcap="--pcap $3.pcap "
		client=$(echo "$5" | sed "s/@/$i/g")
		echo "\$ gc-observe -i lo -n 3 ${pcap}${client:+$client }coap://$2/light &"
		# shellcheck disable=SC2086
		gc-observe -i lo -n 3 $pcap $client "coap://$2/light" >"$file.out" 2>"$file.err" &
		watchers="$watchers $!"
		wait_line "$file.out" .
	done
	for value in on 40; do
		echo "\$ gc-send ${6:+$6 }-p $value coap://$2/light"
		# shellcheck disable=SC2086
		gc-send $6 -p "$value" "coap://$2/light" || failed=1
		for i in 1 2 3; do wait_line "w$3-$i.out" "$value\$"; done
	done
	for pid in $watchers; do wait "$pid" || failed=1; done
	for i in 1 2 3; do
		echo "-- observer $i"
		cat "w$3-$i.out"
		[ "$(grep -c 'by multicast' "w$3-$i.out")" -eq 2 ] || failed=1
	done
	echo "\$ gc-decode ${7:+$7 }-Y 'dst==233.252.0.23' $3.pcap"
	# shellcheck disable=SC2086
	gc-decode $7 -Y 'dst==233.252.0.23' "$3.pcap" >"d$3" || failed=1
	cat "d$3"
	[ "$(wc -l <"d$3")" -eq 2 ] || failed=1
}

title "keys: a group of five, and an OSCORE context for a client of the server that manages a group itself"
echo "\$ gc-keygen group lights --members 5 --out keys"
gc-keygen group lights --members 5 --out keys || exit
secret=$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n')
for i in 1 2 3 4; do
	(
		umask 077
		printf '{ "profile": "oscore", "master_secret": "%s", "id_context": "0%s", "sender": { "id": "0%s" }, "recipients": [ { "id": "00" } ] }\n' \
			"$secret" "$i" "$i" >"client$i.json"
		printf '{ "profile": "oscore", "master_secret": "%s", "id_context": "0%s", "sender": { "id": "00" }, "recipients": [ { "id": "0%s" } ] }\n' \
			"$secret" "$i" "$i" >"server$i.json"
	)
done

leg "the current format: three observers, one datagram a change" 127.0.0.2 61616 "" "" "" ""
leg "the format of version -05" 127.0.0.3 61617 "--omn-format 05" "" "" ""
leg "protected with Group OSCORE: observers are the members 01 to 03, the server is 04, 05 switches the light and decodes" 127.0.0.4 61618 \
	"-g keys/04.json" "-g keys/0@.json" "-g keys/05.json" "-g keys/05.json"
leg "a self-managed group: clients have OSCORE with the server, which hands them the keys of its notifications" 127.0.0.5 61619 \
	"--self-managed -g server1.json -g server2.json -g server3.json -g server4.json" "-g client@.json --save-phantom keys@" "-g client4.json" "--phantom keys1"

title "each change was one datagram to all three; exit status $failed"
[ "$failed" -eq 0 ]
