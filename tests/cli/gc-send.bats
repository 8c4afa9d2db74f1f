#!/usr/bin/env bats
# What gc-send promises: stdout, stderr, exit status. Runs in a network namespace where only lo is (tests/isolate.sh).

setup() {
	SEND=$(realpath "${BUILD:-build}/gc-send")
	SERVE=$(realpath "${BUILD:-build}/gc-serve")
	DIR=$BATS_TEST_TMPDIR
	cd "$DIR" || return 1
	unset XDG_STATE_HOME
	export HOME=$DIR
	pid=
}

teardown() {
	[ -z "$pid" ] || kill "$pid" 2>/dev/null || true
	[ -z "$pid" ] || wait "$pid" 2>/dev/null || true
}

# stdout to $DIR/out, stderr to $DIR/err, status to $status
ask() {
	status=0
	"$SEND" "$@" >"$DIR/out" 2>"$DIR/err" </dev/null || status=$?
}

serve() { # members from 127.0.0.2 on, in the group 224.0.1.187
	"$SERVE" -i lo --bind 127.0.0.2 --group 224.0.1.187 --leisure 0.05 "$@" >"$DIR/serve.out" 2>"$DIR/serve.err" 3>&- &
	pid=$!
	until grep -q '^ready' "$DIR/serve.err"; do
		kill -0 "$pid" || { cat "$DIR/serve.err"; return 1; }
	done
}

libcoap() { # coap-server-notls, on 127.0.0.9
	coap-server-notls -A 127.0.0.9 >"$DIR/coap.out" 2>&1 3>&- &
	pid=$!
	until coap-client-notls -B 1 coap://127.0.0.9/ 2>/dev/null | grep -q test; do
		kill -0 "$pid" || return 1
	done
}

show() { # for a failed test
	echo "status $status"
	echo "--- stdout"; cat "$DIR/out"
	echo "--- stderr"; cat "$DIR/err"
}

# --- known answers ------------------------------------------------------------------------------------------------

# @req A1
@test "dry run: a group request is Non-confirmable, Uri-Path from the URI, nothing else" {
	ask --dry-run --mid 0x1234 --token 0a0b coap://224.0.1.187/light
	show
	[ "$status" -eq 0 ]
	[ "$(cat out)" = 520112340a0bb56c69676874 ]
	[ ! -s err ]
}

@test "dry run: unicast is Confirmable, -N makes it Non-confirmable" {
	ask --dry-run --mid 1 --token '' coap://192.0.2.1
	[ "$(cat out)" = 40010001 ]
	ask --dry-run --mid 1 --token '' -N coap://192.0.2.1
	[ "$(cat out)" = 50010001 ]
}

@test "dry run: method, format, accept, option, query, payload, no-response" {
	ask --dry-run --mid 65535 --token 01 -m put -p on -f text -a cbor -O Max-Age=60 --no-response 2.xx 'coap://192.0.2.1/a/b%20c?x=1&y'
	show
	[ "$status" -eq 0 ]
	# 41 03 ffff 01 | b1 61 | 03 "b c" | 10 | 21 3c | 13 "x=1" | 01 "y" | 21 3c | d1 e4 02 | ff "on"
	[ "$(cat out)" = 4103ffff01b1610362206310213c13783d310179213cd1e402ff6f6e ]
}

@test "dry run: a payload makes it PUT; --hex and @FILE" {
	printf 'x\ny' >body
	ask --dry-run --mid 0 --token '' -p @body coap://192.0.2.1
	[ "$(cat out)" = 40030000ff780a79 ]
	ask --dry-run --mid 0 --token '' -m post --hex '00 ff' coap://192.0.2.1
	[ "$(cat out)" = 40020000ff00ff ]
	ask --dry-run --mid 0 --token '' -f cbor --cbor '{"a": 1}' coap://192.0.2.1
	[ "$(cat out)" = 40030000c13cffa1616101 ]
	status=0
	printf 'in' | "$SEND" --dry-run --mid 0 --token '' -p - coap://192.0.2.1 >out 2>err || status=$?
	[ "$status" -eq 0 ]
	[ "$(cat out)" = 40030000ff696e ]
}

# @req A52
@test "dry run: the zone never goes into Uri-Host, a host name does not need the wire" {
	ask --dry-run --mid 0 --token '' 'coap://[ff02::fd%lo]/x'
	[ "$status" -eq 0 ]
	[ "$(cat out)" = 50010000b178 ]
	ask --dry-run --mid 0 --token '' 'coap://[ff05::fd%25lo]/x'
	[ "$status" -eq 0 ]
	[ "$(cat out)" = 50010000b178 ]
}

@test "dry run: all-coap and JSON" {
	ask --dry-run --mid 0 --token '' --json coap://all-coap/x
	[ "$(cat out)" = '{"event":"dry-run","to":"224.0.1.187:5683","hex":"50010000b178"}' ]
	ask --dry-run --mid 0 --token '' --json -6 coap://all-coap/x
	[ "$(jq -r .to out)" = '[ff02::fd]:5683' ]
	ask --dry-run --mid 0 --token '' --json --scope site coap://all-coap:61616/x
	[ "$(jq -r .to out)" = '[ff05::fd]:61616' ]
}

@test "dry run: fresh Message ID and token each time" {
	ask --dry-run coap://224.0.1.187
	first=$(cat out)
	ask --dry-run coap://224.0.1.187
	[ "$first" != "$(cat out)" ]
}

# --- wrong use ----------------------------------------------------------------------------------------------------

refused() { # status, words that stderr must hold, then the command line
	want=$1 words=$2
	shift 2
	ask "$@"
	show
	[ "$status" -eq "$want" ]
	[ ! -s out ]
	[ "$(wc -l <err)" -eq 1 ]
	grep -q -- '^gc-send: ' err
	grep -qF -- "$words" err
}

@test "a wrong URI is named, with the place" {
	refused 2 'a URI is needed'
	refused 2 'http://x/' http://x/
	refused 2 'hello' hello
	refused 2 'coap://[::1/' 'coap://[::1/'
	refused 2 'coap://192.0.2.1:99999/' coap://192.0.2.1:99999/
	refused 2 'coap://192.0.2.1/%zz' coap://192.0.2.1/%zz
	refused 2 'second' coap://192.0.2.1 coap://192.0.2.2
	refused 2 'coap://0.0.0.0' coap://0.0.0.0
	refused 2 'interface' 'coap://[fe80::1]/'
}

# @req A1 A57
@test "what a group cannot have is refused, with the reason" {
	refused 2 'Non-confirmable' --con coap://224.0.1.187/x
	refused 2 '5684' coap://224.0.1.187:5684/x
	refused 2 'one server' --raw coap://224.0.1.187/x
	head -c 1025 /dev/zero >big
	refused 2 '--each' -p @big coap://224.0.1.187/x
	grep -qF 1025 err
	refused 2 'needs a group' --each coap://192.0.2.1
	refused 2 'needs a group' -n 2 coap://192.0.2.1
}

@test "unknown method, format, option: what is accepted" {
	refused 2 'GET POST PUT DELETE FETCH PATCH iPATCH' -m gett coap://192.0.2.1
	refused 2 'cbor' -f cbro coap://192.0.2.1
	refused 2 '65535' -a 65536 coap://192.0.2.1
	refused 2 'Uri-Path' -O Uri-Pfad=x coap://192.0.2.1
	refused 2 '--block' -O Block2=0/0/16 coap://192.0.2.1
	refused 2 'errors' --no-response maybe coap://192.0.2.1
	refused 2 'unknown option' --nonsense coap://192.0.2.1
	refused 2 'seconds' -t soon coap://192.0.2.1
	refused 2 '512' -b 100 coap://192.0.2.1
	refused 2 'N@SECONDS' --repeat 0 coap://192.0.2.1
}

@test "contradictions are refused" {
	refused 2 '--dry-run' --mid 1 coap://192.0.2.1
	refused 2 '--dry-run' --token 01 coap://192.0.2.1
	refused 2 'exclude' --con --non coap://192.0.2.1
	refused 2 'exclude' -4 -6 coap://192.0.2.1
	refused 2 'already' -p a --hex 00 coap://192.0.2.1
	refused 2 'IPv4' -4 'coap://[::1]'
	refused 2 'payload' -f text coap://192.0.2.1
	refused 2 'Content-Format: ' -p x -f text -O Content-Format=60 coap://192.0.2.1
	refused 2 'Max-Age: ' -O Max-Age=1 -O Max-Age=2 coap://192.0.2.1
	refused 2 'GET or FETCH' -m put --observe coap://192.0.2.1
}

@test "bad payload: status 3, file and reason" {
	refused 3 'nofile: No such file' -p @nofile coap://192.0.2.1
	refused 3 'hexadecimal digit' --hex 0g coap://192.0.2.1
	refused 3 'at character' --cbor '[1, 2' coap://192.0.2.1
	printf '00\n0' >odd
	refused 3 'odd: ' --hex @odd coap://192.0.2.1
	refused 3 'roster.txt:1' --roster <(:) coap://224.0.1.187 || true
	echo lamp >roster.txt
	refused 3 'roster.txt:1' --roster roster.txt coap://224.0.1.187
}

@test "system: no interface, no route, no name, own port in use, no permission: status 4" {
	refused 4 "no interface 'eth77' (up: lo" -i eth77 coap://224.0.1.187
	refused 4 "no interface 'eth77'" 'coap://[ff02::fd%eth77]'
	refused 4 'name.invalid' coap://name.invalid/
	refused 4 '/proc/nothing' --pcap /proc/nothing coap://127.0.0.1
	refused 4 'out' --out /proc/nothing coap://127.0.0.1
	serve --members 1
	refused 4 'own port' --port 5683 -t 1 coap://127.0.0.2/hello
}

@test "multicast without a route is explained" {
	ask -t 0.2 coap://224.0.1.187/hello
	show
	[ "$status" -eq 4 ]
	grep -q 'no route for multicast; name the interface with -i (up: lo' err
}

# --- one server ---------------------------------------------------------------------------------------------------

@test "a unicast answer is one line: who, code, time, payload" {
	serve --members 1
	ask coap://127.0.0.2/hello
	show
	[ "$status" -eq 0 ]
	[ "$(wc -l <out)" -eq 1 ]
	grep -qE '^127\.0\.0\.2:5683  2\.05 Content  [0-9]+\.[0-9] ms  ' out
	[ ! -s err ]
}

@test "JSON of a response and of the summary" {
	serve --members 1
	ask --json coap://127.0.0.2/hello
	show
	[ "$status" -eq 0 ]
	[ "$(jq -r 'select(.event=="response") | [.from, .code, (.rtt_ms|type), (.payload.text|type), .options[-1].name] | join(" ")' out)" = "127.0.0.2:5683 2.05 number string Content-Format" ]
	[ "$(jq -c 'select(.event=="summary") | del(.elapsed_ms)' out)" = '{"event":"summary","responses":1,"responders":1,"failed":0}' ]
}

@test "an error code is status 1 and shown" {
	serve --members 1
	ask coap://127.0.0.2/nothing
	show
	[ "$status" -eq 1 ]
	grep -q '4\.04 Not Found' out
}

@test "nobody there: status 1, at once where the system knows" {
	ask -t 0.3 coap://127.0.0.77/hello
	show
	[ "$status" -eq 1 ]
	[ ! -s out ]
	grep -qE 'refused|no answer' err
}

@test "nobody answers within -t: status 1" {
	# a socket that swallows
	perl -MIO::Socket::INET -e '
		my $socket = IO::Socket::INET->new(Proto => "udp", LocalAddr => "127.0.0.5", LocalPort => 5683) or die;
		open(my $mark, ">", "bound"); close($mark);
		recv($socket, my $data, 1500, 0) while 1' 3>&- &
	pid=$!
	until [ -e bound ]; do :; done
	ask -t 0.3 coap://127.0.0.5/hello
	show
	[ "$status" -eq 1 ]
	grep -q 'no answer' err
	ask -N -t 0.3 --json coap://127.0.0.5/hello
	[ "$status" -eq 1 ]
	[ "$(jq -r .responses out)" = 0 ]
}

@test "a name with two addresses: the second is asked where nobody is at the first" {
	serve --members 1
	printf '::1 twofold\n127.0.0.2 twofold\n' >hosts
	flags=-m
	[ "$(id -u)" -eq 0 ] || flags=-rm
	status=0
	# in a chroot / is no mount point, which unshare insists on and mount tells: then the mount is taken back by hand
	unshare --propagation unchanged "$flags" sh -c 'mount --make-rprivate / 2>/dev/null
		mount --bind hosts /etc/hosts || exit 99
		status=0; "$@" || status=$?
		umount /etc/hosts
		exit $status' sh "$SEND" -v coap://twofold/hello >out 2>err || status=$?
	show
	[ "$status" -eq 0 ]
	grep -q '^127\.0\.0\.2:5683  2\.05' out
	grep -q '2 of them tried in turn' err
	grep -qF '[::1]:5683: Connection refused' err
	ask --dry-run --mid 0 --token '' -4 coap://localhost/x
	[ "$(cat out)" = 40010000396c6f63616c686f73748178 ] # Uri-Host: localhost
}

@test "PUT and GET it back; a large body whole" {
	serve --members 1
	ask -m put -p 70 coap://127.0.0.2/light
	show
	[ "$status" -eq 0 ]
	grep -q '2\.04 Changed' out
	ask --raw coap://127.0.0.2/light
	[ "$(cat out)" = 70 ]
	ask --raw coap://127.0.0.2/large
	[ "$status" -eq 0 ]
	[ "$(wc -c <out)" -eq 2048 ]
	ask --json -b 64 coap://127.0.0.2/large
	[ "$(jq 'select(.event=="response").blocks' out)" -eq 32 ]
}

@test "libcoap's server: Confirmable, Non-confirmable, block-wise down and up" {
	libcoap
	ask coap://127.0.0.9/
	show
	[ "$status" -eq 0 ]
	grep -q 'This is a test server' out
	ask -N coap://127.0.0.9/
	[ "$status" -eq 0 ]
	ask --raw -t 5 coap://127.0.0.9/example_data
	[ "$status" -eq 0 ]
	[ "$(wc -c <out)" -gt 1024 ]
	head -c 1900 /dev/zero | tr '\0' 'x' >big
	ask -m put -p @big coap://127.0.0.9/example_data
	show
	[ "$status" -eq 0 ]
	ask --raw coap://127.0.0.9/example_data
	cmp out big
	ask coap://127.0.0.9/nosuch
	[ "$status" -eq 1 ]
}

@test "an answer of several lines stays one line where stdout is no terminal" {
	serve --members 1 --resource "poem=one
two"
	ask coap://127.0.0.2/poem
	[ "$(wc -l <out)" -eq 1 ]
	grep -qF 'one\ntwo' out
}

@test "text from peers is made printable" {
	serve --members 1 --resource "evil=$(printf 'a\033[31mb')"
	ask coap://127.0.0.2/evil
	if grep -q "$(printf '\033')" out; then false; fi
	ask --json coap://127.0.0.2/evil
	if grep -q "$(printf '\033')" out; then false; fi
	[ "$status" -eq 0 ]
}

# --- a group ------------------------------------------------------------------------------------------------------

# @req A7 A10 A11
@test "every member of a group is told apart; -n ends early" {
	serve --members 3
	ask -i lo -n 3 -t 10 coap://224.0.1.187/hello
	show
	[ "$status" -eq 0 ]
	[ "$(cut -d' ' -f1 out | sort | tr '\n' ' ')" = "127.0.0.2:5683 127.0.0.3:5683 127.0.0.4:5683 " ]
	grep -q '^gc-send: 3 responses from 3 responders in [0-2]\.' err
	ask -q -i lo -n 3 coap://all-coap/hello
	[ "$status" -eq 0 ]
	[ ! -s err ]
}

@test "fewer than expected: status 1" {
	serve --members 2
	ask -i lo -n 3 -t 0.6 coap://224.0.1.187/hello
	show
	[ "$status" -eq 1 ]
	[ "$(wc -l <out)" -eq 2 ]
	grep -q '2 of 3 expected' err
}

@test "nobody in the group: status 1, and where the request went" {
	ask -i lo -t 0.2 coap://224.0.1.187/hello
	show
	[ "$status" -eq 1 ]
	grep -q 'nobody answered' err
	grep -q 'by interface lo' err
}

@test "roster: whole at once, or who is missing by name" {
	serve --members 2
	printf '127.0.0.2 hall\n127.0.0.3:5683 # cellar\n' >two
	ask -i lo -t 10 --roster two coap://224.0.1.187/hello
	show
	[ "$status" -eq 0 ]
	printf '127.0.0.9 attic room\n' >>two
	ask -i lo -t 0.6 --roster two coap://224.0.1.187/hello
	show
	[ "$status" -eq 1 ]
	grep -q 'no answer from 127.0.0.9 attic room' err
	ask --json -i lo -t 0.6 --roster two coap://224.0.1.187/hello
	[ "$(jq -c 'select(.event=="missing")' out)" = '{"event":"missing","from":"127.0.0.9","name":"attic room"}' ]
	[ "$(jq 'select(.event=="summary").missing' out)" -eq 1 ]
}

# @req A18
@test "--repeat: members answer each new Message ID" {
	serve --members 2
	ask --json -i lo -t 1 --repeat 2@0.2 coap://224.0.1.187/hello
	show
	[ "$status" -eq 0 ]
	[ "$(jq 'select(.event=="summary").responders' out)" -eq 2 ]
	[ "$(jq 'select(.event=="summary").responses' out)" -gt 2 ]
}

@test "--out: a file for each, never over another one without --force" {
	serve --members 2
	ask -i lo -n 2 --out bodies coap://224.0.1.187/large
	show
	[ "$status" -eq 0 ]
	[ "$(find bodies -type f | sort | tr '\n' ' ')" = "bodies/127.0.0.2_5683 bodies/127.0.0.3_5683 " ]
	[ "$(wc -c <bodies/127.0.0.2_5683)" -eq 2048 ]
	ask -i lo -n 2 --out bodies coap://224.0.1.187/hello
	[ "$status" -eq 4 ]
	grep -q 'exists (--force overwrites)' err
	ask --json -i lo -n 2 --out bodies --force coap://224.0.1.187/hello
	[ "$status" -eq 0 ]
	[ "$(jq -r 'select(.event=="response").file' out | sort | head -1)" = 127.0.0.2_5683 ]
}

@test "--each: a large body to every member, found by multicast or named by the roster" {
	serve --members 3 --resource store=
	head -c 1900 /dev/zero | tr '\0' 'y' >big
	ask -i lo -t 0.6 --each -p @big coap://224.0.1.187/store
	show
	[ "$status" -eq 0 ]
	[ "$(grep -c '2\.04' out)" -eq 3 ]
	for member in 2 3 4; do
		ask --raw coap://127.0.0.$member/store
		cmp out big
	done
	printf '127.0.0.2\n127.0.0.4\n' >roster
	ask --each --roster roster -m put -p small coap://224.0.1.187/store
	[ "$status" -eq 0 ]
	[ "$(wc -l <out)" -eq 2 ]
	ask --raw coap://127.0.0.3/store
	cmp out big
}

@test "--no-response: silence is what was asked for" {
	serve --members 1
	ask -N -t 0.3 --no-response all -m put -p 5 coap://127.0.0.2/light
	show
	[ "$status" -eq 0 ]
	[ ! -s out ]
	ask --raw coap://127.0.0.2/light
	[ "$(cat out)" = 5 ]
}

@test "--observe: notifications until -t" {
	serve --members 1 --tick 0.1
	ask --json --observe -t 1 coap://127.0.0.2/time
	show
	[ "$status" -eq 0 ]
	[ "$(grep -c '"event":"notification"' out)" -ge 3 ]
	[ "$(jq -s '[.[] | select(.event=="notification").observe] | . == sort' out)" = true ]
}

# --- streams ------------------------------------------------------------------------------------------------------

@test "closed stdout: quiet, status 4; full disk: said, status 4" {
	serve --members 1
	status=0
	"$SEND" coap://127.0.0.2/hello >/dev/full 2>err || status=$?
	[ "$status" -eq 4 ]
	grep -q 'No space left' err
	status=0
	{ "$SEND" --repeat 1@0.1 coap://127.0.0.2/hello 2>err || echo $? >code; } | :
	[ "$(cat code)" -eq 4 ] || [ ! -e code ]
	[ ! -s err ]
}

@test "standard streams that were closed: no socket in their place; stdout: status 4" {
	serve --members 1
	status=0
	"$SEND" coap://127.0.0.2/hello >&- 2>err || status=$?
	[ "$status" -eq 4 ]
	grep -q '^gc-send: standard output: ' err
	status=0
	"$SEND" -vv coap://127.0.0.2/hello <&- 2>&- >out || status=$?
	[ "$status" -eq 0 ]
	grep -q '2\.05' out
	status=0
	"$SEND" --help >&- 2>err || status=$?
	[ "$status" -eq 4 ]
}

@test "a pipe that is closed: status 4 without a word" {
	serve --members 1
	"$SEND" --observe -t 20 coap://127.0.0.2/time 2>err 3>&- > >(read -r _) &
	sender=$!
	code=0
	wait "$sender" || code=$?
	[ "$code" -eq 4 ]
	[ ! -s err ]
}

@test "SIGINT: summary, and the status as if the time had run out" {
	serve --members 2
	"$SEND" --json -i lo -t 60 coap://224.0.1.187/hello >out 2>err 3>&- &
	sender=$!
	until [ "$(grep -c response out)" -eq 2 ]; do :; done
	kill -INT "$sender"
	code=0
	wait "$sender" || code=$?
	cat out err
	[ "$code" -eq 0 ]
	[ "$(jq 'select(.event=="summary").responders' out)" -eq 2 ]
	"$SEND" -i lo -t 60 -n 3 coap://224.0.1.187/hello >out 2>err 3>&- &
	sender=$!
	until [ "$(wc -l <out)" -eq 2 ]; do :; done
	kill -TERM "$sender"
	code=0
	wait "$sender" || code=$?
	[ "$code" -eq 1 ]
	grep -q '2 responses from 2 responders' err
}

@test "--pcap: what was sent and received, for tshark" {
	serve --members 2
	ask -i lo -n 2 --pcap x.pcap coap://224.0.1.187/hello
	[ "$status" -eq 0 ]
	[ "$(tshark -r x.pcap -T fields -e coap.code 2>/dev/null | sort | tr '\n' ' ')" = "1 69 69 " ]
	[ "$(tshark -r x.pcap -T fields -e ip.dst 2>/dev/null | head -1)" = 224.0.1.187 ]
}

@test "-v says what happens, -vv shows messages, -vvv hex; all on stderr" {
	serve --members 1
	ask -v coap://127.0.0.2/hello
	grep -q 'GET to 127.0.0.2:5683' err
	ask -vv coap://127.0.0.2/hello
	grep -q '^> 127.0.0.2:5683 CON GET mid=' err
	grep -q '^< 127.0.0.2:5683 ACK 2.05 mid=' err
	ask -vvv coap://127.0.0.2/hello
	grep -q '^  0000  4' err
	[ "$(wc -l <out)" -eq 1 ]
}

@test "--help and --version: stdout, status 0" {
	ask --help
	[ "$status" -eq 0 ]
	grep -q -- '--no-response' out
	[ ! -s err ]
	ask --version
	[ "$status" -eq 0 ]
	grep -q '^gc-send' out
}

# --- the shell ----------------------------------------------------------------------------------------------------

@test "shell over a pipe: target, requests, paths, comments; the highest status" {
	serve --members 1
	status=0
	"$SEND" --shell >out 2>err <<-'END' || status=$?
		# a comment
		target coap://127.0.0.2
		get /hello
		put light -p '42'
		get light --json
		discover -q
		paths
		quit
		get /never
	END
	show
	[ "$status" -eq 0 ]
	grep -q '2\.04 Changed' out
	grep -q '"text":"42"' out
	grep -qx '/light' out
	if grep -q never out; then false; fi
}

@test "shell over a pipe: what is wrong is named, the rest still runs" {
	serve --members 1
	status=0
	printf '%s\n' 'nonsense' 'get /hello -m' 'get /hello --nope' "get 'x" 'get /hello' | "$SEND" --shell coap://127.0.0.2 >out 2>err || status=$?
	show
	[ "$status" -eq 2 ]
	[ "$(wc -l <err)" -eq 4 ]
	grep -q "nonsense: no such command" err
	grep -q '2\.05' out
}

@test "shell without target; stdin cannot be a payload" {
	status=0
	printf 'get /x\n' | "$SEND" --shell >out 2>err || status=$?
	[ "$status" -eq 2 ]
	grep -q 'no target yet' err
	status=0
	printf 'put /x -p -\n' | "$SEND" --shell coap://127.0.0.2 >out 2>err || status=$?
	[ "$status" -eq 2 ]
}

# a shell on a pseudo-terminal; keys go to descriptor 9, the screen is in $DIR/screen
on_terminal() {
	mkfifo keys
	TERM=xterm script -qefc "$SEND $*" screen <keys >/dev/null 2>&1 3>&- &
	shell=$!
	exec 9>keys
}

screen_shows() {
	for _ in $(seq 5000); do
		if grep -qF -- "$1" screen 2>/dev/null; then return 0; fi
	done
	cat -v screen
	return 1
}

prompts() { # so many times the prompt stands on the screen: Ctrl-C drops what was typed behind it
	for _ in $(seq 5000); do
		if [ "$(grep -oF 'coap://127.0.0.2> ' screen | wc -l)" -ge "$1" ]; then return 0; fi
	done
	cat -v screen
	return 1
}

@test "shell on a terminal: prompt, completion of commands, learned paths and formats, Ctrl-C, history" {
	serve --members 1 --tick 0.1
	on_terminal --shell coap://127.0.0.2
	screen_shows 'coap://127.0.0.2> '
	printf 'disc\t\n' >&9
	screen_shows '</hello>'
	printf 'get /hel\t\n' >&9
	screen_shows 'hello from'
	printf 'get / -a cb\t\t' >&9
	screen_shows 'cbor-seq'
	prompts 4
	printf '\003' >&9
	prompts 5
	printf 'observe /time\n' >&9
	screen_shows 's  observe '
	printf '\003' >&9
	prompts 6
	printf 'quit\n' >&9
	exec 9>&-
	code=0
	wait "$shell" || code=$?
	[ "$code" -eq 0 ]
	[ "$(stat -c %a .local/state/groupcoap/history)" = 600 ]
	grep -q '^observe' .local/state/groupcoap/history
}

@test "shell on a terminal: no URI starts it, Ctrl-D ends it, XDG_STATE_HOME is obeyed" {
	export XDG_STATE_HOME=$DIR/state
	on_terminal
	screen_shows 'gc-send> '
	printf 'target coap://127.0.0.2\n' >&9
	screen_shows 'coap://127.0.0.2> '
	printf '\004' >&9
	exec 9>&-
	code=0
	wait "$shell" || code=$?
	[ "$code" -eq 0 ]
	grep -q target state/groupcoap/history
}

@test "on a terminal: links and texts of several lines stand below their header, NO_COLOR is obeyed" {
	serve --members 1 --resource "poem=one
two"
	NO_COLOR=1 TERM=xterm script -qefc "$SEND coap://127.0.0.2/poem" screen </dev/null >/dev/null 2>&1
	grep -q '^  two' screen
	if grep -q "$(printf '\033')\[3" screen; then false; fi
	TERM=xterm script -qefc "$SEND coap://127.0.0.2/.well-known/core" screen </dev/null >/dev/null 2>&1
	grep -q '^  </poem>' screen
	grep -q "$(printf '\033')\[3" screen
}

@test "progress: on a terminal only, gone at the end, not with -q" {
	TERM=xterm script -qefc "$SEND -i lo -t 0.6 coap://224.0.1.187/x" screen </dev/null >/dev/null 2>&1 || true
	grep -q '0 responders, 0 s' screen
	TERM=xterm script -qefc "$SEND -q -i lo -t 0.6 coap://224.0.1.187/x" screen </dev/null >/dev/null 2>&1 || true
	if grep -q responders, screen; then false; fi
	ask -i lo -t 0.6 coap://224.0.1.187/x
	if grep -q 'responders, ' err; then false; fi
}
