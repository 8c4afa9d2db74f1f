# shellcheck shell=bash disable=SC2034 # used by those who source it
# Secure groups for bats files: contexts, members on loopback, requests. Source it in setup().

secure_setup() {
	local bin
	bin=$(realpath "${BUILD:-build}")
	SEND=$bin/gc-send SERVE=$bin/gc-serve KEYGEN=$bin/gc-keygen DECODE=$bin/gc-decode
	VECTORS=$(realpath "$BATS_TEST_DIRNAME/../vectors")
	DIR=$BATS_TEST_TMPDIR
	cd "$DIR" || return 1
	unset XDG_STATE_HOME
	export HOME=$DIR
	pid=
	# only lo is here: groups of both families go there
	if [ "$(ip -o link | wc -l)" -eq 1 ]; then
		ip link set lo multicast on
		ip -6 route replace local ff00::/8 dev lo
	fi
}

secure_teardown() {
	[ -z "$pid" ] || kill "$pid" 2>/dev/null || true
	[ -z "$pid" ] || wait "$pid" 2>/dev/null || true
}

group() { # DIR N [OPTION]…: a group "lights" of N members
	local dir=$1 members=$2
	shift 2
	"$KEYGEN" group lights --members "$members" --out "$dir" "$@"
}

contexts() { # DIR FIRST LAST: -g for each of these members
	local i
	for ((i = $2; i <= $3; i++)); do
		printf -- '-g\n%s/%02d.json\n' "$1" "$i"
	done
}

start() { # gc-serve in the background, ready
	: >serve.err
	"$SERVE" -i lo --leisure 0.02 "$@" >serve.out 2>serve.err 3>&- &
	pid=$!
	until grep -q '^ready' serve.err; do
		kill -0 "$pid" || { cat serve.err; return 1; }
	done
}

members() { # DIR N [OPTION]…: members 2 to N of the group of DIR, from 127.0.0.2 on
	local dir=$1 last=$2 files
	shift 2
	mapfile -t files < <(contexts "$dir" 2 "$last")
	start --bind 127.0.0.2 --members $((last - 1)) --group 224.0.1.187 "${files[@]}" "$@"
}

stop() { # [SIGNAL]: its status to $status
	kill -"${1:-TERM}" "$pid"
	status=0
	wait "$pid" || status=$?
	pid=
}

# stdout to out, stderr to err, status to $status
ask() {
	status=0
	timeout 30 "$SEND" -i lo "$@" >out 2>err </dev/null || status=$?
	echo "gc-send $*: status $status"
	cat out err
}

# how many lines of out are responses with these properties (a jq condition)
responses() {
	jq -c "select((.event == \"response\" or .event == \"notification\") and (${1:-true}))" out | wc -l
}

# a command that must fail: "!" would not fail a test
fails() {
	if "$@"; then
		return 1
	fi
}

# DIR GENERATION [FILE]…: new keys under the same name for these files of the group (default: all), each replaced at once, as gc-join does
rekey() {
	local dir=$1 generation=$2 file
	shift 2
	[ $# -gt 0 ] || set -- "$dir"/*.json
	for file in "$@"; do
		jq --arg gid "$(printf '%06x' "$generation")" --arg secret "$(printf '%032x' "$generation")" '.gid = $gid | .master_secret = $secret' "$file" |
			install -m 600 /dev/stdin "$file.new"
		mv "$file.new" "$file"
	done
}

# TEXT N FILE: N lines of the file have the text, within ten seconds
until_lines() {
	local patience=$((SECONDS + 10))
	until [ "$(grep -c -- "$1" "$3")" -ge "$2" ]; do
		[ "$SECONDS" -lt "$patience" ] || { cat "$3"; return 1; }
		read -rt 0.02 <> <(:) || true
	done
}
