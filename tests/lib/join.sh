# shellcheck shell=bash disable=SC2034 # used by those who source it
# An Authorization Server, a Group Manager with the group "lights", and members, for bats files. Everything lies in $DIR.
#   join_setup AS_ADDR GM_ADDR        registrations and configuration; sets GM_URI, AS_URI
#   as_start, gm_start [OPTION]…      in the background, ready; as_kill, gm_kill [SIGNAL]
#   client NAME ROLES                 a key, a registration, a policy
#   join NAME [OPTION]…               gc-join with --as; the context file is NAME.json
#   watch NAME [OPTION]…              gc-join watch in the background, ready; output in NAME.watch and NAME.watch.err
# ON HOST COMMAND… runs where HOST is; without namespaces it is here.
: "${JOIN_PATIENCE:=10}"

join_setup() {
	local bin
	bin=$(realpath "${BUILD:-build}")
	PATH=$bin:$PATH
	DIR=$BATS_TEST_TMPDIR
	cd "$DIR" || return 1
	AS_URI=coap://$1 GM_URI=coap://$2/ace-group/lights
	AS_BIND=$1 GM_BIND=$2
	pids=()
	gc-as --db as.db --uri "$AS_URI" rs add gm.example --out gm.as.json
	gc-keygen key --subject gm --out gm.key
	[ -s gm.json ] || echo '{ "as": "gm.as.json", "key": "gm.key", "groups": [ { "name": "lights" } ] }' >gm.json
}

join_teardown() {
	local pid
	for pid in "${pids[@]}"; do
		kill -KILL "$pid" 2>/dev/null || true
		wait "$pid" 2>/dev/null || true
	done
}

on() { # HOST COMMAND…
	shift
	"$@"
}

become() { # HOST COMMAND…: the same, in the place of this (sub)shell, so that signals reach the command
	shift
	exec "$@"
}

until_true() { # COMMAND…: within the patience
	local end=$((SECONDS + JOIN_PATIENCE))
	until "$@"; do
		[ "$SECONDS" -le "$end" ] || { echo "waited in vain: $*" >&2; return 1; }
		sleep 0.05
	done
}

has_line() { # PATTERN FILE
	grep -q "$1" "$2" 2>/dev/null
}

background() { # HOST NAME COMMAND…: output in NAME.log and NAME.err; its pid in $last_pid
	local host=$1 name=$2
	shift 2
	: >"$name.err"
	become "$host" "$@" >>"$name.log" 2>"$name.err" </dev/null 3>&- &
	last_pid=$!
	pids[last_pid]=$last_pid
	until_true has_line '^ready' "$name.err" || { cat "$name.err"; return 1; }
}

as_start() {
	background as as gc-as --db as.db --bind "$AS_BIND" "$@"
	as_pid=$last_pid
}

gm_start() {
	background gm gm gc-manager -c gm.json --db gm.db --bind "$GM_BIND" "$@"
	gm_pid=$last_pid
}

end_of() { # PID [SIGNAL]
	kill -"${2:-TERM}" "$1" 2>/dev/null || true
	wait "$1" 2>/dev/null || true
	unset "pids[$1]" # the number may become another process's
}
as_kill() { end_of "$as_pid" "${1:-TERM}"; }
gm_kill() { end_of "$gm_pid" "${1:-TERM}"; }

client() { # NAME ROLES
	gc-as --db as.db client add "$1" --out .
	gc-as --db as.db policy add "$1" lights "$2"
	gc-keygen key --subject "$1" --out "$1.key"
}

join() { # NAME ROLES [OPTION]…: its output to out and err, its status to $status
	local name=$1 roles=$2
	shift 2
	status=0
	on "$name" gc-join --gm "$GM_URI" --as "$AS_URI" --key "$name.key" --role "$roles" --out "$name.json" "$@" >out 2>err </dev/null || status=$?
	cat out err
}

run_join() { # HOST ARGUMENT…: any gc-join
	local host=$1
	shift
	status=0
	on "$host" gc-join "$@" >out 2>err </dev/null || status=$?
	echo "status $status"
	cat out err
}

watch() { # NAME [OPTION]…
	local name=$1
	shift
	background "$name" "$name.watch" gc-join watch "$name.json" "$@"
	watch_pid=$last_pid
}
