#!/usr/bin/env bats
# Requests protected with -g: known answers, files that cannot be used, secrets. Against members: gc-serve_secure.bats.

setup() {
	. "$BATS_TEST_DIRNAME/../lib/secure.sh"
	secure_setup
}

teardown() {
	secure_teardown
}

# --- known answers ------------------------------------------------------------------------------------------------

# a decoded message as gc-send's arguments, quoted for the shell; $1: "group" or whom it is for
request_arguments() {
	jq -r --arg to "$1" '
	  def values(n): [.options[]? | select(.number == n) | .value | tostring];
	  [ "--mid", .mid, "--token", (.token // ""),
	    "-m", { "0.01": "get", "0.02": "post", "0.03": "put", "0.04": "delete", "0.05": "fetch", "0.06": "patch", "0.07": "ipatch" }[.code] ]
	  + (values(6) | if length > 0 then ["--observe"] else [] end)
	  + (values(12) | if length > 0 then ["-f", .[0]] else [] end)
	  + (if .payload.cbor then ["--cbor", .payload.cbor] elif .payload.text then ["-p", .payload.text] elif .payload.hex then ["--hex", .payload.hex] else [] end)
	  + (if $to == "group" and .type == "NON" then [] elif .type == "NON" then ["-N"] else [] end)
	  + [ "coap://" + (if $to == "group" and .type == "NON" then "224.0.1.187" else "192.0.2.1" end)
	      + ([values(11)[] | "/" + @uri] | join("")) + ([values(15)[]] | if length > 0 then "?" + join("&") else "" end) ]
	  | map(tostring) | @sh'
}

# lines "sender|mode|recipient's Sender ID|sequence number|plain|protected" of the requests of a vector file
vector_requests() {
	jq -r '
	  (.group.members // .endpoints // []) as $members
	  | ([$members[] | { key: .name, value: .sender_id }] | from_entries) as $ids
	  | [ .exchanges[]?.steps[] | select(.kind == "request" and .mode != "deterministic")
	      | [.sender, .mode, $ids[.recipient] // "", .sender_sequence_number, .plain_coap, .protected_coap] ]
	    + [ .messages[]? | select(.kind == "request")
	      | [.sender, .mode, $ids[.receiver] // "", .sender_sequence_number, .plain_message, .outputs.protected_message] ]
	  | unique[] | map(tostring) | join("|")' "$1"
}

# every request of the vector files is what gc-send would send; $1: so many hexadecimal digits at the end of a group mode
# message are a signature that is different each time
check_vectors() {
	local file sender mode peer piv plain protected arguments len random=$1
	shift
	count=0
	for file in "$@"; do
		while IFS='|' read -r sender mode peer piv plain protected; do
			[ -e "${file##*/}.$sender" ] || "$KEYGEN" import --format vectors "$file" --name "$sender" --out "${file##*/}.$sender"
			arguments=$("$DECODE" --hex --json <<<"$plain" | request_arguments "$([ "$mode" = group ] && echo group || echo one)")
			[ "$mode" != pairwise ] || arguments="--pairwise '$peer' $arguments"
			eval "ask --dry-run -g ${file##*/}.$sender --piv $piv $arguments" >/dev/null
			len=${#protected}
			[ "$mode" != group ] || len=$((len - random))
			if [ "$status" -ne 0 ] || [ "$(cut -c"1-$len" out)" != "${protected:0:len}" ] || [ "$(wc -c <out)" -ne $((${#protected} + 1)) ]; then
				echo "$file: $mode: $arguments"
				cat out err
				echo "$protected"
				return 1
			fi
			count=$((count + 1))
		done < <(vector_requests "$file")
		rm -rf "${file##*/}".*
	done
	echo "$count messages"
}

# @req C40 C42 C43 C44 C45 C46 C49 C52 C53 C54 C68 B21 B25
@test "known answers: group mode and pairwise requests as aiocoap and Californium protect them, Ed25519, bit for bit" {
	check_vectors 0 "$VECTORS"/aiocoap/set[12]/group-ed25519-*.json
	[ "$count" -ge 84 ]
	check_vectors 0 "$VECTORS"/californium/ed25519-*.json
	[ "$count" -ge 18 ]
}

# @req C40 C42 C43 C44 C45 C46 C52
@test "known answers: the same with P-256, all but the signature" {
	check_vectors 128 "$VECTORS"/aiocoap/set[12]/group-p256-*[!7].json # without the one of an old value
	[ "$count" -ge 84 ]
	check_vectors 128 "$VECTORS"/californium/es256-*.json
	[ "$count" -ge 8 ]
}

# @req B21 B22 B23 B25 B26 B28 B32 B60
@test "known answers: OSCORE requests as aiocoap protects them, bit for bit" {
	check_vectors 0 "$VECTORS"/aiocoap/set[12]/oscore-*.json
	[ "$count" -ge 32 ]
}

# --- what cannot be done --------------------------------------------------------------------------------------------

@test "a context that cannot do what is asked: one line, status 2 or 3, nothing is sent" {
	local URI=coap://224.0.1.187/light
	group d 2
	group nopair 2 --aead-alg none
	group nogroup 2 --group-enc-alg none
	"$KEYGEN" group plain --profile oscore --members 2 --out plain
	jq 'del(.sender)' d/01.json >silent.json
	chmod 600 silent.json
	while IFS='|' read -r expected arguments pattern; do
		eval "ask --pcap sent.pcap $arguments"
		[ "$status" -eq "$expected" ]
		[ ! -s out ]
		[ "$(wc -l <err)" -eq 1 ]
		grep -Eq "^gc-send: .*$pattern" err
		[ ! -e sent.pcap ] || [ "$(wc -c <sent.pcap)" -le 24 ]
		rm -f sent.pcap
	done <<TABLE
2|-g d/01.json --pairwise 77 coap://127.0.0.2/|no member of this context has that Sender ID
2|-g d/01.json --pairwise 0x7 coap://127.0.0.2/|--pairwise 0x7: a Sender ID is
2|-g d/01.json --pairwise 01020304050607080910111213141516171819 coap://127.0.0.2/|Sender ID
2|-g nopair/01.json --pairwise 02 coap://127.0.0.2/|no pairwise mode
2|-g plain/01.json --pairwise 02 coap://127.0.0.2/|no pairwise mode
2|-g nogroup/01.json $URI|no group mode
2|--pairwise 02 coap://127.0.0.2/|-g
2|-g d/01.json --piv 5 $URI|dry-run
2|--dry-run --piv 5 $URI|-g
2|--dry-run -g d/01.json --piv 1099511627776 $URI|out of range|1099511627776
3|-g silent.json $URI|silent.json.*sender
3|-g nosuch.json $URI|nosuch.json: No such file
TABLE
}

@test "a bad context file: status 3 with line, column and key, nothing is sent" {
	group d 2
	good=d/01.json
	while IFS='|' read -r filter pattern; do
		(umask 077 && jq "$filter" $good >bad.json)
		ask -g bad.json coap://127.0.0.2/
		[ "$status" -eq 3 ]
		[ ! -s out ]
		grep -Eq "^gc-send: bad.json:[0-9]+:[0-9]+: $pattern" err
		fails grep -q '^seq' bad.json.state 2>/dev/null
		rm -f bad.json.state
	done <<'TABLE'
.master_secret = "xyz"|master_secret: .*hex
.master_secret = 5|master_secret: 
.aead_alg = "ROT13"|aead_alg: 
.sender.id = "00112233445566778899"|sender
.profile = "nothing"|profile: 
TABLE
	(umask 077 && head -c 200 $good >bad.json)
	ask -g bad.json coap://127.0.0.2/
	[ "$status" -eq 3 ]
	grep -Eq '^gc-send: bad.json:[0-9]+:[0-9]+: ' err
}

@test "a file that others may read: a warning that names the mode; with --strict status 3" {
	group d 2
	chmod 640 d/01.json
	ask --dry-run -g d/01.json coap://224.0.1.187/light
	[ "$status" -eq 0 ]
	grep -q '^gc-send: .*d/01.json: .*0*640' err
	[ "$(wc -l <err)" -eq 1 ]
	ask --dry-run --strict -g d/01.json coap://224.0.1.187/light
	[ "$status" -eq 3 ]
	[ ! -s out ]
	grep -q '640' err
}

# --- state ----------------------------------------------------------------------------------------------------------

# nothing was sent: the capture has no packet
nothing_sent() {
	[ ! -e sent.pcap ] || [ "$(wc -c <sent.pcap)" -le 24 ]
}

# @req B10 C106
@test "a damaged or newer state file is refused with the way to recover, and nothing is sent" {
	group d 2
	ask -g d/01.json -t 0.01 coap://224.0.1.187/light # nobody is there: the state file is made
	[ "$status" -eq 1 ]
	cp d/01.json.state good
	for damage in 's/^groupcoap-state 1/groupcoap-state 2/' 's/next 0/next 1/' 's/reserved 00/reserved 99/' 's/^seq/sqe/' '1s/.*/nonsense/'; do
		sed "$damage" good >d/01.json.state
		fails cmp -s good d/01.json.state
		cp d/01.json.state damaged
		ask --pcap sent.pcap -g d/01.json -t 0.01 coap://224.0.1.187/light
		[ "$status" -eq 3 ]
		[ ! -s out ]
		grep -q 'd/01.json.state' err
		grep -Eiq 'new key|rejoin|join|gc-keygen|version|backup' err
		nothing_sent
		cmp damaged d/01.json.state
		rm -f sent.pcap
	done
	head -c 300 good >d/01.json.state # cut short
	ask --pcap sent.pcap -g d/01.json -t 0.01 coap://224.0.1.187/light
	[ "$status" -eq 3 ]
	nothing_sent
	cp good d/01.json.state
	ask -g d/01.json -t 0.01 coap://224.0.1.187/light
	[ "$status" -eq 1 ] # accepted again
}

# @req B9 C108
@test "the last sequence number is used up: nothing is sent any more, status 5" {
	group d 2
	ask -g d/01.json -t 0.01 coap://224.0.1.187/light
	# the state as it would be then; its checksum is FNV-1a
	perl -i -ne 'if (/^seq/) { my $r = substr($_, 0, 247); $r =~ s/next \d+/next 1099511627775/; $r =~ s/reserved \d+/reserved 1099511627776/;
	  my $sum = 2166136261; $sum = (($sum ^ ord) * 16777619) & 0xffffffff for split //, $r; $_ = $r . sprintf("%08x\n", $sum); } print' d/01.json.state
	ask --pcap last.pcap -g d/01.json -t 0.01 coap://224.0.1.187/light
	[ "$status" -eq 1 ]
	"$DECODE" --json last.pcap | jq -e '.options[] | select(.number == 9)'
	od -An -v -tx1 last.pcap | tr -d ' \n' | grep -q ffffffffff
	ask --pcap sent.pcap -g d/01.json -t 0.01 coap://224.0.1.187/light
	[ "$status" -eq 5 ]
	grep -q 'sequence number' err
	nothing_sent
}

# @req B10
@test "no room or no right to keep the state: status 4, nothing is sent" {
	group d 2
	mkdir small
	unshare -m sh -e -c '
	  mount -t tmpfs -o size=16k,mode=700 none small
	  cp d/01.json small
	  head -c 100000 /dev/zero >small/full 2>/dev/null || true
	  cd small
	  status=0
	  "$1" -i lo -g 01.json --pcap ../sent.pcap -t 0.01 coap://224.0.1.187/light >../out 2>../err || status=$?
	  echo "$status"; cat ../out ../err
	  [ "$status" -eq 4 ]' sh "$SEND"
	cat err
	grep -q '01.json.state: No space left' err
	[ ! -s out ]
	nothing_sent
	# a limit on file sizes: as a full disk, and no signal ends the tool
	run sh -c 'ulimit -f 0; exec "$0" -i lo -g d/01.json -t 0.01 coap://224.0.1.187/light' "$SEND"
	[ "$status" -eq 4 ]
	[ "$output" = "gc-send: d/01.json.state: File too large" ]
	# a directory where nothing may be made
	unshare -m sh -e -c '
	  mkdir ro
	  mount -t tmpfs -o mode=700 none ro
	  cp d/02.json ro
	  mount -o remount,ro ro
	  status=0
	  "$1" -i lo -g ro/02.json --pcap sent.pcap -t 0.01 coap://224.0.1.187/light >out 2>err || status=$?
	  echo "$status"; cat out err
	  [ "$status" -eq 4 ]' sh "$SEND"
	cat err
	grep -q 'ro/02.json.state: ' err
	nothing_sent
}

# --- secrets --------------------------------------------------------------------------------------------------------

# all secrets of a context file, in hexadecimal, one a line
secrets_of() {
	"$KEYGEN" show "$1" --secrets --json | jq -r '[.. | objects | to_entries[] | select(.key | test("secret|private|_key$|common_iv")) | .value | strings] | unique[]' |
		grep -Ev '^(|\(hidden\))$' | grep -E '^[0-9a-f]{16,}$'
	jq -r '.master_secret, .sender.private_key' "$1"
}

@test "secrets are in no output, at no verbosity, and in no core dump" {
	group d 3
	secrets_of d/01.json | sort -u >secrets
	secrets_of d/02.json | sort -u >>secrets
	jq -r '.. | objects | .public_key? // empty' <("$KEYGEN" show d/01.json --secrets --json) <("$KEYGEN" show d/02.json --secrets --json) | sort -u >public
	grep -vxFf public secrets | sort -u >wanted
	[ "$(wc -l <wanted)" -ge 8 ]
	members d 3 -vvv --json
	ask -vvv --json -g d/01.json -n 2 coap://224.0.1.187/hello
	[ "$status" -eq 0 ]
	cp out all; cat err >>all
	ask -vvv -g d/01.json --pairwise 02 coap://127.0.0.2/light
	[ "$status" -eq 0 ]
	cat out err >>all
	tr '\0' ' ' <"/proc/$pid/cmdline" >>all
	# a tool with secrets makes no core dump
	grep -Eq '^Max core file size +0 +0 ' "/proc/$pid/limits"
	stop
	cat serve.out serve.err >>all
	[ "$(wc -l <all)" -ge 20 ]
	fails grep -Fqif wanted all
	tr -d ' :\n' <all >joined # a hex dump has blanks and lines
	fails grep -Fqif wanted joined
}
