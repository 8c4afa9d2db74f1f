#!/usr/bin/env bats
# Secure groups through real sockets: gc-keygen makes them, gc-serve's members answer, gc-send asks.

setup() {
	. "$BATS_TEST_DIRNAME/../lib/secure.sh"
	secure_setup
}

teardown() {
	secure_teardown
}

GROUP=coap://224.0.1.187

# --- who answers, and how it is shown -------------------------------------------------------------------------------

# @req C41 C83
@test "each answer names its sender; JSON has the security object" {
	group d 4
	members d 4
	ask -g d/01.json -n 3 $GROUP/hello
	[ "$status" -eq 0 ]
	for i in 2 3 4; do
		grep -Eq "^127\.0\.0\.$i:5683  0$i lights-0$i  2\.05 Content  [0-9.]+ ms  hello from 127\.0\.0\.$i$" out
	done
	[ "$(wc -l <out)" -eq 3 ]
	ask -g d/01.json -n 3 --json $GROUP/hello
	[ "$status" -eq 0 ]
	gid=$(jq -r .gid d/01.json)
	for i in 2 3 4; do
		jq -c --arg i "$i" 'select(.from == "127.0.0." + $i + ":5683") | .security | del(.piv)' out |
			grep -Fx "{\"profile\":\"group-oscore\",\"mode\":\"group\",\"gid\":\"$gid\",\"kid\":\"0$i\",\"subject\":\"lights-0$i\",\"verified\":true}"
	done
	jq -e 'select(.event == "summary") | .responses == 3 and .responders == 3 and .failed == 0' out
	# each member has a sequence number space of its own, and a client with another context is another member
	ask -g d/03.json --json -n 2 $GROUP/hello
	[ "$status" -eq 0 ]
	[ "$(responses '.security.kid == "02" or .security.kid == "04"')" -eq 2 ]
}

# @req C51 C52 C55 C75
@test "one member: in pairwise mode with --pairwise, else in group mode; nobody else can read it" {
	group d 3
	members d 3 --pcap serve.pcap
	ask -g d/01.json --json --pairwise 02 coap://127.0.0.2/hello
	[ "$status" -eq 0 ]
	[ "$(responses '.security.mode == "pairwise" and .security.kid == "02" and .security.verified')" -eq 1 ]
	ask -g d/01.json --json coap://127.0.0.2/hello
	[ "$status" -eq 0 ]
	[ "$(responses '.security.mode == "group" and .security.kid == "02"')" -eq 1 ]
	# member 03 gets what is for 02: it has no such key
	ask -g d/01.json --json --pairwise 02 -N -t 0.3 coap://127.0.0.3/hello
	[ "$status" -eq 5 ] || [ "$status" -eq 1 ]
	[ "$(responses)" -eq 0 ]
	# over multicast it reaches only the one it is for (draft, Section 8)
	ask -g d/01.json --json --pairwise 03 -t 0.3 $GROUP/hello
	[ "$status" -eq 0 ]
	[ "$(responses)" -eq 1 ]
	[ "$(responses '.security.kid == "03" and .security.mode == "pairwise"')" -eq 1 ]
	# nothing of it is readable on the wire
	[ "$(strings -a serve.pcap | grep -c hello)" -eq 0 ]
}

# @req C41 C76 C77
@test "--answer: group and pairwise answers are both taken" {
	group d 3
	for mode in group pairwise as-asked; do
		members d 3 --answer $mode
		ask -g d/01.json --json -n 2 $GROUP/hello
		[ "$status" -eq 0 ]
		expected=$mode
		[ $mode != as-asked ] || expected=group
		[ "$(responses ".security.mode == \"$expected\" and .security.verified")" -eq 2 ]
		ask -g d/01.json --json --pairwise 02 coap://127.0.0.2/hello
		[ "$status" -eq 0 ]
		[ $mode != as-asked ] || expected=pairwise
		[ "$(responses ".security.mode == \"$expected\" and .security.kid == \"02\"")" -eq 1 ]
		stop
		[ "$status" -eq 0 ]
	done
	# two kinds in one group
	members d 2 --answer pairwise
	other=$pid
	cp serve.err serve1.err
	start --bind 127.0.0.3 --group 224.0.1.187 -g d/03.json --answer group
	ask -g d/01.json --json -n 2 $GROUP/hello
	kill "$other"
	wait "$other"
	jq -e 'select(.event == "summary") | .responders == 2' out
	[ "$(responses '.security.mode == "pairwise" and .security.kid == "02"')" -eq 1 ]
	[ "$(responses '.security.mode == "group" and .security.kid == "03"')" -eq 1 ]
}

@test "who should answer: the members of the context, or a roster of Sender IDs; the missing are named" {
	group d 4
	members d 4
	ask -g d/01.json --roster members $GROUP/hello
	[ "$status" -eq 0 ]
	[ "$(wc -l <out)" -eq 3 ]
	stop
	members d 3 # 04 is away
	ask -g d/01.json --roster members -t 0.4 $GROUP/hello
	[ "$status" -eq 1 ]
	grep -q '04 lights-04' err
	fails grep -q '03 lights-03' err
	printf '02 door\n# a comment\n04 window\n' >roster
	ask -g d/01.json --roster roster --json -t 0.4 $GROUP/hello
	[ "$status" -eq 1 ]
	grep -q '04 window' err
	jq -c 'select(.event == "missing")' out | grep -q '"04"'
	printf '02 door\n03\n' >roster
	ask -g d/01.json --roster roster $GROUP/hello
	[ "$status" -eq 0 ]
}

@test "large bodies: from each member to a file, and block-wise to each with --each" {
	group d 4
	members d 4 --resource store=old
	ask -g d/01.json -n 3 --out bodies $GROUP/large
	[ "$status" -eq 0 ]
	[ "$(cd bodies && echo *)" = '127.0.0.2_5683 127.0.0.3_5683 127.0.0.4_5683' ]
	for i in 2 3 4; do
		ask -g d/01.json --raw coap://127.0.0.$i/large
		[ "$(wc -c <out)" -eq 2048 ]
		cmp out bodies/127.0.0.${i}_5683
	done
	seq 100000 | head -c 1900 >body
	ask -g d/01.json -p @body $GROUP/store
	[ "$status" -ne 0 ] # one datagram cannot carry it
	[ ! -s out ]
	ask -g d/01.json -t 0.5 --json --each -p @body $GROUP/store
	[ "$status" -eq 0 ]
	[ "$(responses '.code == "2.04" and .security.verified')" -eq 3 ]
	for i in 2 3 4; do
		ask -g d/01.json --raw --pairwise 0$i coap://127.0.0.$i/store
		cmp out body
	done
}

# @req B60 B61 B62 B63 C83 C89 C92
@test "notifications of a group and of one member: verified, each newer than the one before" {
	group d 3
	members d 3 --tick 0.1
	# a registration needs a moment, four notifications from each at 0.1 s come long before the end
	ask -g d/01.json --json --observe -t 1.5 $GROUP/time
	[ "$status" -eq 0 ]
	for kid in 02 03; do
		[ "$(responses ".security.kid == \"$kid\" and .security.verified and .event == \"notification\"")" -ge 4 ]
		# the first has no Partial IV of its own, but the request's; those behind it go up
		jq -r "select(.event == \"notification\" and .security.kid == \"$kid\") | .security.piv" out | sed 1d >pivs
		[ "$(wc -l <pivs)" -ge 3 ]
		perl -e 'my $last = -1; while (<>) { my $n = hex; exit 1 if $n <= $last; $last = $n }' pivs
	done
	jq -e 'select(.event == "summary") | (.stale // 0) == 0 and .failed == 0 and .responders == 2' out
	ask -g d/01.json --json --observe --pairwise 03 -t 0.7 coap://127.0.0.3/time
	[ "$status" -eq 0 ]
	[ "$(responses '.security.mode == "pairwise" and .security.kid == "03"')" -ge 3 ]
	jq -e 'select(.event == "summary") | (.stale // 0) == 0 and .failed == 0' out
}

# @req C66
@test "--repeat sends the same protected bytes again: those who have answered do not do so twice" {
	group d 3
	members d 3 --json
	ask -g d/01.json --json --pcap repeat.pcap --repeat 1@0.1 -t 0.5 $GROUP/hello
	[ "$status" -eq 0 ]
	[ "$(responses)" -eq 2 ]
	tshark -r repeat.pcap -Y 'ip.dst == 224.0.1.187' -T fields -e udp.payload 2>/dev/null | cut -c9- >sent # without the Message ID
	[ "$(wc -l <sent)" -eq 2 ]
	[ "$(sort -u sent | wc -l)" -eq 1 ]
}

@test "No-Response and errors: as without protection" {
	group d 3
	members d 3
	ask -g d/01.json --no-response all -t 0.3 -p on $GROUP/light
	[ "$status" -eq 0 ] || [ "$status" -eq 1 ]
	[ ! -s out ]
	ask -g d/01.json --json coap://127.0.0.2/light
	[ "$(responses '.payload.text == "on"')" -eq 1 ] # it was done
	ask -g d/01.json --json coap://127.0.0.2/nothing
	[ "$status" -eq 1 ]
	[ "$(responses '.code == "4.04" and .security.verified')" -eq 1 ]
	ask -g d/01.json --json -t 0.3 $GROUP/nothing # a group is silent about errors
	[ "$status" -eq 1 ]
	[ "$(responses)" -eq 0 ]
}

# --- the other profiles ---------------------------------------------------------------------------------------------

# @req B23 B24 B27 B62
@test "OSCORE: one server, and a group whose members share one context" {
	"$KEYGEN" group two --profile oscore --members 2 --out two
	start --bind 127.0.0.2 --group 224.0.1.187 -g two/02.json
	ask -g two/01.json --json coap://127.0.0.2/hello
	[ "$status" -eq 0 ]
	[ "$(responses '.security.profile == "oscore" and .security.mode == "oscore" and .security.verified')" -eq 1 ]
	seq 100000 | head -c 1900 >body
	ask -g two/01.json --json -m put -p on coap://127.0.0.2/light
	[ "$status" -eq 0 ]
	ask -g two/01.json --raw coap://127.0.0.2/large
	[ "$(wc -c <out)" -eq 2048 ]
	stop
	# over multicast: a context for each member, the same keys for all would be the same nonces
	"$KEYGEN" group knx --profile oscore --members 4 --out knx
	members knx 4
	ask -g knx/01.json --json -n 3 $GROUP/hello
	[ "$status" -eq 0 ]
	[ "$(responses '.security.profile == "oscore" and .security.verified')" -eq 3 ]
	[ "$(jq -r 'select(.event == "response") | .security.kid' out | sort -u | wc -l)" -eq 3 ]
}

# @req B25 B26 B32
@test "OSCORE: tshark decrypts the exchange with an exported context, and agrees with gc-decode" {
	"$KEYGEN" group two --profile oscore --members 2 --out two
	"$KEYGEN" export --format wireshark two/01.json >uat
	start --bind 127.0.0.2 --no-group -g two/02.json --resource 'a/b=some text'
	ask -g two/01.json --pcap two.pcap coap://127.0.0.2/hello
	ask -g two/01.json --pcap put.pcap -p 42 coap://127.0.0.2/light
	ask -g two/01.json --pcap ab.pcap coap://127.0.0.2/a/b
	for capture in two put ab; do
		tshark -r $capture.pcap -o "uat:oscore_contexts:$(cat uat)" -T fields -E separator='|' -e oscore.code -e oscore.opt.uri_path 2>/dev/null |
			awk -F'|' '{ printf "%d.%02d|%s\n", int($1 / 32), $1 % 32, $2 }' >theirs
		"$DECODE" -g two/01.json --json $capture.pcap |
			jq -r '.inner.code + "|" + ([.inner.options[]? | select(.number == 11) | .value] | join(","))' >ours
		cat theirs
		[ "$(wc -l <theirs)" -eq 2 ]
		cmp ours theirs
	done
	tshark -r two.pcap -o "uat:oscore_contexts:$(cat uat)" -V 2>/dev/null | grep -q 'hello from 127.0.0.2'
	fails grep -qa 'hello from' two.pcap
}

# @req D1 D5 D6 D15
@test "group-oscore-02: the wire format of the draft's version 02" {
	group old 3 --profile group-oscore-02
	members old 3
	ask -g old/01.json --json -n 2 $GROUP/hello
	[ "$status" -eq 0 ]
	[ "$(responses '.security.profile == "group-oscore-02" and .security.verified')" -eq 2 ]
	ask -g old/01.json --json -p off coap://127.0.0.3/light
	[ "$status" -eq 0 ]
	[ "$(responses '.security.kid == "03"')" -eq 1 ]
	# the two formats do not mix
	jq '.profile = "group-oscore"' old/01.json >new.json
	chmod 600 new.json
	ask -g new.json --json -t 0.3 $GROUP/hello
	[ "$status" -ne 0 ]
	[ "$(responses)" -eq 0 ]
}

# @req C3
@test "a silent server does what it is asked, and answers nothing" {
	group d 2
	jq 'del(.sender)' d/02.json >silent.json
	chmod 600 silent.json
	start --bind 127.0.0.2 --group 224.0.1.187 -g silent.json --json
	ask -g d/01.json --pcap sent.pcap -t 0.3 -p on $GROUP/light
	[ "$status" -eq 1 ]
	[ ! -s out ]
	[ "$("$DECODE" sent.pcap | grep -c .)" -eq 1 ] # the request, no answer of any kind
	ask -g d/01.json -N -t 0.3 -p 55 coap://127.0.0.2/light
	[ "$status" -eq 1 ]
	stop
	cat serve.out serve.err
	[ "$(jq -c 'select(.method == "PUT" or .request == "PUT" or (tostring | test("PUT|0.03")))' serve.out | wc -l)" -eq 2 ]
}

# --- interoperation within the suite --------------------------------------------------------------------------------

# one group with these algorithms, asked over both families, answered in both modes; $1 signature, $2 group encryption
combination() {
	rm -rf d
	group d 3 --alg "$1" --group-enc-alg "$2" ${3:+--aead-alg "$3"}
	for mode in group pairwise; do
		start --bind 127.0.0.2 --bind ::1 --group 224.0.1.187 --group '[ff05::fd]' -g d/02.json --answer $mode
		for uri in $GROUP/hello 'coap://[ff05::fd%lo]/hello'; do
			ask -g d/01.json --json -n 1 $uri >said
			if [ "$status" -ne 0 ] || [ "$(responses ".security.mode == \"$mode\" and .security.verified and .security.kid == \"02\"")" -ne 1 ]; then
				cat said
				return 1
			fi
			count=$((count + 1))
		done
		stop
	done
}

# @req C12 C14 C43 C132 C133
@test "EdDSA and ES256 groups, each group encryption algorithm, group and pairwise answers, IPv4 and IPv6" {
	count=0
	for sign in EdDSA ES256; do
		for enc in AES-CCM-16-64-128 AES-CCM-16-64-256 AES-CCM-64-64-128 AES-CCM-64-64-256 AES-CCM-16-128-128 AES-CCM-16-128-256 \
			AES-CCM-64-128-128 AES-CCM-64-128-256 A128GCM A192GCM A256GCM ChaCha20/Poly1305 A128CTR A192CTR A256CTR; do
			combination $sign $enc
		done
	done
	[ "$count" -eq 120 ]
}

# --- what is refused ------------------------------------------------------------------------------------------------

# @req C60 C73
@test "another group's keys: nobody answers; an unprotected request: 4.01 from one server, silence from a group" {
	group d 3
	group other 2
	members d 3 --json
	ask -g other/01.json --json -t 0.3 $GROUP/hello
	[ "$status" -eq 1 ]
	[ "$(responses)" -eq 0 ]
	ask -g other/01.json --json coap://127.0.0.2/hello
	[ "$status" -eq 5 ]
	[ "$(responses)" -eq 0 ]
	grep -q '^gc-send: 127.0.0.2:5683: response refused: ' err
	# the same Gid, another secret
	jq --arg s 00112233445566778899aabbccddeeff '.master_secret = $s' d/01.json >forged.json
	chmod 600 forged.json
	ask -g forged.json --json -t 0.3 $GROUP/hello
	[ "$status" -eq 1 ]
	[ "$(responses)" -eq 0 ]
	ask --json coap://127.0.0.2/hello
	[ "$status" -eq 1 ]
	[ "$(responses '.code == "4.01" and (has("security") | not)')" -eq 1 ]
	ask --json -t 0.3 $GROUP/hello
	[ "$status" -eq 1 ]
	[ "$(responses)" -eq 0 ]
	ask --json -t 0.3 -p on $GROUP/light
	ask -g d/01.json --json coap://127.0.0.2/light
	[ "$(responses '.payload.text == "off"')" -eq 1 ] # not done
}

# @req C71 C72
@test "a server whose credential is another: its answer is refused and never shown, status 5" {
	group d 3
	group other 3
	# what member 01 believes of 02 is the credential of another 02
	jq --slurpfile other other/01.json '(.recipients[] | select(.id == "02")).cred = ($other[0].recipients[] | select(.id == "02")).cred' d/01.json >tampered.json
	chmod 600 tampered.json
	members d 3
	ask -g tampered.json --json -t 0.4 $GROUP/hello
	[ "$status" -eq 5 ]
	[ "$(responses)" -eq 1 ] # 03
	[ "$(responses '.security.kid == "03"')" -eq 1 ]
	fails grep -q 'hello from 127.0.0.2' out
	grep -q '^gc-send: 127.0.0.2:5683: response refused: .*kid 02' err
	jq -es 'any(.[]; .event == "insecure" and .security.verified == false and .from == "127.0.0.2:5683" and (has("payload") | not))' out
	jq -e 'select(.event == "summary") | .failed == 1 and .responders == 1' out
	# a client that the server knows with another credential is not answered
	jq --slurpfile other other/03.json '(.recipients[] | select(.id == "01")).cred = ($other[0].recipients[] | select(.id == "01")).cred' d/03.json >d/03b.json
	chmod 600 d/03b.json
	stop
	start -v --bind 127.0.0.3 --group 224.0.1.187 -g d/03b.json
	ask -g d/01.json --json -t 0.3 $GROUP/hello
	[ "$status" -eq 1 ]
	[ "$(responses)" -eq 0 ]
	stop
	grep -q '1 not verified' serve.err
}

# @req B54
@test "a server without protection: what it says is not an answer, status 5" {
	group d 3
	coap-server-notls -A 127.0.0.9 >coap.out 2>&1 3>&- &
	pid=$!
	until coap-client-notls -B 1 coap://127.0.0.9/ 2>/dev/null | grep -q test; do
		kill -0 "$pid"
	done
	ask -g d/01.json --json --pairwise 02 coap://127.0.0.9/
	[ "$status" -eq 5 ]
	[ "$(responses)" -eq 0 ]
	grep -q '^gc-send: 127.0.0.9:5683: response refused: ' err
	secure_teardown
	# ours without contexts, in a group: refused, too
	start --bind 127.0.0.2 --group 224.0.1.187
	ask -g d/01.json --json coap://127.0.0.2/hello
	[ "$status" -eq 5 ]
	[ "$(responses)" -eq 0 ]
}

@test "--also-plain: those without keys are answered, too, and keys are still keys" {
	group d 2
	start --bind 127.0.0.2 --group 224.0.1.187 -g d/02.json --also-plain
	ask --json coap://127.0.0.2/hello
	[ "$status" -eq 0 ]
	[ "$(responses 'has("security") | not')" -eq 1 ]
	ask -g d/01.json --json coap://127.0.0.2/hello
	[ "$status" -eq 0 ]
	[ "$(responses '.security.verified')" -eq 1 ]
}

@test "contexts that cannot be served: status 2, 3 or 4, one line" {
	group d 3
	chmod 644 d/03.json
	cp d/02.json same.json
	chmod 600 same.json
	while IFS='|' read -r expected arguments pattern; do
		status=0
		eval "timeout 5 '$SERVE' -i lo $arguments" >out 2>err || status=$?
		echo "$arguments: $status"
		cat out err
		[ "$status" -eq "$expected" ]
		[ ! -s out ]
		grep -Eq "^gc-serve: .*$pattern" err
		fails grep -q '^ready' err
	done <<'TABLE'
2|--bind 127.0.0.2 --members 2 -g d/01.json|context file each
3|--bind 127.0.0.2 --members 2 -g d/02.json -g same.json|same Sender ID
3|--bind 127.0.0.2 -g nosuch.json|nosuch.json
3|--bind 127.0.0.2 --strict -g d/03.json|d/03.json.*644
2|--bind 127.0.0.2 --answer group|-g
2|--bind 127.0.0.2 --answer nonsense -g d/02.json|--answer nonsense
TABLE
}

# --- replays --------------------------------------------------------------------------------------------------------

# the UDP payloads of the packets to $1 in a capture, in hexadecimal
payloads_to() {
	tshark -r "$2" -Y "ip.dst == $1" -T fields -e udp.payload 2>/dev/null
}

# send these bytes to 127.0.0.2:5683, from a port that nobody reads
resend() {
	perl -MIO::Socket::INET -e '
	  my $socket = IO::Socket::INET->new(Proto => "udp", LocalAddr => "127.0.0.1", PeerAddr => "127.0.0.2:5683") or die;
	  $socket->send(pack("H*", $ARGV[0])) or die;
	  # whatever comes within the time that answers take
	  my $ready = ""; vec($ready, fileno($socket), 1) = 1;
	  if (select($ready, undef, undef, $ARGV[1])) { $socket->recv(my $answer, 2048); print unpack("H*", $answer // ""), "\n" }' "$1" "$2"
}

# @req B10 B49 B53 C100 C102 C103 C104 C105
@test "killed: the next request is challenged by Echo and gets through; ended in order: no challenge, a replay does nothing" {
	group d 2
	start -v --bind 127.0.0.2 --group 224.0.1.187 -g d/02.json
	ask -g d/01.json --json -p on coap://127.0.0.2/light
	[ "$status" -eq 0 ]
	stop KILL
	start -v --bind 127.0.0.2 --group 224.0.1.187 -g d/02.json
	ask -g d/01.json --json --pcap killed.pcap coap://127.0.0.2/hello
	[ "$status" -eq 0 ]
	[ "$(responses '.security.verified and .code == "2.05"')" -eq 1 ]
	[ "$(payloads_to 127.0.0.2 killed.pcap | wc -l)" -eq 2 ] # asked again with Echo
	stop TERM
	[ "$status" -eq 0 ]
	grep -q ' 1 challenged' serve.err

	start -v --bind 127.0.0.2 --group 224.0.1.187 -g d/02.json
	ask -g d/01.json --json --pcap orderly.pcap -p 77 coap://127.0.0.2/light
	[ "$status" -eq 0 ]
	[ "$(payloads_to 127.0.0.2 orderly.pcap | wc -l)" -eq 1 ]
	stop TERM
	grep -q ' 0 challenged' serve.err

	# the request of that run once more, to a server that has begun anew: it has kept the windows
	start -v --bind 127.0.0.2 --group 224.0.1.187 -g d/02.json --json
	request=$(payloads_to 127.0.0.2 orderly.pcap)
	resend "$request" 1 >answer
	cat answer
	# an error without protection or nothing; never the 2.04 with which it was answered
	fails grep -Eq '^..4[45]' answer
	ask -g d/01.json --json coap://127.0.0.2/light
	[ "$(responses '.payload.text != "77"')" -eq 1 ] # not done
	stop TERM
	grep -q '1 not verified' serve.err
	# and over multicast after a kill
	start -v --bind 127.0.0.2 --group 224.0.1.187 -g d/02.json
	stop KILL
	start -v --bind 127.0.0.2 --group 224.0.1.187 -g d/02.json
	ask -g d/01.json --json -n 1 $GROUP/hello
	[ "$status" -eq 0 ]
	[ "$(responses '.security.verified and .code == "2.05"')" -eq 1 ]
}
