#!/bin/sh
# Run test programs (cmocka), fuzz replays and bats files, JOBS at a time; print TAP and, as the last line,
# "N passed, N failed". A skipped test is not a passed one, and in CI it is a failed one.
#   tests/run.sh build/tests/unit/coap_message tests/cli/gc-send.bats …
set -u
: "${BUILD:=build}" "${JOBS:=1}" "${TEST_TIMEOUT:=900}"
export BUILD TEST_TIMEOUT

replay() { # the corpus of one fuzz target is one test
	name=${1##*/fuzz_}
	n=$(find "tests/fuzz/corpus/$name" -type f 2>/dev/null | wc -l)
	if [ "$n" -gt 0 ] && find "tests/fuzz/corpus/$name" -type f -print0 | xargs -0 "$1"; then
		echo "ok - $n inputs of $name"
	else
		echo "not ok - corpus of $name ($n inputs)"
	fi
}

if [ "${1:-}" = --one ]; then # in a process of its own: $2 a directory for the counts, $3 the program
	dir=$2 program=$3
	log=$(mktemp "$dir/log.XXXXXX") || exit 1
	start=$(date +%s)
	case $program in
	*.bats) timeout -k 5 "$TEST_TIMEOUT" tests/isolate.sh bats --tap "$program" ;;
	*/fuzz_*) replay "$program" ;;
	*) CMOCKA_MESSAGE_OUTPUT=TAP timeout -k 5 "$TEST_TIMEOUT" "$program" ;;
	esac >"$log" 2>&1 </dev/null
	status=$?
	ok=$(grep -c '^ok ' "$log")
	not_ok=$(grep -c '^not ok ' "$log")
	skipped=$(grep -ci '^ok .*# skip' "$log")
	ok=$((ok - skipped))
	[ -z "${CI:-}" ] || not_ok=$((not_ok + skipped))
	{
		echo "# $program ($(($(date +%s) - start)) s)"
		cat "$log"
		[ "$skipped" -eq 0 ] || echo "# $program: $skipped skipped"
		if [ "$status" -ne 0 ] && [ "$not_ok" -eq 0 ]; then
			echo "not ok - $program ended with status $status"
			not_ok=1
		elif [ "$ok" -eq 0 ] && [ "$not_ok" -eq 0 ]; then
			echo "not ok - $program ran no test"
			not_ok=1
		fi
	} >"$log.shown"
	echo "$ok $not_ok $program" >>"$dir/counts"
	flock "$dir/lock" cat "$log.shown"
	exit 0
fi

[ $# -gt 0 ] || {
	echo "0 passed, 0 failed"
	exit 0
}
dir=$(mktemp -d) || exit 4
trap 'rm -rf "$dir"' EXIT
printf '%s\0' "$@" | xargs -0 -n 1 -P "$JOBS" "$0" --one "$dir"
if awk '$2 > 0 { exit 1 }' "$dir/counts"; then :; else
	echo "# failed in:"
	awk '$2 > 0 { print "#   " $3 " (" $2 ")" }' "$dir/counts"
fi
[ "$(wc -l <"$dir/counts")" -eq $# ] || echo "?? 1 a-program-that-vanished" >>"$dir/counts"
awk '{ passed += $1; failed += $2 } END { print passed + 0 " passed, " failed + 0 " failed"; exit failed > 0 }' "$dir/counts"
