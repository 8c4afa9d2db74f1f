# shellcheck shell=bash
# Hosts for tests: network namespaces on one bridge, each with eth0, IPv4 10.77.0.N/24 and IPv6 fd77::N/64 and fe80::N.
# Works as root and, through a user namespace, as anybody. Everything waits for readiness; nothing sleeps a fixed time.
#   netns_up 3                        hosts 1, 2, 3
#   netns_start 2 NAME COMMAND…       in the background on host 2; output in $NETNS/NAME.out and .err
#   netns_status NAME                 wait for its end; prints its exit status
#   netns_stop NAME [SIGNAL]          end it
#   netns_wait_udp 2 5683             until a socket on host 2 has that UDP port
#   netns_exec 1 COMMAND…             on host 1, in the foreground
#   netns_down                        ends what was started and the hosts
# State lies in files under $NETNS (default: the bats file's directory), so that setup_file, the tests and teardown_file share it.
: "${BUILD:=build}"
: "${NETNS:=${BATS_FILE_TMPDIR:?}/netns}"
: "${NETNS_PATIENCE:=20}" # seconds until a wait gives up

_netns_until() { # _netns_until WHAT COMMAND…: try until it succeeds
	local what=$1 end=$((SECONDS + NETNS_PATIENCE))
	shift
	until "$@" 2>/dev/null; do
		if [ "$SECONDS" -gt "$end" ]; then
			echo "netns: waited $NETNS_PATIENCE s in vain: $what" >&2
			return 1
		fi
		sleep 0.02
	done
}

_netns_enter() { # _netns_enter PID COMMAND…: join the namespaces of a holder
	local pid=$1
	shift
	if [ "$(id -u)" -eq 0 ]; then
		exec nsenter -t "$pid" -n -- "$@"
	else
		exec nsenter -t "$pid" -U --preserve-credentials -n -- "$@"
	fi
}

_netns_is_apart() { # the holder has left our namespace and runs its sleep
	[ "$(readlink "/proc/$1/ns/net")" != "$(readlink /proc/$$/ns/net)" ] && [ "$(cat "/proc/$1/comm")" = sleep ] &&
		{ [ -z "${2:-}" ] || [ "$(readlink "/proc/$1/ns/net")" != "$(readlink "/proc/$2/ns/net")" ]; }
}

netns_pid() { cat "$NETNS/$1.pid"; } # netns_pid HOST: its holder

netns_exec() { # netns_exec HOST COMMAND…
	local host=$1
	shift
	(_netns_enter "$(netns_pid "$host")" "$@")
}

netns_start() { # netns_start HOST NAME COMMAND…
	local host=$1 name=$2
	shift 2
	rm -f "$NETNS/$name.job" "$NETNS/$name.status"
	{
		(_netns_enter "$(netns_pid "$host")" "$@") >"$NETNS/$name.out" 2>"$NETNS/$name.err" </dev/null &
		echo $! >"$NETNS/$name.job"
		wait $!
		echo $? >"$NETNS/$name.status"
	} >/dev/null 2>&1 </dev/null 3>&- &
	_netns_until "start of $name" test -s "$NETNS/$name.job"
}

netns_status() { # netns_status NAME: wait for the end of one that was started; its exit status
	_netns_until "end of $1" test -s "$NETNS/$1.status" && cat "$NETNS/$1.status"
}

netns_stop() { # netns_stop NAME [SIGNAL]: end one that was started and wait for it
	local pid
	pid=$(cat "$NETNS/$1.job") || return 1
	rm -f "$NETNS/$1.job"
	kill -"${2:-TERM}" "$pid" 2>/dev/null || true
	if ! _netns_until "end of $1" _netns_is_gone "$pid"; then
		kill -KILL "$pid"
		return 1
	fi
}

_netns_is_gone() { [ ! -d "/proc/$1" ] || grep -q '^State:[[:space:]]*Z' "/proc/$1/status"; }

_netns_has_udp() { # a socket of that port in the host's tables, which need no privilege to read
	local port
	port=$(printf '%04X' "$2")
	cat "/proc/$(netns_pid "$1")/net/udp" "/proc/$(netns_pid "$1")/net/udp6" |
		awk -v port="$port" '{ n = split($2, part, ":"); if (part[n] == port) found = 1 } END { exit !found }'
}

netns_wait_udp() { # netns_wait_udp HOST PORT
	_netns_until "UDP port $2 on host $1" _netns_has_udp "$1" "$2"
}

netns_wait_line() { # netns_wait_line FILE PATTERN
	_netns_until "'$2' in $1" grep -q -- "$2" "$1" && return
	tail -n 20 "$1" >&2
	return 1
}

netns_up() { # netns_up COUNT
	local count=$1 n lab pid unshare=(unshare -n)
	mkdir -p "$NETNS"
	[ "$(id -u)" -eq 0 ] || unshare=(unshare -rn)
	# the bridge has a namespace of its own: the caller's network is never touched
	"${unshare[@]}" sleep 1800 </dev/null >/dev/null 2>"$NETNS/0.err" 3>&- &
	lab=$!
	echo "$lab" >"$NETNS/0.pid"
	if ! _netns_until "a network namespace" _netns_is_apart "$lab"; then
		cat "$NETNS/0.err" >&2
		return 1
	fi
	for ((n = 1; n <= count; n++)); do
		(_netns_enter "$lab" unshare -n sleep 1800) </dev/null >/dev/null 2>&1 3>&- &
		echo $! >"$NETNS/$n.pid"
	done
	{
		echo "link set lo up"
		echo "link add br0 type bridge forward_delay 0 mcast_snooping 0"
		echo "link set br0 up"
		for ((n = 1; n <= count; n++)); do
			pid=$(netns_pid "$n")
			_netns_until "host $n" _netns_is_apart "$pid" "$lab" || return 1
			echo "link add v$n type veth peer name eth0 netns $pid"
			echo "link set v$n master br0 up"
		done
	} >"$NETNS/0.ip"
	netns_exec 0 ip -batch "$NETNS/0.ip" || return 1
	for ((n = 1; n <= count; n++)); do
		# addresses without duplicate address detection: usable at once
		cat >"$NETNS/$n.ip" <<-EOI
			link set lo up
			link set eth0 addrgenmode none
			link set eth0 up
			addr add 10.77.0.$n/24 dev eth0
			addr add fd77::$(printf %x "$n")/64 dev eth0 nodad
			addr add fe80::$(printf %x "$n")/64 dev eth0 nodad
			route add 224.0.0.0/4 dev eth0
		EOI
		netns_exec "$n" ip -batch "$NETNS/$n.ip" || return 1
	done
	for ((n = 1; n <= count; n++)); do
		_netns_until "eth0 of host $n" _netns_is_linked "$n" || return 1
	done
}

_netns_is_linked() { # carrier, and no address that is still tentative
	netns_exec "$1" ip -o link show dev eth0 | grep -q LOWER_UP &&
		[ -z "$(netns_exec "$1" ip -o -6 addr show tentative)" ]
}

netns_down() {
	local file pid
	for file in "$NETNS"/*.job; do
		[ -e "$file" ] && netns_stop "$(basename "$file" .job)"
	done
	for file in "$NETNS"/*.pid; do
		[ -e "$file" ] || continue
		pid=$(cat "$file")
		rm -f "$file"
		kill "$pid" 2>/dev/null || true
		_netns_until "end of host" _netns_is_gone "$pid"
	done
	return 0
}

netns_link() { # netns_link A B NAME: one more link, between two hosts alone, without addresses but fe80::A and fe80::B
	local pair=("$1" "$2") host
	netns_exec "$1" ip link add "$3" type veth peer name "$3" netns "$(netns_pid "$2")" || return 1
	for host in "${pair[@]}"; do
		netns_exec "$host" ip link set "$3" addrgenmode none
		netns_exec "$host" ip link set "$3" up
		netns_exec "$host" ip addr add "fe80::$(printf %x "$host")/64" dev "$3" nodad
	done
	_netns_until "link $3" netns_exec "$1" sh -c "ip -o link show dev $3 | grep -q LOWER_UP"
}
