#!/usr/bin/env bats
# What gc-decode promises: stdout, stderr, exit status.

setup() {
	ROOT=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)
	case ${BUILD:=build} in /*) ;; *) BUILD=$ROOT/$BUILD ;; esac
	export BUILD
	DECODE=$BUILD/gc-decode
	CAPTURES=$BATS_TEST_DIRNAME/../captures
	DIR=$BATS_TEST_TMPDIR
	cd "$DIR" || return 1
	pid=
}

teardown() {
	[ -z "$pid" ] || kill "$pid" 2>/dev/null || true
	[ -z "$pid" ] || wait "$pid" 2>/dev/null || true
}

# stdout to $DIR/out, stderr to $DIR/err, status to $status; stdin is the caller's
decode() {
	status=0
	"$DECODE" "$@" >"$DIR/out" 2>"$DIR/err" || status=$?
}

out_is() {
	diff -u - "$DIR/out"
}

lacks() {
	if grep -q "$@"; then return 1; fi
}

err_has() {
	grep -qF -- "$1" "$DIR/err" || { cat "$DIR/err"; return 1; }
}

# a capture of raw IP packets: pcap HEX…, each an IPv4 UDP datagram given as SRC DST SPORT DPORT HEX (SRC, DST: last byte of
# 10.0.0.x; g: 224.0.1.187), 10 ms apart
capture() {
	bytes "d4c3b2a10200040000000000000000000000040065000000"
	n=0
	while [ $# -ge 5 ]; do
		payload=$(printf %s "$5" | tr -d ' ')
		len=$((${#payload} / 2))
		src=$(printf '0a0000%02x' "$1")
		if [ "$2" = g ]; then dst=e00001bb; else dst=$(printf '0a0000%02x' "$2"); fi
		bytes "$(le32 $((1700000000 + n / 100)))$(le32 $((n % 100 * 10000)))$(le32 $((28 + len)))$(le32 $((28 + len)))"
		bytes "$(printf '4500%04x0001000040110000%s%s%04x%04x%04x0000%s' $((28 + len)) "$src" "$dst" "$3" "$4" $((8 + len)) "$payload")"
		n=$((n + 1))
		shift 5
	done
}

bytes() {
	printf '%b' "$(printf %s "$1" | sed 's/../\\x&/g')"
}

le32() {
	printf '%02x%02x%02x%02x' $(($1 & 255)) $(($1 >> 8 & 255)) $(($1 >> 16 & 255)) $(($1 >> 24 & 255))
}

group_get="5201 0001 abcd b5 6c69676874"
group_answer() { # MID TEXT(hex)
	echo "5245 $1 abcd c0 ff $2"
}

@test "a line a message, each responder of a group paired with its request" {
	capture 1 g 40000 5683 "$group_get" 2 1 5683 40000 "$(group_answer 0002 6f6e)" 3 1 5683 40000 "$(group_answer 0003 6f6666)" \
		4 1 61000 40000 "$(group_answer 0003 6f6e)" >c.pcap
	decode c.pcap
	[ $status -eq 0 ]
	out_is <<-'END'
	1 0.000000 10.0.0.1:40000 → 224.0.1.187:5683 NON GET mid=1 token=abcd [Uri-Path:light]
	2 0.010000 10.0.0.2:5683 → 10.0.0.1:40000 NON 2.05 mid=2 token=abcd [Content-Format:0] on  (response to #1, 10.0 ms)
	3 0.020000 10.0.0.3:5683 → 10.0.0.1:40000 NON 2.05 mid=3 token=abcd [Content-Format:0] off  (response to #1, 20.0 ms)
	END
	[ ! -s err ]
	decode --port 61000 c.pcap
	[ $status -eq 0 ]
	tail -n 1 out | grep -qF '4 0.030000 10.0.0.4:61000 → 10.0.0.1:40000 NON 2.05 mid=3 token=abcd [Content-Format:0] on  (response to #1, 30.0 ms)'
}

@test "JSON: the keys of the contract, one object a line" {
	capture 1 g 40000 5683 "$group_get" 2 1 5683 40000 "$(group_answer 0002 6f6e)" >c.pcap
	decode --json c.pcap
	[ $status -eq 0 ]
	out_is <<-'END'
	{"n":1,"ts":1700000000.000000,"src":"10.0.0.1:40000","dst":"224.0.1.187:5683","type":"NON","code":"0.01","mid":1,"token":"abcd","options":[{"number":11,"name":"Uri-Path","value":"light"}],"frame":1}
	{"n":2,"ts":1700000000.010000,"src":"10.0.0.2:5683","dst":"10.0.0.1:40000","type":"NON","code":"2.05","mid":2,"token":"abcd","options":[{"number":12,"name":"Content-Format","value":0}],"payload":{"text":"on"},"request":1,"rtt_ms":10.000,"frame":2}
	END
}

@test "-v the whole tree and a summary, -vvv hex too" {
	capture 1 2 40000 5683 "4101 0007 aa b5 6c69676874 d1 02 10" 2 1 5683 40000 "6145 0007 aa ff 6f6e" >c.pcap
	decode -v c.pcap
	[ $status -eq 0 ]
	grep -q '^1 0.000000 10.0.0.1:40000 → 10.0.0.2:5683 frame 1, 14 bytes$' out
	grep -q '^  CON GET (0.01) mid=7 token=aa$' out
	grep -q '^    11 Uri-Path (critical, 5 bytes): light$' out
	grep -q 'payload (2 bytes): on' out
	err_has "2 messages: 1 request, 1 response, 0 damaged, 0 duplicates, 0 requests without a response"
	lacks '^ *0000  ' out
	decode -vvv c.pcap
	grep -q '^ *0000  41 01 00 07 aa b5 6c 69  67 68 74 d1 02 10\|^ *0000  41 01 00 07 aa b5 6c 69 67 68 74 d1 02 10' out
}

@test "time: relative, absolute, epoch" {
	capture 1 2 40000 5683 40000001 >c.pcap
	decode --time absolute c.pcap
	grep -q '^1 2023-11-14T22:13:20.000000Z ' out
	decode --time epoch c.pcap
	grep -q '^1 1700000000.000000 ' out
	decode --time sometime c.pcap
	[ $status -eq 2 ]
}

@test "a message seen twice is a duplicate; an ACK and a RST name what they answer" {
	capture 1 2 40000 5683 "4101 0007 aa b1 78" 1 2 40000 5683 "4101 0007 aa b1 78" 2 1 5683 40000 60000007 \
		2 1 5683 40000 "4145 1000 aa ff 6f6e" 1 2 40000 5683 60001000 2 1 5683 40000 40001001 1 2 40000 5683 70001001 >c.pcap
	decode --json c.pcap
	[ $status -eq 0 ]
	[ "$(jq -c '[.n, .request, .duplicate_of, .acknowledges, .rejects]' out | tr '\n' ' ')" = \
		"[1,null,null,null,null] [2,null,1,null,null] [3,null,null,1,null] [4,1,null,null,null] [5,null,null,4,null] [6,null,null,null,null] [7,null,null,null,6] " ]
	decode c.pcap
	sed -n 2p out | grep -qF '(duplicate of #1)'
	sed -n 3p out | grep -qF '(acknowledges #1, 20.0 ms)'
	sed -n 7p out | grep -qF '(rejects #6, 10.0 ms)'
}

@test "several answers of one responder, and equal Message IDs of two responders, are no duplicates" {
	capture 1 g 40000 5683 "$group_get" 2 1 5683 40000 "$(group_answer 0002 61)" 2 1 5683 40000 "$(group_answer 0003 62)" \
		3 1 5683 40000 "$(group_answer 0002 61)" 2 1 5683 40000 "$(group_answer 0002 61)" >c.pcap
	decode --json c.pcap
	[ "$(jq -c '[.request, .duplicate_of]' out | tr '\n' ' ')" = "[null,null] [1,null] [1,null] [1,null] [1,2] " ]
}

@test "a token in use between two pairs of endpoints is told apart" {
	capture 1 2 40000 5683 "4101 0001 aa b1 61" 1 3 40000 5683 "4101 0002 aa b1 62" 5 2 40000 5683 "4101 0003 aa b1 63" \
		2 1 5683 40000 "6145 0001 aa" 3 1 5683 40000 "6145 0002 aa" 2 5 5683 40000 "6145 0003 aa" 9 1 5683 40000 "5145 0009 aa" \
		9 1 5683 40000 "5145 0008 bb" >c.pcap
	decode --json c.pcap
	[ "$(jq -c '[.request, .other_address]' out | sed -n '4,$p' | tr '\n' ' ')" = "[1,null] [2,null] [3,null] [2,true] [null,null] " ]
}

@test "a damaged message is shown as far as it goes and never stops the run" {
	capture 1 2 40000 5683 "4101 0001 aa b5 6c69" 1 2 40000 5683 40 1 2 40000 5683 "4101 0003 aa b1 63 ff" \
		1 2 40000 5683 "8101 0004 aa" 1 2 40000 5683 "4101 0005 aa b1 65" >c.pcap
	decode c.pcap
	[ $status -eq 0 ]
	out_is <<-'END'
	1 0.000000 10.0.0.1:40000 → 10.0.0.2:5683 CON GET mid=1 token=aa  DAMAGED at byte 5: option value runs past the end
	2 0.010000 10.0.0.1:40000 → 10.0.0.2:5683 0x40  DAMAGED at byte 1: shorter than the 4-byte header
	3 0.020000 10.0.0.1:40000 → 10.0.0.2:5683 CON GET mid=3 token=aa [Uri-Path:c]  DAMAGED at byte 7: payload marker without payload
	4 0.030000 10.0.0.1:40000 → 10.0.0.2:5683 0x81010004aa  DAMAGED at byte 0: version is not 1
	5 0.040000 10.0.0.1:40000 → 10.0.0.2:5683 CON GET mid=5 token=aa [Uri-Path:e]
	END
	decode --json c.pcap
	[ "$(jq -c '[.error != null, .offset, .datagram]' out | head -n 1)" = '[true,5,"41010001aab56c69"]' ]
	[ "$(jq -r '.mid' out | tr '\n' ' ')" = "1 null 3 null 5 " ]
	decode -v c.pcap
	err_has "4 damaged"
	decode -Y error c.pcap
	[ "$(wc -l <out)" -eq 4 ]
}

@test "only damaged messages: nothing was decoded" {
	capture 1 2 40000 5683 "4101 0001 aa b5 6c69" >c.pcap
	decode c.pcap
	[ $status -eq 1 ]
	[ "$(wc -l <out)" -eq 1 ]
}

@test "UDP and IP lengths that lie are named with their place" {
	capture 1 2 40000 5683 "4101 0001 aa b1 61" 1 2 40000 5683 "4101 0002 aa b1 62" >c.pcap
	printf '\377' | dd of=c.pcap bs=1 seek=$((24 + 16 + 20 + 4)) conv=notrunc status=none # UDP length of the first
	decode c.pcap
	[ $status -eq 0 ]
	sed -n 1p out | grep -qF 'CON GET mid=1 token=aa [Uri-Path:a]  DAMAGED at byte 7: UDP length runs past the IP packet'
	sed -n 2p out | grep -qF 'CON GET mid=2'
}

@test "a packet cut by the snap length" {
	capture 1 2 40000 5683 "4101 0001 aa b1 61 ff 6162636465" >c.pcap
	# incl_len 4 less than orig_len
	printf '\047' | dd of=c.pcap bs=1 seek=32 conv=notrunc status=none
	head -c $((24 + 16 + 39)) c.pcap >cut.pcap
	[ "$(stat -c %s cut.pcap)" -le "$(stat -c %s c.pcap)" ]
	decode cut.pcap
	grep -qF 'the capture cut it short (snap length)' out
	grep -qF '[Uri-Path:a] a' out
}

@test "a capture truncated at any byte: what could be read, then one line with packet and reason, status 3" {
	capture 1 2 40000 5683 "4101 0001 aa b1 61" 2 1 5683 40000 "6145 0001 aa" >c.pcap
	size=$(stat -c %s c.pcap) first=$((24 + 16 + 28 + 7))
	for len in $(seq 0 $((size - 1))); do
		head -c "$len" c.pcap >t.pcap
		decode t.pcap
		if [ "$len" -lt 24 ]; then
			[ $status -eq 3 ]
			[ ! -s out ]
		elif [ "$len" -eq 24 ]; then
			[ $status -eq 1 ]
		elif [ "$len" -eq "$first" ]; then
			[ $status -eq 0 ]
		else
			[ $status -eq 3 ]
			[ "$(wc -l <out)" -eq $((len > first)) ]
			err_has "t.pcap: packet $((1 + (len > first))): "
		fi
		[ "$(wc -l <err)" -eq $((status == 3)) ]
	done
}

@test "what is no capture: named, status 3" {
	echo 'hello, this is no capture' >text
	decode text
	[ $status -eq 3 ]
	err_has "gc-decode: text: no capture that can be read"
	gzip -c text >text.gz
	decode text.gz
	[ $status -eq 3 ]
	err_has "gzip"
	: >empty
	decode empty
	[ $status -eq 3 ]
	err_has "empty"
	decode nosuch.pcap
	[ $status -eq 3 ]
	err_has "nosuch.pcap: No such file or directory"
	decode .
	[ $status -eq 3 ]
	err_has "Is a directory"
}

@test "a bad file among good ones: all others are shown, status 3" {
	capture 1 2 40000 5683 "4101 0001 aa b1 61" >a.pcap
	capture 1 2 40000 5683 "4101 0002 ab b1 61" >b.pcap
	decode --json a.pcap nosuch b.pcap
	[ $status -eq 3 ]
	[ "$(jq -c '[.n, .file, .mid]' out | tr '\n' ' ')" = '[1,"a.pcap",1] [2,"b.pcap",2] ' ]
}

@test "pcap, pcapng and standard input are the same" {
	decode --json "$CAPTURES/observe-group.pcap"
	mv out expected
	editcap -F pcapng "$CAPTURES/observe-group.pcap" c.pcapng
	decode --json c.pcapng
	cmp out expected
	decode --json - <c.pcapng
	cmp out expected
	cat "$CAPTURES/observe-group.pcap" | decode --json
	cmp out expected
	editcap -F nsecpcap "$CAPTURES/observe-group.pcap" ns.pcap
	decode --json ns.pcap
	cmp out expected
}

@test "no CoAP in it: status 1" {
	capture 1 2 40000 53 "4101 0001 aa b1 61" >c.pcap
	decode c.pcap
	[ $status -eq 1 ]
	[ ! -s out ]
}

@test "--port, any port, and DTLS that is named" {
	capture 1 2 40000 61616 "4101 0001 aa b1 61" 1 2 40000 53 "4101 0002 aa b1 61" 1 2 40000 5684 "16fefd0000000000000000" \
		1 2 40000 7 "68656c6c6f" 1 2 40000 8 "4001 0009 b1 61 ff" 1 2 4001 4002 "45ff 0001 aaaaaaaaaa" >c.pcap
	decode c.pcap
	[ $status -eq 1 ]
	err_has "1 datagram on port 5684 (coaps, DTLS) not decoded"
	decode --port 61616 --port 53 c.pcap
	[ $status -eq 0 ]
	[ "$(wc -l <out)" -eq 2 ]
	decode --port any c.pcap
	[ $status -eq 0 ]
	[ "$(wc -l <out)" -eq 1 ]
	grep -qF 'mid=1' out
	for port in 0 65536 x ''; do
		decode --port "$port" c.pcap
		[ $status -eq 2 ]
	done
}

@test "--hex: lines of one exchange, blank lines and comments between" {
	decode --hex - <<-'END'
	# one exchange
	4101 0007 aa b5 6c69676874   # a GET
	61:45:00:07:aa:ff:6f:6e

	61450007aaff6f6e
	0x40000001
	70000001
	END
	[ $status -eq 0 ]
	out_is <<-'END'
	1 CON GET mid=7 token=aa [Uri-Path:light]
	2 ACK 2.05 mid=7 token=aa on  (response to #1)
	3 ACK 2.05 mid=7 token=aa on
	4 CON EMPTY mid=1 token=
	5 RST EMPTY mid=1 token=  (rejects #4)
	END
	[ ! -s err ]
	echo 4101 0007 aa | decode --hex --json
	out_is <<-'END'
	{"n":1,"type":"CON","code":"0.01","mid":7,"token":"aa","line":1}
	END
}

@test "--hex: a line that is no hex is named, the others are shown, status 3" {
	printf '40010001\n4001000\nxyz\n40010002' >lines
	decode --hex lines
	[ $status -eq 3 ]
	[ "$(wc -l <out)" -eq 2 ]
	[ "$(wc -l <err)" -eq 2 ]
	err_has "gc-decode: lines:2:8: "
	err_has "gc-decode: lines:3:1: not a hexadecimal digit"
	head -c 200000 /dev/zero | tr '\0' a >long
	decode --hex long
	[ $status -eq 3 ]
	err_has "longer than the largest datagram"
	head -c 2000000 /dev/zero | tr '\0' a >longer
	decode --hex longer
	[ $status -eq 3 ]
	err_has "longer:1:1: the line is longer than the largest datagram"
	decode --hex </dev/null
	[ $status -eq 1 ]
}

@test "--hex: every prefix of a message is answered" {
	message=4401000aaabbccdd3b6578616d706c652e6f72678374656dd1022aff7061796c6f6164
	for len in $(seq 2 2 $((${#message} - 2))); do
		printf '%.*s\n' "$len" $message
	done >lines
	decode --hex --json lines
	[ "$(wc -l <out)" -eq "$(wc -l <lines)" ]
	jq -se 'map(select(.error)) | length > 20 and all(.offset <= (.datagram | length / 2))' out >/dev/null
	[ ! -s err ]
}

@test "filters" {
	capture 1 g 40000 5683 "$group_get" 2 1 5683 40000 "$(group_answer 0002 6f6e)" 3 1 5683 40000 "5284 0003 abcd" \
		1 2 40000 5683 "4101 0007 aa b1 61 01 62 41 71" 2 1 5683 40000 60000007 1 2 40000 5683 40 >c.pcap
	while read -r expected filter; do
		decode --json -Y "$filter" c.pcap
		got=$(jq .n out | tr -d '\n')
		[ "${got:-none}" = "$expected" ] || { echo "$filter: $got, not $expected"; return 1; }
		[ $status -eq "$([ "$expected" = none ] && echo 1 || echo 0)" ]
	done <<-'END'
	2 code==2.05
	23 response
	2 code==2.xx
	3 code==4.xx or code == 5.xx
	14 request
	14 code==GET
	1 mcast
	1 mcast and request
	45 not mcast and not response and not error
	45 !mcast && !response && !error
	235 paired
	6 error
	123 token==abcd
	12 path==/light or payload==on
	1 path==/light
	4 path==/a/b
	4 path~a/
	4 query==q
	14 option==Uri-Path
	2 option==12
	2345 host==10.0.0.2 and not error or host==10.0.0.3
	25 src==10.0.0.2:5683
	1 dst==224.0.1.187
	2 mid==2
	345 mid >= 3 and mid <= 7
	5 empty
	5 ack
	45 con or ack
	2 (code==2.05 or code==4.04) and payload~"n"
	none code==5.00
	1 n==1
	6 size < 4
	123456 port==5683
	none port==1
	END
}

@test "a filter with a mistake: place and reason, status 2" {
	while read -r place filter; do
		decode -Y "$filter" nosuch
		[ $status -eq 2 ]
		err_has "character $place:"
		[ "$(wc -l <err)" -eq 1 ]
	done <<-'END'
	1 colour==2
	5 code
	7 code==9.99
	7 code==2.5
	6 mid==70000
	6 src==example
	8 token==xy
	9 option==nothing
	15 mcast and path
	7 mcast mcast
	2 (
	12 (code==2.05
	10 payload=="x
	5 type<CON
	END
	decode -Y "$(head -c 400 /dev/zero | tr '\0' '(')" nosuch
	[ $status -eq 2 ]
}

@test "wrong use: one line, status 2" {
	for wrong in "--nosuch" "--hex -i lo" "-i lo x.pcap" "--count 0" "-j 0" "--hex --capture-filter udp"; do
		# shellcheck disable=SC2086
		decode $wrong </dev/null
		[ $status -eq 2 ]
		[ "$(wc -l <err)" -eq 1 ]
		[ ! -s out ]
	done
	capture 1 2 40000 5683 40000001 >c.pcap
	decode --capture-filter 'nonsense (' c.pcap
	[ $status -eq 2 ]
}

@test "--count and --capture-filter" {
	decode -c 2 "$CAPTURES/observe-group.pcap"
	[ $status -eq 0 ]
	[ "$(wc -l <out)" -eq 2 ]
	decode --capture-filter 'src host 10.77.0.3' "$CAPTURES/observe-group.pcap"
	[ "$(wc -l <out)" -eq 4 ]
}

@test "closed stdout and a full disk: status 4" {
	decode "$CAPTURES/observe-group.pcap"
	status=0
	"$DECODE" "$CAPTURES/observe-group.pcap" >/dev/full 2>err || status=$?
	[ $status -eq 4 ]
	err_has "standard output: No space left on device"
	status=0
	"$DECODE" --json "$CAPTURES/observe-group.pcap" >&- 2>err || status=$?
	[ $status -eq 4 ]
	for _ in $(seq 2000); do echo 40010001b56c69676874; done >lines
	{ "$DECODE" --hex lines 2>err || echo $? >status; } | true
	[ "$(cat status)" -eq 4 ]
}

@test "text from a peer cannot reach the terminal as it is" {
	capture 1 2 40000 5683 "4101 0001 aa b6 1b5b33316d0a ff 07080d1b5d303b" >c.pcap
	decode c.pcap
	[ "$(wc -l <out)" -eq 1 ]
	lacks "$(printf '[\033\007\r]')" out
	decode --json c.pcap
	lacks "$(printf '[\033\007\r]')" out
	jq -e . out >/dev/null
	decode -vvv c.pcap
	lacks "$(printf '[\033\007\r]')" out
}

@test "a record is visible at once when the input is a pipe; SIGINT ends with what was seen" {
	capture 1 2 40000 5683 "4101 0001 aa b1 61" 2 1 5683 40000 "6145 0001 aa" >c.pcap
	mkfifo pipe
	"$DECODE" -v - <pipe >out 2>err 3>&- &
	pid=$!
	exec 9>pipe
	cat c.pcap >&9
	until [ "$(grep -c mid= out)" -eq 2 ]; do kill -0 $pid; done
	kill -INT $pid
	status=0
	wait $pid || status=$?
	pid=
	exec 9>&-
	[ $status -eq 0 ]
	err_has "2 messages: 1 request, 1 response"
}

@test "IP fragments are put together" {
	first=4500002400072000401100000a0000010a0000029c4016330017000041010001aab56c69
	second=4500001b00070002401100000a0000010a000002676874ff6f6e21
	{
		bytes "d4c3b2a10200040000000000000000000000040065000000"
		bytes "0000000000000000$(le32 36)$(le32 36)$first"
		bytes "0000000000000000$(le32 27)$(le32 27)$second"
	} >c.pcap
	decode c.pcap
	[ $status -eq 0 ]
	out_is <<-'END'
	1 0.000000 10.0.0.1:40000 → 10.0.0.2:5683 CON GET mid=1 token=aa [Uri-Path:light] on!
	END
	head -c $((24 + 16 + 36)) c.pcap >half.pcap
	decode half.pcap
	[ $status -eq 1 ]
	err_has "1 datagram with missing or refused IP fragments"
}

@test "every message of the captures as tshark reads it" {
	run "$BATS_TEST_DIRNAME/agree-with-tshark.sh" "$CAPTURES"/*.pcap
	echo "$output"
	[ "$status" -eq 0 ]
	shared=${SHARED:-$ROOT/../shared}
	if [ -d "$shared/captures" ]; then
		run "$BATS_TEST_DIRNAME/agree-with-tshark.sh" "$shared"/captures/*/*.pcap
		echo "$output"
		[ "$status" -eq 0 ]
	fi
}

@test "every message of a generated capture as tshark reads it" {
	${CC:-cc} -O1 -o make_capture "$ROOT/tests/bench/make_capture.c"
	./make_capture 3000 7 >c.pcap
	run "$BATS_TEST_DIRNAME/agree-with-tshark.sh" c.pcap
	echo "$output"
	[ "$status" -eq 0 ]
	[ "$(./make_capture 3000 7 | cksum)" = "$(cksum <c.pcap)" ]
}

@test "memory does not grow with the capture" {
	${CC:-cc} -O1 -o make_capture "$ROOT/tests/bench/make_capture.c"
	./make_capture 30000 1 >one.pcap
	./make_capture 300000 1 >ten.pcap
	one=$(/usr/bin/time -f %M "$DECODE" one.pcap 2>&1 >/dev/null)
	ten=$(/usr/bin/time -f %M "$DECODE" ten.pcap 2>&1 >/dev/null)
	[ $((ten * 10)) -le $((one * 11)) ]
}

@test "--help and --version" {
	decode --help
	[ $status -eq 0 ]
	grep -q -- '--hex' out
	decode --version
	[ $status -eq 0 ]
	grep -q 'gc-decode' out
	grep -qi 'libpcap' out
	status=0
	"$DECODE" --help >/dev/full 2>err || status=$?
	[ $status -eq 4 ]
}
