#!/bin/sh
# Do the rooms rest only on rooms below them, and do the libraries stay in theirs? One line a fault; status 1 if any.
# The picture is in libgc/README.md.
set -u
cd "$(dirname "$0")/.." || exit 4
faults=$(mktemp) || exit 4
trap 'rm -f "$faults"' EXIT

awk '
BEGIN {
	split("base:0 iana:1 cbor:1 crypto:1 coap:2 endpoint:3 cose:3 oscore:4 observe:5 ace:6 group:7", pairs, " ")
	for (i in pairs) { split(pairs[i], p, ":"); rank[p[1]] = p[2] }
	# the edge sees what its task needs and is seen by no room
	edge["net"] = " base iana coap endpoint "
	edge["capture"] = " base iana coap endpoint "
	edge["store"] = " base iana cbor crypto coap endpoint cose oscore ace "
}
{ split(FILENAME, path, "/"); room = path[2] }
FNR == 1 && !(room in rank) && !(room in edge) { print FILENAME ": unknown room \"" room "\"" }
/^[ \t]*#[ \t]*include[ \t]*"/ {
	split($0, q, "\""); to = q[2]
	if (to !~ /\//) { print FILENAME ":" FNR ": include \"" to "\" by its room"; next }
	sub(/\/.*/, "", to)
	if (to == room) next
	if (room in edge ? index(edge[room], " " to " ") : (to in rank) && rank[to] < rank[room]) next
	print FILENAME ":" FNR ": " room " may not rest on " to
}' libgc/*/*.[ch] >>"$faults"

only() { # $1 pattern of headers, $2 pattern of the files that may name them, $3 what to say
	grep -nE "^[[:space:]]*#[[:space:]]*include[[:space:]]*<($1)" libgc/*/*.[ch] tools/*.[ch] tools/*/*.[ch] 2>/dev/null |
		grep -vE "^($2)" | sed "s|\$|  -- $3|" >>"$faults"
}
only 'coap3/' 'libgc/coap/' 'libcoap stays in libgc/coap'
only 'cbor\.h|cbor/' 'libgc/cbor/' 'libcbor stays in libgc/cbor'
only 'sodium|nettle/|gmp\.h' 'libgc/crypto/' 'libsodium and nettle stay in libgc/crypto'
only 'pcap' 'libgc/capture/' 'libpcap stays in libgc/capture'
only 'jansson' 'libgc/store/' 'jansson stays in libgc/store'
only 'sqlite3' 'libgc/(store|ace)/' 'SQLite stays in libgc/store'
only 'histedit|editline|readline' 'tools/[^:]*' 'libedit stays in the tools'
[ "$(grep -lE '#[[:space:]]*include[[:space:]]*<(histedit|editline)' tools/*.c tools/*/*.c 2>/dev/null | wc -l)" -le 1 ] ||
	echo "tools: more than one file includes libedit" >>"$faults"

never() { # $1 pattern, $2 files, $3 what to say; comments are left out
	# shellcheck disable=SC2086 # a list of patterns
	grep -nE "$1" $2 2>/dev/null | grep -vE '^[^:]*:[0-9]+:[[:space:]]*(/?\*|//)' | sed "s|\$|  -- $3|" >>"$faults"
}
library='libgc/*/*.c'
core='libgc/iana/*.c libgc/cbor/*.c libgc/coap/*.c libgc/endpoint/*.c libgc/cose/*.c libgc/oscore/*.c libgc/observe/*.c libgc/ace/*.c libgc/group/*.c'
never '(^|[^a-zA-Z_])(v?printf|puts|putchar|perror)[[:space:]]*\(|[^a-z_](stderr|stdout)[^a-z_]' "$library" 'the library never prints'
never '(^|[^a-zA-Z_])(exit|_exit)[[:space:]]*\(' "$library" 'the library never exits'
never '(^|[^a-zA-Z_])(getenv|setlocale)[[:space:]]*\(' "$library" 'no environment, no locale in the library'
never '(^|[^a-zA-Z_.>])(socket|bind|sendto|recvfrom|sendmsg|recvmsg|open|fopen|clock_gettime|gettimeofday|time|getrandom|rand|random|sleep|usleep)[[:space:]]*\(' \
	"$core" 'protocol does no I/O and has no clock'
never '^typedef [^(]*;' 'libgc/*/*.[ch] tools/*.[ch] tools/*/*.[ch]' 'no typedef but of functions'

cat "$faults"
[ ! -s "$faults" ]
