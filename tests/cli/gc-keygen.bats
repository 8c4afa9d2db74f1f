#!/usr/bin/env bats
# What gc-keygen promises: keys, groups, members, what is shown and hidden, other tools' formats.

setup() {
	KEYGEN=$BATS_TEST_DIRNAME/../../${BUILD:-build}/gc-keygen
	VECTORS=$BATS_TEST_DIRNAME/../vectors
	cd "$BATS_TEST_TMPDIR" || return 1
}

run_keygen() { # stdout to out, stderr to err, status to $status
	status=0
	"$KEYGEN" "$@" >out 2>err </dev/null || status=$?
	echo "status $status"
	cat out err
}

@test "key: a pair and its CCS for every signature algorithm" {
	for alg in EdDSA:Ed25519:64 EdDSA:Ed448:114 ES256:P-256:64 ES384:P-384:96 ES512:P-521:132; do
		IFS=: read -r name curve private <<<"$alg"
		curve_option=()
		[ "$name" != EdDSA ] || curve_option=(--curve "$curve")
		run_keygen key --alg "$name" "${curve_option[@]}" --subject lamp-7 --out "$curve.key"
		[ "$status" -eq 0 ] && [ ! -s out ] && [ ! -s err ]
		[ "$(stat -c %a "$curve.key")" = 600 ]
		[ "$(jq -r .curve "$curve.key")" = "$curve" ]
		[ "$(jq -r .alg "$curve.key")" = "$name" ]
		[[ "$(jq -r .cred "$curve.key")" == a202666c616d702d3708a101* ]]
		[ "$(jq -r .private_key "$curve.key" | tr -d '\n' | wc -c)" -eq $((private == 114 ? 114 : private == 132 ? 132 : private)) ]
	done
	# never the same twice
	run_keygen key
	cp out first
	run_keygen key
	! cmp -s out first
}

@test "key: what is there is kept, unless --force" {
	echo mine >k
	run_keygen key --out k
	[ "$status" -eq 4 ] && [ "$(cat k)" = mine ]
	grep -q 'k: exists already (--force' err
	run_keygen key --out k --force
	[ "$status" -eq 0 ] && [ "$(jq -r .alg k)" = EdDSA ] && [ "$(stat -c %a k)" = 600 ]
	run_keygen key --out /nonexistent/k
	[ "$status" -eq 4 ]
	mkfifo pipe
	run_keygen key --out pipe --force
	[ "$status" -eq 4 ] && [ -p pipe ]
}

@test "group: one file a member, each knowing all others" {
	run_keygen group lights --members 3 --out demo
	[ "$status" -eq 0 ] && [ ! -s out ] && [ ! -s err ]
	[ "$(ls demo)" = "$(printf '01.json\n02.json\n03.json')" ]
	[ "$(stat -c %a demo demo/*.json | sort -u | tr '\n' ' ')" = "600 700 " ]
	for n in 01 02 03; do
		[ "$(jq -r .sender.id demo/$n.json)" = $n ]
		[ "$(jq -r '[.sender.id, .recipients[].id] | sort | join(" ")' demo/$n.json)" = "01 02 03" ]
	done
	# one group: the same secret, different keys
	[ "$(jq -r '.master_secret + .gid + .gm_cred' demo/*.json | sort -u | wc -l)" -eq 1 ]
	[ "$(jq -r .sender.private_key demo/*.json | sort -u | wc -l)" -eq 3 ]
	[ "$(jq -r '.recipients[0].cred' demo/01.json)" = "$(jq -r .sender.cred demo/02.json)" ]
	before=$(cat demo/* | sha256sum)
	run_keygen group lights --members 3 --out demo
	[ "$status" -eq 4 ] && [ "$before" = "$(cat demo/* | sha256sum)" ]
	run_keygen group lights --members 4 --out demo --force --gid 44616c --alg ES256 --group-enc-alg A128CTR --hkdf 'HMAC 512/512'
	[ "$status" -eq 0 ]
	[ "$(jq -r '[.gid, .sign_alg, .group_enc_alg, .hkdf, .ecdh_alg] | join(",")' demo/04.json)" = '44616c,ES256,A128CTR,HMAC 512/512,ECDH-SS + HKDF-512' ]
}

@test "group: many members, one mode, the other profiles" {
	run_keygen group big --members 300 --out big
	[ "$status" -eq 0 ]
	[ "$(jq -r .sender.id big/300.json)" = 012c ]
	run_keygen group g --members 2 --out g --aead-alg none
	[ "$status" -eq 0 ] && [ "$(jq -c '[.aead_alg, .ecdh_alg]' g/01.json)" = '[null,null]' ]
	run_keygen group p --members 2 --out p --group-enc-alg none
	[ "$status" -eq 0 ] && [ "$(jq -c '[.group_enc_alg, .sign_alg]' p/01.json)" = '[null,null]' ]
	run_keygen group o --members 2 --out o --profile oscore
	[ "$status" -eq 0 ] && [ "$(jq -r .profile o/01.json)" = oscore ] && [ "$(jq -r '.recipients[0].id' o/01.json)" = 02 ]
	run_keygen group l --members 2 --out l --profile group-oscore-02
	[ "$status" -eq 0 ]
	for file in g p o l; do
		run_keygen show $file/01.json --secrets
		[ "$status" -eq 0 ]
	done
}

@test "member: known to all, with keys of its own; a recipient by its credential" {
	run_keygen group lights --members 2 --out demo
	run_keygen member demo
	[ "$status" -eq 0 ]
	[ "$(jq -r .sender.id demo/03.json)" = 03 ]
	for n in 01 02; do
		[ "$(jq -r '.recipients[] | select(.id == "03").cred' demo/$n.json)" = "$(jq -r .sender.cred demo/03.json)" ]
	done
	run_keygen show demo/03.json
	[ "$status" -eq 0 ]
	run_keygen key --out k
	jq -r .cred k >cred.hex
	run_keygen member demo/01.json --id 77 --cred @cred.hex
	[ "$status" -eq 0 ] && [ "$(jq -r '.recipients[-1].id' demo/01.json)" = 77 ]
	run_keygen member demo/01.json --id 77 --cred @cred.hex
	[ "$status" -eq 3 ] && grep -q 'has it already' err
	run_keygen member demo/01.json --id 78 --cred zz
	[ "$status" -eq 3 ]
	run_keygen member demo/01.json
	[ "$status" -eq 2 ] && grep -q -- '--cred is missing' err
	mkdir empty
	run_keygen member empty
	[ "$status" -eq 3 ]
	run_keygen member nowhere
	[ "$status" -eq 3 ]
}

@test "show: secrets are hidden unless asked for, and agree with another implementation" {
	vector=$VECTORS/aiocoap/set1/group-ed25519-ccm-ccm.json
	run_keygen import --format vectors "$vector" --name client --out c.json
	[ "$status" -eq 0 ]
	run_keygen show c.json
	[ "$status" -eq 0 ]
	for secret in $(jq -r '.group.master_secret, .group.members[0].private_key, .derived.common_iv, .derived.sender_keys.client' "$vector"); do
		[ ${#secret} -ge 8 ]
		! grep -q "$secret" out err
	done
	grep -q '(hidden)' out
	run_keygen show c.json --json
	[ "$(jq 'has("master_secret") or .sender.private_key != null' out)" = false ]
	run_keygen show c.json --secrets --json
	[ "$(jq -r .common_iv out)" = "$(jq -r .derived.common_iv "$vector")" ]
	[ "$(jq -r .signature_encryption_key out)" = "$(jq -r .derived.signature_encryption_key "$vector")" ]
	[ "$(jq -r .sender.sender_key out)" = "$(jq -r .derived.sender_keys.client "$vector")" ]
	[ "$(jq -r '.recipients[0].recipient_key' out)" = "$(jq -r .derived.sender_keys.server1 "$vector")" ]
	[ "$(jq -r '.recipients[0].pairwise_sender_key' out)" = "$(jq -r '.derived.pairwise[] | select(.sender == "client" and .recipient == "server1").key' "$vector")" ]
	[ "$(jq -r '.recipients[0].pairwise_recipient_key' out)" = "$(jq -r '.derived.pairwise[] | select(.sender == "server1" and .recipient == "client").key' "$vector")" ]
	[ ! -e c.json.state ] # looking changes nothing
}

@test "import and export: what goes out comes in again" {
	run_keygen import --format vectors "$VECTORS/aiocoap/set1/oscore-ccm-idctx.json" --out o.json
	[ "$status" -eq 0 ]
	for format in aiocoap libcoap; do
		run_keygen export o.json --format $format --out o.$format
		[ "$status" -eq 0 ]
		run_keygen import --format $format o.$format --out $format.json
		[ "$status" -eq 0 ]
		cmp o.json $format.json
	done
	run_keygen export o.json --format wireshark
	[ "$status" -eq 0 ]
	[ "$(cut -d, -f1,2,5 out)" = '"00","01","401d9d9c59f0e61f"' ]
	run_keygen import --format vectors "$VECTORS/californium/ed25519-ccm-ccm-set1.json" --name server1 --out s.json
	[ "$status" -eq 0 ] && [ "$(jq -r '.gid + .sender.id' s.json)" = dd1152 ]
	run_keygen import --format vectors "$VECTORS/californium/ed25519-ccm-ccm-set1.json" --gid 44616c --out gid.json
	[ "$status" -eq 0 ] && [ "$(jq -r .gid gid.json)" = 44616c ]
	run_keygen export s.json --format vectors --out s.vectors
	run_keygen import --format vectors s.vectors --out t.json
	cmp <(jq 'del(.recipients[].name, .sender.name)' s.json) <(jq . t.json)
	run_keygen export s.json --format libcoap
	[ "$status" -eq 3 ] && grep -q 'cannot be said' err
	run_keygen import --format wireshark o.json --out w.json
	[ "$status" -eq 2 ]
	run_keygen import --format vectors s.vectors --name nobody --out n.json
	[ "$status" -eq 3 ] && [ ! -e n.json ]
	printf 'master_secret,hex,"00"\nsenderid,hex,"01"\n' >bad.conf
	run_keygen import --format libcoap bad.conf --out n.json
	[ "$status" -eq 3 ] && grep -q 'bad.conf:2:1: unknown keyword' err
}

@test "wrong files and wrong use" {
	run_keygen group lights --members 2 --out demo
	sed 's/"gm_cred": "a2/"gm_cred": "a2z/' demo/01.json >bad.json
	run_keygen show bad.json
	[ "$status" -eq 3 ] && grep -q '^gc-keygen: bad.json:[0-9]*:[0-9]*: gm_cred: ' err
	jq '.sender.private_key = .master_secret + .master_secret' demo/01.json >other.json
	chmod 600 other.json
	run_keygen show other.json
	[ "$status" -eq 3 ] && grep -q 'other.json:[0-9]*:[0-9]*: sender' err
	chmod 644 demo/01.json
	run_keygen show demo/01.json
	[ "$status" -eq 0 ] && grep -q 'mode 0644' err
	run_keygen show --strict demo/01.json
	[ "$status" -eq 3 ]
	run_keygen show nowhere.json
	[ "$status" -eq 3 ] && grep -q 'nowhere.json: No such file' err
	run_keygen
	[ "$status" -eq 2 ]
	run_keygen frobnicate
	[ "$status" -eq 2 ]
	run_keygen key --alg RS256
	[ "$status" -eq 2 ] && grep -q 'EdDSA, ES256' err
	run_keygen group x --members 2
	[ "$status" -eq 2 ] && grep -q -- '--out DIR is missing' err
	run_keygen group x --members 0 --out x
	[ "$status" -eq 2 ]
	run_keygen group x --members 2 --out x --group-enc-alg A128CBC
	[ "$status" -eq 2 ]
	run_keygen group x --members 2 --out x --group-enc-alg none --aead-alg none
	[ "$status" -eq 2 ]
	status=0
	"$KEYGEN" show demo/02.json >/dev/full 2>err || status=$?
	[ "$status" -eq 4 ]
}
