#!/usr/bin/env bats
# What is written about the tools agrees with the tools: man pages, completions, README, Makefile.

bats_require_minimum_version 1.5.0

setup() {
  : "${BUILD:=build}"
  cd "$BATS_TEST_DIRNAME/../.." || exit 1
}

tools() { # the names of all tools
  find tools -maxdepth 1 -name 'gc-*.c' ! -name '*_*' -exec basename {} .c \; | sort
}

@test "every tool has a man page that names exactly its options" {
  for tool in $(tools); do
    "$BUILD/$tool" --dump-options | awk -F '\t' '{ print "-" $1; if ($2 != "") print $2 }' | sort -u >"$BATS_TEST_TMPDIR/table"
    awk '/^\.It Fl / { for (i = 2; i <= NF; i++) if ($i == "Fl") print $(i + 1) }' "man/$tool.1" | sort -u >"$BATS_TEST_TMPDIR/page"
    diff "$BATS_TEST_TMPDIR/table" "$BATS_TEST_TMPDIR/page"
  done
}

@test "the man page puts letter and long name of an option together, and names its argument" {
  for tool in $(tools); do
    "$BUILD/$tool" --dump-options | while IFS='|' read -r long letter arg; do
      item=".It Fl "
      [ -z "$letter" ] || item+="$letter , Fl "
      item+="-$long"
      if [ -n "$arg" ]; then
        grep -qE -- "^${item//./\\.}( Ns| Oo)?.* Ar " "man/$tool.1" || { echo "$tool: no '$item Ar …' in its page"; exit 1; }
      else
        grep -qxF -- "$item" "man/$tool.1" || { echo "$tool: no '$item' in its page"; exit 1; }
      fi
    done < <("$BUILD/$tool" --dump-options | awk -F '\t' '{ print $1 "|" $2 "|" $3 }')
  done
}

@test "man pages are clean for mandoc and have the sections a reader expects" {
  mandoc -T lint -W warning man/*.[17]
  for tool in $(tools); do
    for section in NAME SYNOPSIS DESCRIPTION 'OUTPUT FORMAT' 'EXIT STATUS' ENVIRONMENT EXAMPLES 'SEE ALSO' STANDARDS 'SECURITY CONSIDERATIONS'; do
      grep -qx ".Sh $section" "man/$tool.1" || { echo "$tool: no section $section"; false; }
    done
  done
}

@test "gc(7) and the README name every tool" {
  for tool in $(tools); do
    grep -q "Xr $tool 1" man/gc.7
    grep -q "$tool" README.md
  done
}

# What changes from run to run: times, ports, Message IDs, Tokens, ETags, and the order of the responders.
same_shape() {
  sed -E -e 's/[0-9]+\.[0-9]+ (ms|s)/T \1/g' -e 's/(mid|token)=[0-9a-f]+/\1=X/g' -e 's/^[0-9]+ [0-9.]+ /N T /' \
    -e 's/(ETag[^:]*:) ?[0-9a-f]{16}/\1 X/g' -e 's/127\.0\.0\.1:[0-9]+/127.0.0.1:P/g' -e 's/20[0-9-]+T[0-9:]+Z/DATE/' \
    -e 's/0x[0-9a-f]{64}\.\.\./CIPHERTEXT/' -e 's/(kid-context=|\{group )[0-9a-f]{8}/\1GID/g' \
    -e 's/([Oo]bserve)( |:)[0-9]+/\1\2N/' -e 's/frame [0-9]+/frame N/' -e 's/[0-9]+ responses/N responses/' \
    -e 's/next_not_before, //' \
    -e 's/payload of [0-9]+ bytes/payload of N bytes/' -e 's/\(up: .*\)/(up: …)/' | sort -u
}

@test "what the README shows is what its commands print" {
  PATH=$PWD/$BUILD:$PATH
  cp README.md "$BATS_TEST_TMPDIR"
  sed -n '/^## The first five minutes/,/^## Building/p' README.md >"$BATS_TEST_TMPDIR/section"
  cd "$BATS_TEST_TMPDIR"
  printf '%s\n' '127.0.0.2 kitchen' '127.0.0.3 hall' '127.0.0.4 stairs' '127.0.0.9 attic' >lamps.txt
  gc-serve -i lo --bind 127.0.0.2 --members 3 --leisure 0.5 2>serve.err 3>&- &
  server=$!
  gc-keygen group lights --members 4 --out keys
  gc-serve -i lo --bind 127.0.0.12 --members 3 --leisure 0.5 -g keys/02.json -g keys/03.json -g keys/04.json 2>secure.err 3>&- &
  secure=$!
  gc-serve -i lo --bind 127.0.0.22 --no-group --group-observe 233.252.0.23:61616 --notify-interval 1 2>watch.err 3>&- &
  watch=$!
  until grep -q ready serve.err && grep -q ready secure.err && grep -q ready watch.err; do kill -0 $server $secure $watch; done
  # one file a command: its first line, then what the README says it prints
  awk '/^```/ { n += open; open = 0; next } /^\$ / { n += open; open = 1; file = sprintf("command%02d", n); print substr($0, 3) >file; next }
       open { print >(file ".shown") }' section
  count=0
  for command in command??; do
    grep -qE '(^| )gc-(send|decode|observe) ' "$command" || continue
    bash "$command" >"$command.out" 2>&1 || true
    same_shape <"$command.shown" >"$command.a"
    same_shape <"$command.out" >"$command.b"
    diff "$command.a" "$command.b" || { cat "$command"; kill $server $secure $watch; false; }
    count=$((count + 1))
  done
  kill $server $secure $watch
  [ $count -ge 18 ]
}

@test "completions are those that the option tables give (make completions)" {
  for tool in $(tools); do
    completions/generate.sh bash "$BUILD/$tool" | diff - "completions/bash/$tool"
    completions/generate.sh zsh "$BUILD/$tool" | diff - "completions/zsh/_$tool"
    completions/generate.sh fish "$BUILD/$tool" | diff - "completions/fish/$tool.fish"
  done
}

complete_bash() { # words after the tool's name; prints what Tab offers for the last
  PATH="$PWD/$BUILD:$PATH" bash --norc -c '
    . /usr/share/bash-completion/bash_completion
    . "completions/bash/$1"
    COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)) COMP_LINE="$*" COMP_POINT=${#COMP_LINE}
    compopt() { :; } # only there while Tab is pressed
    "_${1//-/_}" "$1" "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD - 1]}"
    printf "%s\n" "${COMPREPLY[@]}"' bash "$@"
}

@test "bash offers options, and the values that the program knows" {
  run complete_bash gc-send --me
  [ "$output" = --method= ]
  run complete_bash gc-send -m i
  [ "$output" = ipatch ]
  run complete_bash gc-send -f link
  [[ $'\n'$output$'\n' == *$'\nlink-format\n'* ]]
  run complete_bash gc-send -O Uri-P
  [[ $output == *Uri-Path=* ]]
  run complete_bash gc-send -i l
  [[ $'\n'$output$'\n' == *$'\nlo\n'* ]]
}

@test "fish offers the same" {
  offers() {
    PATH="$PWD/$BUILD:$PATH" HOME=$BATS_TEST_TMPDIR fish --no-config -c "source completions/fish/gc-send.fish; complete -C'$1'" | cut -f 1
  }
  run offers 'gc-send --metho'
  [ "$output" = --method ]
  run offers 'gc-send -m ipa'
  [[ $output == *ipatch ]]
  run offers 'gc-send --format link-f'
  [ "$output" = link-format ] || [ "$output" = --format=link-format ]
}

@test "help, version and a usage error of every tool" {
  for tool in $(tools); do
    run --separate-stderr "$BUILD/$tool" --help
    [ "$status" -eq 0 ] && [ -z "$stderr" ]
    [[ $output == "Usage: $tool "* ]]
    [ "$(wc -l <<<"$output")" -le 70 ]
    run --separate-stderr "$BUILD/$tool" --version
    [ "$status" -eq 0 ] && [ -z "$stderr" ]
    [[ $output == "$tool (groupcoap) $(cat VERSION)"* ]]
    run --separate-stderr "$BUILD/$tool" --no-such-option
    [ "$status" -eq 2 ] && [ -z "$output" ]
    [[ $stderr == "$tool: unknown option '--no-such-option'"* ]]
    if "$BUILD/$tool" --help >/dev/full 2>"$BATS_TEST_TMPDIR/err"; then false; else [ $? -eq 4 ]; fi
  done
}

@test "install puts everything below DESTDIR, uninstall removes it" {
  unset MAKEFLAGS MAKELEVEL
  top=$BATS_TEST_TMPDIR/top
  make -s install BUILD="$BUILD" DESTDIR="$top" PREFIX=/usr >/dev/null
  for tool in $(tools); do
    [ -x "$top/usr/bin/$tool" ]
    [ -f "$top/usr/share/man/man1/$tool.1" ]
    [ -f "$top/usr/share/bash-completion/completions/$tool" ]
    [ -f "$top/usr/share/zsh/site-functions/_$tool" ]
    [ -f "$top/usr/share/fish/vendor_completions.d/$tool.fish" ]
  done
  [ -f "$top/usr/share/man/man7/gc.7" ]
  make -s uninstall BUILD="$BUILD" DESTDIR="$top" PREFIX=/usr >/dev/null
  [ -z "$(find "$top" -type f)" ]
}

@test "a program builds against what was installed" {
  unset MAKEFLAGS MAKELEVEL
  make -s install BUILD="$BUILD" PREFIX="$BATS_TEST_TMPDIR/usr" >/dev/null
  cat >"$BATS_TEST_TMPDIR/try.c" <<'END'
#include <coap/uri.h>
#include <stdio.h>

int main(void)
{
  struct gc_uri uri;
  enum gc_err err = gc_uri_parse(&uri, gc_bytes_str("coap://[ff02::fd]/hello"), NULL);
  puts(gc_err_name(err));
  return err != GC_OK;
}
END
  [[ $BUILD != *san* ]] || sanitize=-fsanitize=address,undefined
  export PKG_CONFIG_PATH=$BATS_TEST_TMPDIR/usr/lib/pkgconfig
  # shellcheck disable=SC2046,SC2086 # words; one or none
  gcc ${sanitize:-} -o "$BATS_TEST_TMPDIR/try" "$BATS_TEST_TMPDIR/try.c" $(pkg-config --cflags --libs --static groupcoap)
  run "$BATS_TEST_TMPDIR/try"
  [ "$status" -eq 0 ] && [ "$output" = GC_OK ]
}

@test "requirement tags in the tests name rows that exist" {
  specs=(../shared/specs/REQUIREMENTS-*.md)
  [ -e "${specs[0]}" ] || specs=() # a clone by itself has nothing to compare with
  run tests/conformance.sh "${specs[@]}"
  echo "$output" | tail -n 20
  [ "$status" -eq 0 ]
}

@test "rooms rest only on rooms below them" {
  tests/check-includes.sh
}

@test "make help names the targets" {
  run make -s help
  for target in all deps demo check san bench fuzz lint conformance install uninstall dist clean; do
    [[ $'\n'$output == *$'\n'"$target "* ]]
  done
}
