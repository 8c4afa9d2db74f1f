#!/bin/sh
# What a compiler alone does not see. TAP on stdout, "N passed, N failed" last.
#   tests/lint.sh [STEP…]   all steps, or those named
set -u
cd "$(dirname "$0")/.." || exit 4
: "${MAKE:=make}" "${JOBS:=2}"
log=$(mktemp) || exit 4
trap 'rm -f "$log"' EXIT
passed=0 failed=0 wanted=" $* "

step() { # $1 name; the rest: a command that prints what is wrong and answers a status
	step=$1
	shift
	case $wanted in "  " | *" $step "*) ;; *) return ;; esac
	start=$(date +%s)
	if "$@" >"$log" 2>&1; then
		echo "ok - $step ($(($(date +%s) - start)) s)"
		passed=$((passed + 1))
	else
		sed 's/^/# /' "$log"
		echo "not ok - $step"
		failed=$((failed + 1))
	fi
}

build() { "$MAKE" --no-print-directory -j "$JOBS" tests CC="$1" BUILD="build-werror-$1" WERROR=1 CFLAGS='-O2 -g0'; }

headers() { # each compiles alone, and again after itself
	status=0
	for header in libgc/*/*.h tools/common/*.h; do
		name=${header#*/}
		case $header in libgc/*) name=${header#libgc/} ;; esac
		printf '#include "%s"\n#include "%s"\n' "$name" "$name" |
			gcc -std=c11 -D_GNU_SOURCE -Wall -Wextra -Werror -Wno-unused-function -fsyntax-only -Ilibgc -Itools -x c - || status=1
	done
	return $status
}

symbols() { # what the archive shows to the world begins with gc_, and is there once
	"$MAKE" --no-print-directory -j "$JOBS" build-werror-gcc/libgc.a BUILD=build-werror-gcc CC=gcc WERROR=1 CFLAGS='-O2 -g0' >/dev/null &&
		nm -g --defined-only build-werror-gcc/libgc.a | awk 'NF == 3 && $3 !~ /^gc_/ { print "not gc_: " $3; n++ }
			NF == 3 && seen[$3]++ { print "defined twice: " $3; n++ } END { exit n > 0 }'
}

cpp_check() {
	cppcheck -q -j "$JOBS" --std=c11 --enable=warning,performance,portability --inline-suppr --error-exitcode=1 \
		--library=tests/cppcheck.cfg --suppress=missingIncludeSystem --suppress=unknownMacro -D_GNU_SOURCE -DGC_VERSION='"0"' -Ilibgc -Itools libgc tools
}

scripts() {
	status=0
	find .ci tests completions -type f \( -name '*.sh' -o -name '*.bash' -o -path '.ci/run' \) -print0 | xargs -0 -r shellcheck || status=1
	find tests -name '*.bats' -print0 | xargs -0 -r shellcheck -s bats -S warning -x -P SCRIPTDIR -e SC2030,SC2031,SC2154 || status=1
	return $status
}

pages() {
	status=0
	for page in man/*.[17]; do
		[ -e "$page" ] || continue mandoc -T lint -W warning "$page" || status=1; done
	return $status
}

shells() { # every completion is at least a script of its shell
	status=0
	for f in completions/bash/*; do bash -n "$f" || status=1; done
	for f in completions/zsh/*; do zsh -n "$f" || status=1; done
	for f in completions/fish/*; do fish -n "$f" || status=1; done
	return $status
}

step gcc build gcc
step clang build clang
step includes tests/check-includes.sh
step headers headers
step symbols symbols
step cppcheck cpp_check
step shellcheck scripts
step man pages
step completions shells
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
