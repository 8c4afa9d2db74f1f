#!/bin/sh
# Run test programs (cmocka), fuzz replays and bats files; print TAP and, as the last line, "N passed, N failed".
#   tests/run.sh build/tests/unit/coap_message tests/cli/gc-send.bats …
set -u
: "${BUILD:=build}"
export BUILD
log=$(mktemp) || exit 4
trap 'rm -f "$log"' EXIT
passed=0 failed=0

count() { # TAP on stdin is shown and counted; $1 = the command's own status, $2 its name
	cat "$log"
	ok=$(grep -c '^ok ' "$log")
	not_ok=$(grep -c '^not ok ' "$log")
	skipped=$(grep -c '^ok .*# skip' "$log")
	if [ "$skipped" -gt 0 ]; then
		echo "# $2: $skipped skipped"
		ok=$((ok - skipped))
		[ -z "${CI:-}" ] || not_ok=$((not_ok + skipped)) # nothing may be skipped in CI
	fi
	if [ "$1" -ne 0 ] && [ "$not_ok" -eq 0 ]; then
		echo "not ok - $2 ended with status $1"
		not_ok=1
	fi
	if [ "$ok" -eq 0 ] && [ "$not_ok" -eq 0 ]; then
		echo "not ok - $2 ran no test"
		not_ok=1
	fi
	passed=$((passed + ok))
	failed=$((failed + not_ok))
}

for program in "$@"; do
	echo "# $program"
	case $program in
	*.bats) bats --tap "$program" >"$log" 2>&1 ;;
	*/fuzz_*)
		name=${program##*/fuzz_}
		n=$(find "tests/fuzz/corpus/$name" -type f | wc -l)
		if [ "$n" -gt 0 ] && find "tests/fuzz/corpus/$name" -type f -print0 | xargs -0 "$program" >"$log" 2>&1; then
			echo "ok - $n inputs of $name" >>"$log"
		else
			echo "not ok - corpus of $name ($n inputs)" >>"$log"
		fi
		true ;;
	*) CMOCKA_MESSAGE_OUTPUT=TAP "$program" >"$log" 2>&1 ;;
	esac
	count $? "$program"
done
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
