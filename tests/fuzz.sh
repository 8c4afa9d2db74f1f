#!/bin/sh
# tests/fuzz.sh SECONDS JOBS TARGET…: run libFuzzer targets; what grows is kept in $FUZZ_DIR, findings too.
# TAP on stdout, "N passed, N failed" last.
set -u
if [ "$1" = --one ]; then
	seconds=$2 target=$3
	name=${target##*/fuzz_}
	corpus=$FUZZ_DIR/$name findings=$FUZZ_DIR/$name-findings log=$FUZZ_DIR/$name.log
	mkdir -p "$corpus" "$findings"
	if "$target" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 -artifact_prefix="$findings/" -print_final_stats=1 \
		"$corpus" "tests/fuzz/corpus/$name" >"$log" 2>&1; then
		runs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")
		memory=$(sed -n 's/^stat::peak_rss_mb: *//p' "$log")
		echo "ok - $name: $runs inputs in $seconds s, $(find "$corpus" -type f | wc -l) kept, peak $memory MB"
	else
		tail -n 40 "$log" | sed 's/^/# /'
		echo "not ok - $name: see $log and $findings"
	fi
	exit 0
fi
seconds=$1 jobs=$2
shift 2
mkdir -p "$FUZZ_DIR" || exit 4
results=$(mktemp) || exit 4
trap 'rm -f "$results"' EXIT
printf '%s\0' "$@" | xargs -0 -n 1 -P "$jobs" "$0" --one "$seconds" | tee "$results"
awk '/^ok /{ ok++ } /^not ok /{ bad++ } END { print ok + 0 " passed, " bad + 0 " failed"; exit bad > 0 || !ok }' "$results"
