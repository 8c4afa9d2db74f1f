#!/bin/sh
# Which requirement has a test? tests/conformance.sh [-v] REQUIREMENTS.md…
# A requirement is a table row "| id | requirement | level | role | …"; a test names the rows it checks by "@req ID ID-ID …"
# in its source ("@req A7 A9-A11"). Prints the rows covered, part by part, then every MUST and MUST NOT without a test, with
# its role, and why (tests/conformance.exempt); -v shows each covered row with its tests. Status 1 where a tag or an
# exemption names no row, 0 otherwise: what lacks a test is said, not judged.
set -u
cd "$(dirname "$0")/.." || exit 4
verbose=0
if [ "${1:-}" = -v ]; then
	verbose=1
	shift
fi
if [ $# -eq 0 ]; then
	echo "conformance: no requirements file named (make conformance SPECS=…): nothing to compare the tests with"
	exit 0
fi
tags=$(mktemp) || exit 4
trap 'rm -f "$tags"' EXIT
grep -rnE '@req[[:space:]]' tests --include='*.c' --include='*.h' --include='*.bats' --include='*.sh' |
	grep -vE '^tests/conformance\.(sh|bats):' >"$tags"

awk -v verbose=$verbose -v tags="$tags" -v exempt=tests/conformance.exempt '
function trim(s) { gsub(/^[ \t]+|[ \t\r]+$/, "", s); return s }
function is_must(level) { return level ~ /(^|[^A-Z])(M|MN|MUST|MUSTN)([^A-Z]|$)/ }
# "A7", "MN-20", "B.5": letters, perhaps a dash, a number, perhaps a letter
function is_id(s) { return s ~ /^[A-Z][A-Z0-9]*-?[0-9]+[a-z]?$/ }

FNR == 1 { file = FILENAME; sub(/.*\//, "", file); part = file }
/^#/ { heading = trim(substr($0, match($0, /[^#]/))); if (/^###/) part = heading; else if (/^##[^#]/) part = heading; next }
/^\|/ {
	# "\|" inside a cell is text
	line = $0; gsub(/\\\|/, "\001", line)
	n = split(line, cell, "|")
	id = trim(cell[2])
	if (n < 6 || !is_id(id)) next
	if (id in text) { if (first_file[id] == file) next; print "conformance: " id " stands in " first_file[id] " and " file; next }
	first_file[id] = file
	text[id] = trim(cell[3]); level[id] = trim(cell[4]); role[id] = trim(cell[5])
	row[++rows] = id; in_part[id] = file SUBSEP part
	if (!((file, part) in total)) order[++parts] = file SUBSEP part
	total[file, part]++
	if (is_must(level[id])) musts[file, part]++
}
function tag(id, where) {
	used[id]++
	if (!(id in text)) { unknown[++unknowns] = where ": " id; return }
	if (index(tests[id], where) == 0) tests[id] = tests[id] (tests[id] == "" ? "" : ", ") where
}
function expand(word, where,    from, to, prefix, k) {
	gsub(/[,;:.)]+$/, "", word)
	if (is_id(word)) { tag(word, where); return 1 }
	# a range: A9-A11, A9-11; ids with a dash of their own: MN-01..MN-04
	if (match(word, /(\.\.|-)[A-Z]*-?[0-9]+$/)) {
		from = substr(word, 1, RSTART - 1); to = substr(word, RSTART, RLENGTH)
		if (!is_id(from)) return 0
		sub(/^.*[^0-9]/, "", to); prefix = from; sub(/[0-9]+$/, "", prefix)
		for (k = substr(from, length(prefix) + 1) + 0; k <= to + 0; k++)
			tag(sprintf("%s%0*d", prefix, prefix ~ /-$/ ? 2 : 1, k), where)
		return 1
	}
	return 0
}
END {
	while ((getline line < tags) > 0) {
		where = line; sub(/:[0-9]+:.*/, "", where)
		place = line; sub(/^[^:]*:/, "", place); sub(/:.*/, "", place)
		rest = line
		while (match(rest, /@req[ \t]+/)) {
			rest = substr(rest, RSTART + RLENGTH)
			body = rest; sub(/@req.*/, "", body); sub(/\*\/.*/, "", body)
			count = split(body, word, /[ \t,]+/)
			for (w = 1; w <= count; w++) {
				if (word[w] == "") continue
				if (!expand(word[w], where)) { if (w == 1) unknown[++unknowns] = where ":" place ": " word[w]; break }
			}
		}
	}
	while ((getline line < exempt) > 0) {
		if (line ~ /^[ \t]*(#|$)/) continue
		id = line; sub(/[ \t].*/, "", id); why = line; sub(/^[^ \t]+[ \t]*/, "", why)
		if (!(id in text)) unknown[++unknowns] = exempt ": " id
		else if (why == "") unknown[++unknowns] = exempt ": " id " without a reason"
		else if (id in tests) stale[++stales] = id
		else reason[id] = why
	}
	for (i = 1; i <= rows; i++) {
		id = row[i]; p = in_part[id]
		if (id in tests) { covered[p]++; all_covered++; if (is_must(level[id])) must_covered[p]++ }
		else if (is_must(level[id])) { if (id in reason) excused[p]++; else open[p]++ }
	}
	if (verbose) for (i = 1; i <= rows; i++) if (row[i] in tests) print row[i] ": " tests[row[i]]
	shown = ""
	for (i = 1; i <= parts; i++) {
		split(order[i], fp, SUBSEP)
		if (fp[1] != shown) { shown = fp[1]; printf "\n%s\n%-58s %9s %9s %8s %8s\n", shown, "part", "covered", "MUST", "excused", "missing" }
		title = fp[2]; if (length(title) > 57) title = substr(title, 1, 56) "~"
		printf "%-58s %4d/%-4d %4d/%-4d %8d %8d\n", title, covered[order[i]], total[order[i]], must_covered[order[i]], musts[order[i]], excused[order[i]], open[order[i]]
	}
	last = ""
	for (i = 1; i <= rows; i++) {
		id = row[i]
		if ((id in tests) || !is_must(level[id])) continue
		if (in_part[id] != last) {
			last = in_part[id]; split(last, fp, SUBSEP)
			# a part nobody has begun is one line, not a hundred
			if (!covered[last] && !excused[last]) { untouched[++u] = fp[2] " (" musts[last] ")"; hide = 1 } else { hide = 0; print "\nMUST or MUST NOT without a test: " fp[1] ", " fp[2] }
		}
		if (hide && !verbose) continue
		what = text[id]; if (length(what) > 90) what = substr(what, 1, 88) ".."
		printf "  %-7s %-6s %-8s %s%s\n", id, level[id], role[id], what, (id in reason) ? "\n            exempt: " reason[id] : ""
	}
	if (u) { print "\nparts without any test so far (rows with MUST or MUST NOT):"; for (i = 1; i <= u; i++) print "  " untouched[i] }
	for (i = 1; i <= stales; i++) print "\nexempt and yet tested: " stale[i]
	if (unknowns) { print "\ntags that name no row:"; for (i = 1; i <= unknowns; i++) print "  " unknown[i] }
	printf "\n%d of %d rows covered; %d tags name no row\n", all_covered, rows, unknowns
	exit unknowns > 0
}' "$@"
