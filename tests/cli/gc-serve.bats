#!/usr/bin/env bats
# What gc-serve promises: stdout, stderr, exit status. Runs in a network namespace where only lo is (tests/isolate.sh);
# asked by libcoap's client. Several hosts: tests/net/serve.bats.

setup() {
	SERVE=$BATS_TEST_DIRNAME/../../${BUILD:-build}/gc-serve
	DECODE=$BATS_TEST_DIRNAME/../../${BUILD:-build}/gc-decode
	cd "$BATS_TEST_TMPDIR" || return 1
	pid=
	# coap-client takes its interface from the routes
	if [ "$(ip -o link | wc -l)" -eq 1 ]; then
		ip route replace 224.0.0.0/4 dev lo
		ip link set lo multicast on
		ip -6 route replace local ff00::/8 dev lo
	fi
}

teardown() {
	[ -z "$pid" ] || kill "$pid" 2>/dev/null || true
	[ -z "$pid" ] || wait "$pid" 2>/dev/null || true
}

# wrong or short runs: stdout to out, stderr to err, status to $status
run_serve() {
	status=0
	timeout 20 "$SERVE" "$@" >out 2>err </dev/null || status=$?
	echo "status $status"
	cat out err
}

start() { # one in the background, ready
	: >serve.err # not the one of a server before
	"$SERVE" "$@" >serve.out 2>serve.err 3>&- &
	pid=$!
	until grep -q '^ready' serve.err; do
		kill -0 "$pid" || { cat serve.err; return 1; }
	done
}

members() { # three of them, from 127.0.0.2 on, on all CoAP nodes
	start -i lo --bind 127.0.0.2 --members 3 --group 224.0.1.187 --leisure 0.05 "$@"
}

stop() { # end it by a signal; its status to $status
	kill -"${1:-TERM}" "$pid"
	status=0
	wait "$pid" || status=$?
	pid=
}

client() {
	timeout 20 coap-client-notls "$@" 2>client.err
}

# --- command line ---------------------------------------------------------------------------------------------------

@test "help goes to stdout, status 0, and names every option" {
	run_serve --help
	[ "$status" -eq 0 ]
	[ ! -s err ]
	for option in group no-group bind members resource link large tick leisure suppress amplification echo block con-every time count; do
		grep -q -- "--$option" out
	done
}

@test "wrong use: one line on stderr, status 2, nothing on stdout" {
	while IFS='|' read -r arguments expected; do
		eval "run_serve $arguments"
		[ "$status" -eq 2 ]
		[ ! -s out ]
		[ "$(wc -l <err)" -eq 1 ]
		grep -q "^gc-serve: .*$expected" err
	done <<'TABLE'
--nosuch|nosuch
extra|unexpected argument: extra
--members 0|from 1
--members 3|needs --bind
--members 2 --bind 0.0.0.0|address of its own
--members x|members x
--group 192.0.2.1|not a multicast address
--group nonsense|nonsense
--group '[ff02::fd%nosuch]'|no interface
--group ff05::fd --bind 127.0.0.2|family
--group 224.0.1.187 --no-group|contradict
--bind 224.0.1.187|--group is for those
--bind 127.0.0.2 --bind 127.0.0.3|one address of each family
--bind 127.0.0.2:99999|99999
--leisure -1|leisure
--leisure abc|leisure
--tick 0|above 0
--block 48|accepted are 16
--suppress 3.xx|accepted are none
--amplification many|amplification
--con-every 0|con-every
--large 65537|65536
--count 0|count
--bind 127.0.0.2 --resource x|PATH=VALUE
--bind 127.0.0.2 --resource light=x|already
--bind 127.0.0.2 --resource 'a//b=x'|segment
--bind 127.0.0.2 --resource 'x=y;ct=nosuch'|no such content format
--bind 127.0.0.2 --link light|absolute URI
TABLE
}

# @req A57
@test "port 5684 is refused for a group, status 2" {
	run_serve --bind 127.0.0.2 --group 224.0.1.187:5684
	[ "$status" -eq 2 ]
	grep -q 5684 err
}

@test "what the system refuses: one line that explains, status 4" {
	run_serve -i nosuch0 -t 0.1
	[ "$status" -eq 4 ]
	[ "$(cat err)" = "gc-serve: no such interface: nosuch0 (up: lo)" ]
	run_serve --bind 192.0.2.77 -t 0.1
	[ "$status" -eq 4 ]
	grep -q 'does not have that address' err
	members
	run_serve --bind 127.0.0.3 -t 0.1
	[ "$status" -eq 4 ]
	grep -q '127.0.0.3:5683.*another program' err
	ip route del 224.0.0.0/4 dev lo
	run_serve --bind 127.0.0.9 --group 224.0.1.187 -t 0.1
	[ "$status" -eq 4 ]
	grep -q 'cannot join 224.0.1.187: .*route.*-i' err
	[ "$(wc -l <err)" -eq 1 ]
}

@test "a file that cannot be read is status 3, one that cannot be written status 4" {
	run_serve --bind 127.0.0.2 --resource x=@nosuchfile
	[ "$status" -eq 3 ]
	grep -q nosuchfile err
	head -c 65537 /dev/zero >long
	run_serve --bind 127.0.0.2 --resource x=@long
	[ "$status" -eq 3 ]
	run_serve --bind 127.0.0.2 -t 0.1 --pcap nosuchdir/x.pcap
	[ "$status" -eq 4 ]
	grep -q nosuchdir err
	status=0
	"$SERVE" --bind 127.0.0.2 -t 0.1 --json >/dev/full 2>err || status=$?
	[ "$status" -eq 4 ]
	grep -q 'No space left' err
}

@test "ends by itself after --time, by SIGTERM and by SIGINT, status 0" {
	run_serve --bind 127.0.0.2 -t 0.2
	[ "$status" -eq 0 ]
	[ "$(cat err)" = ready ]
	[ ! -s out ]
	for signal in TERM INT; do
		set -m # a job in the background ignores SIGINT otherwise
		start --bind 127.0.0.2 -v
		set +m
		stop "$signal"
		[ "$status" -eq 0 ]
		grep -q '0 requests received' serve.err
	done
}

@test "ends after --count requests, once they are answered" {
	members --count 2
	client coap://127.0.0.2/hello
	client -N -B 1 coap://224.0.1.187/hello >answers
	status=0
	wait "$pid" || status=$?
	pid=
	[ "$status" -eq 0 ]
	[ "$(grep -o hello answers | wc -l)" -eq 3 ]
}

# --- resources, asked by libcoap --------------------------------------------------------------------------------------

@test "hello, time and light by unicast" {
	members
	[ "$(client coap://127.0.0.3/hello)" = "hello from 127.0.0.3" ]
	client coap://127.0.0.3/time | grep -Eqx '20[0-9]{2}-[01][0-9]-[0-3][0-9]T[0-2][0-9]:[0-5][0-9]:[0-6][0-9]Z'
	[ "$(client coap://127.0.0.3/light)" = off ]
	for value in on 42 off 0 100; do
		client -m put -e "$value" coap://127.0.0.3/light
		expected=$value
		[ "$value" != 0 ] || expected=off
		[ "$value" != 100 ] || expected=on
		[ "$(client coap://127.0.0.3/light)" = "$expected" ]
	done
	[ "$(client coap://127.0.0.4/light)" = off ] # each member has its own
	for value in 101 -1 onn '' 1000000000000; do
		client -m put -e "$value" coap://127.0.0.3/light || true
		grep -q '4.00' client.err
	done
	[ "$(client coap://127.0.0.3/light)" = on ]
}

@test "errors reach a unicast client" {
	members
	client coap://127.0.0.2/nosuch || true
	grep -q '4.04' client.err
	client -m delete coap://127.0.0.2/light || true
	grep -q '4.05' client.err
	client -A 50 coap://127.0.0.2/light || true
	grep -q '4.06' client.err
	client -t 50 -m put -e on coap://127.0.0.2/light || true
	grep -q '4.15' client.err
	client -O 2049,x coap://127.0.0.2/light || true
	grep -q '4.02' client.err
	client -O 9,x coap://127.0.0.2/light || true
	grep -q '4.02' client.err
	client -O 35,coap://x/ coap://127.0.0.2/light || true
	grep -q '5.05' client.err
}

# @req A93
@test "a large body is the same in blocks of any size, and differs between members" {
	members --large 5000
	client -o whole coap://127.0.0.2/large
	[ "$(wc -c <whole)" -eq 5000 ]
	head -n 1 whole | grep -q '^00000 127.0.0.2 \.*$'
	for size in 16 64 256 1024; do
		client -b "$size" -o part coap://127.0.0.2/large
		cmp whole part
	done
	client -o other coap://127.0.0.3/large
	run cmp -s whole other
	[ "$status" -eq 1 ]
}

@test "own resources: value, content format, file, PUT block-wise, each member its own" {
	printf 'from a file' >value
	members --resource 'temp=21.5;obs;ct=json' --resource 'dir/file=@value' --resource 'semi=a;b=c'
	[ "$(client coap://127.0.0.2/temp)" = 21.5 ]
	[ "$(client coap://127.0.0.2/dir/file)" = 'from a file' ]
	[ "$(client coap://127.0.0.2/semi)" = 'a;b=c' ]
	client coap://127.0.0.2/.well-known/core >core
	grep -q '</temp>;ct=50;obs' core
	grep -q '</dir/file>;ct=0' core
	head -c 3000 /dev/urandom | od -An -tx1 >body
	client -m put -t 0 -f body coap://127.0.0.3/dir/file
	client -o back coap://127.0.0.3/dir/file
	cmp body back
	[ "$(client coap://127.0.0.2/dir/file)" = 'from a file' ]
}

@test "observe: /time ticks while somebody watches, /light when it changes" {
	members --tick 0.1 --json
	client -s 2 -N coap://127.0.0.2/time >ticks
	[ "$(grep -o Z ticks | wc -l)" -ge 4 ]
	timeout 20 coap-client-notls -s 3 coap://127.0.0.3/light >light 2>/dev/null &
	watcher=$!
	until grep -q '"path":"/light"' serve.out; do :; done
	client -m put -e 77 coap://127.0.0.3/light
	wait "$watcher"
	grep -q '^off.*77' light
}

# @req A64 A65
@test "discovery: all, filtered, and the group's own link" {
	members --link 'coap://[ff35:30:2001:db8::1]/gp/room;rt=g.light'
	[ "$(client coap://127.0.0.2/.well-known/core)" = '</hello>;ct=0,</time>;ct=0;obs,</light>;rt="light";ct=0;obs,</large>;ct=0;sz=2048,<coap://[ff35:30:2001:db8::1]/gp/room>;rt="g.light"' ]
	[ "$(client 'coap://127.0.0.2/.well-known/core?rt=light')" = '</light>;rt="light";ct=0;obs' ]
	[ "$(client 'coap://127.0.0.2/.well-known/core?rt=g.*')" = '<coap://[ff35:30:2001:db8::1]/gp/room>;rt="g.light"' ]
	[ "$(client -N -B 1 'coap://224.0.1.187/.well-known/core?rt=g.*' | grep -o 'g.light' | wc -l)" -eq 3 ]
	[ -z "$(client -N -B 1 'coap://224.0.1.187/.well-known/core?rt=nothing')" ] # @req A32
}

# --- groups -----------------------------------------------------------------------------------------------------------

# @req A2 A30
@test "a group request: every member answers, errors are kept back" {
	members
	client -N -w -B 1 coap://224.0.1.187/hello | sort >answers
	printf 'hello from 127.0.0.%s\n' 2 3 4 >expected
	diff expected <(grep . answers)
	[ -z "$(client -N -B 1 coap://224.0.1.187/nosuch; cat client.err)" ]
	client -N -B 1 -m put -e 30 coap://224.0.1.187/light
	for host in 2 3 4; do
		[ "$(client coap://127.0.0.$host/light)" = 30 ]
	done
}

# @req A31
@test "--suppress changes what is kept back" {
	members --suppress none
	client -N -B 1 coap://224.0.1.187/nosuch || true
	[ "$(grep -c '4.04' client.err)" -eq 3 ]
	client -N -B 1 -m delete coap://224.0.1.187/light || true
	[ "$(grep -c '4.05' client.err)" -eq 3 ]
	stop
	members --suppress 2.xx,errors
	[ -z "$(client -N -B 1 coap://224.0.1.187/hello; cat client.err)" ]
}

# @req A56
@test "another port, several groups, several servers on one host" {
	start -i lo --bind 127.0.0.2:7000 --group 224.0.1.187:7001 --group 239.1.2.3:7000 --leisure 0
	first=$pid
	cp serve.err first.err
	start -i lo --bind 127.0.0.3:7000 --group 224.0.1.187:7001 --leisure 0
	[ "$(client -N -B 1 coap://224.0.1.187:7001/hello | grep -o '127.0.0.[23]' | sort | tr '\n' ' ')" = "127.0.0.2 127.0.0.3 " ]
	[ "$(client -N -B 1 coap://239.1.2.3:7000/hello)" = "hello from 127.0.0.2" ]
	kill "$first"
	wait "$first"
}

# @req A59 A60
@test "without --group: all CoAP nodes of both families" {
	start -i lo --leisure 0 -v
	grep -q 'groups: 4' serve.err
	[ "$(client -N -B 1 coap://224.0.1.187/hello)" = hello ]
	[ "$(client -N -B 1 'coap://[ff05::fd]/hello')" = hello ]
	[ "$(client -N -B 1 'coap://[ff02::fd%lo]/hello')" = hello ]
	[ "$(client 'coap://[::1]/hello')" = 'hello from ::1' ]
}

@test "IPv4 and IPv6 at one member" {
	start -i lo --bind 127.0.0.2 --bind ::1 --group 224.0.1.187 --group ff35::99 --leisure 0
	[ "$(client 'coap://[::1]/hello')" = 'hello from 127.0.0.2' ]
	[ "$(client -N -B 1 'coap://[ff35::99]/hello')" = 'hello from 127.0.0.2' ]
	client -m put -e 5 coap://127.0.0.2/light
	[ "$(client 'coap://[::1]/light')" = 5 ]
}

# @req A102 A104
@test "a large answer to a group: a small first block; with --echo a challenge" {
	start -i lo --bind 127.0.0.2 --group 224.0.1.187 --leisure 0 --pcap serve.pcap
	[ "$(client -N -B 2 coap://224.0.1.187/large | wc -c)" -ge 2048 ]
	stop
	"$DECODE" --json serve.pcap >messages
	jq -s -e 'map(select(.code == "2.05")) | .[0].payload.text | length == 64' messages
	start -i lo --bind 127.0.0.2 --group 224.0.1.187 --leisure 0 --echo --json
	[ "$(client -N -B 2 coap://224.0.1.187/large | wc -c)" -ge 2048 ] # libcoap's client echoes
	[ "$(jq -r 'select(.outcome == "challenged") | .code' serve.out | sort -u)" = 4.01 ]
	[ "$(client coap://127.0.0.2/large | wc -c)" -ge 2048 ]
}

# @req A37
@test "1000 members in one process answer one request, each once" {
	start -i lo --bind 127.0.1.1 --members 1000 --group 224.0.1.187 --leisure 1 --json
	client -N -w -B 2 coap://224.0.1.187/hello | grep -o '127.0.[0-9]*.[0-9]*' | sort | uniq -c >answers
	[ "$(wc -l <answers)" -eq 1000 ]
	[ "$(awk '$1 != 1' answers | wc -l)" -eq 0 ]
	[ "$(jq -s 'map(select(.event == "request") | .delay_ms) | (max <= 1000) and (min >= 0) and (unique | length > 300)' serve.out)" = true ]
}

# --- what it says -----------------------------------------------------------------------------------------------------

@test "--json: a line for each request, a summary at the end" {
	members --json
	client coap://127.0.0.2/hello
	client -N -B 1 coap://224.0.1.187/nosuch
	stop
	[ "$status" -eq 0 ]
	[ "$(cat serve.err)" = ready ]
	jq -s -e '.[0] | .event == "request" and .member == "127.0.0.2:5683" and .method == "GET" and .path == "/hello" and
		.multicast == false and .code == "2.05" and .outcome == "answered" and .answer_len == 20' serve.out
	[ "$(jq -s 'map(select(.multicast and .outcome == "suppressed" and (has("code") | not))) | length' serve.out)" -eq 3 ]
	jq -s -e '.[-1] | .event == "summary" and .requests == 2 and .answers == 1 and .suppressed == 3' serve.out
}

@test "-v a line for each request, -vv the messages, -vvv their bytes; stdout stays empty" {
	for level in -v -vv -vvv; do
		start --bind 127.0.0.2 --no-group "$level"
		client coap://127.0.0.2/hello
		stop
		[ ! -s serve.out ]
		grep -q 'GET /hello from 127.0.0.1:[0-9]*: answered 2.05, 20 bytes' serve.err
		grep -q '^gc-serve: 1 requests received; 1 answers' serve.err
		[ "$level" = -v ] || grep -q '^127.0.0.2:5683 <- 127.0.0.1:[0-9]* CON GET mid=' serve.err
		[ "$level" != -v ] || [ "$(grep -c ' <- ' serve.err)" -eq 0 ]
		[ "$level" != -vvv ] || grep -q '0000  4' serve.err
	done
}

@test "a damaged message is counted and named with -v, and nothing ends" {
	start --bind 127.0.0.2 --no-group -v
	printf '\x49\x01\x00' >/dev/udp/127.0.0.2/5683
	printf '' >/dev/udp/127.0.0.2/5683
	printf '\x40\x01\x00\x01\xff' >/dev/udp/127.0.0.2/5683
	[ "$(client coap://127.0.0.2/hello)" = "hello from 127.0.0.2" ]
	stop
	[ "$status" -eq 0 ]
	grep -q '2 malformed' serve.err
}

@test "peer text cannot reach the terminal" {
	start --bind 127.0.0.2 --no-group -v
	printf '\x50\x01\x00\x01\xb5\x1b[2J\x07' >/dev/udp/127.0.0.2/5683
	client coap://127.0.0.2/hello
	stop
	[ "$(grep -c "$(printf '\033')" serve.err)" -eq 0 ]
	grep -q 'GET /' serve.err
}

@test "--pcap: what was received and sent, also at the members" {
	members --pcap all.pcap
	client -N -B 1 coap://224.0.1.187/hello
	stop
	"$DECODE" --json all.pcap >messages
	[ "$(jq -s 'map(select(.code == "0.01")) | length' messages)" -eq 1 ]
	[ "$(jq -r 'select(.code == "2.05") | .src' messages | sort | tr '\n' ' ')" = "127.0.0.2:5683 127.0.0.3:5683 127.0.0.4:5683 " ]
}
