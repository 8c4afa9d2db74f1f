#!/bin/sh
# completions/generate.sh bash|zsh|fish TOOL: print the completion of a tool from its own option table
# (TOOL --dump-options: long, letter, argument, kind, words, help). `make completions` writes them all.
# Methods, content formats and option names are asked of the program when Tab is pressed (--dump-words KIND).
set -eu
shell=$1 program=$2
name=${program##*/}
function=_$(printf '%s' "$name" | tr '-' '_')
case $name in # what stands without an option
gc-send | gc-observe) operand=uri ;;
gc-decode | gc-keygen | gc-join) operand="file" ;;
*) operand=none ;;
esac

"$program" --dump-options | awk -F '\t' -v shell="$shell" -v name="$name" -v fn="$function" -v operand="$operand" '
function options_of(i,    s) { s = "--" long[i]; if (letter[i] != "") s = "-" letter[i] " " s; return s }
function zsh_quote(s) { gsub(/\047/, "\047\\\047\047", s); return s }
function zsh_text(s) { gsub(/\\/, "\\\\", s); gsub(/\[/, "\\[", s); gsub(/\]/, "\\]", s); gsub(/:/, "\\:", s); return zsh_quote(s) }
function fish_quote(s) { gsub(/\\/, "\\\\", s); gsub(/\047/, "\\\047", s); return s }
{ n++; long[n] = $1; letter[n] = $2; arg[n] = $3; kind[n] = $4; words[n] = $5; help[n] = $6 }

function bash(    i, p, list) {
	print "# bash completion for " name "; made by completions/generate.sh from its option table: change that"
	print fn "()"
	print "{"
	print "  local cur prev words cword split=false"
	print "  _init_completion -s -n : || return"
	print "  case $prev in"
	for (i = 1; i <= n; i++) {
		list = list " --" long[i] (arg[i] != "" && arg[i] !~ /^\[/ ? "=" : "")
		if (arg[i] == "") continue
		p = "--" long[i]; if (letter[i] != "") p = "-" letter[i] " | " p
		if (kind[i] == "file") p = p ")\n    _filedir"
		else if (kind[i] == "dir") p = p ")\n    _filedir -d"
		else if (kind[i] == "interface") p = p ")\n    _available_interfaces"
		else if (kind[i] == "words") p = p ")\n    COMPREPLY=($(compgen -W \047" words[i] "\047 -- \"$cur\"))"
		else if (kind[i] == "option") p = p ")\n    COMPREPLY=($(compgen -S = -W \"$(\"$1\" --dump-words option 2>/dev/null)\" -- \"$cur\"))\n    compopt -o nospace"
		else if (kind[i] == "method" || kind[i] == "format") p = p ")\n    COMPREPLY=($(compgen -W \"$(\"$1\" --dump-words " kind[i] " 2>/dev/null)\" -- \"$cur\"))"
		else if (kind[i] == "uri") p = p ")\n    COMPREPLY=($(compgen -W coap:// -- \"$cur\"))\n    compopt -o nospace"
		else if (arg[i] ~ /^\[/) continue
		else p = p ")"
		print "  " p "\n    return\n    ;;"
	}
	print "  esac"
	print "  $split && return"
	print "  if [[ $cur == -* ]]; then"
	print "    COMPREPLY=($(compgen -W \047" substr(list, 2) "\047 -- \"$cur\"))"
	print "    [[ ${COMPREPLY-} == *= ]] && compopt -o nospace"
	if (operand == "file") print "  else\n    _filedir"
	if (operand == "uri") {
		print "  else\n    COMPREPLY=($(compgen -W coap:// -- \"$cur\"))\n    compopt -o nospace"
	}
	print "  fi"
	print "} &&"
	print "  complete -F " fn " " name
}

function zsh(    i, spec, action, body, excl) {
	print "#compdef " name
	print "# made by completions/generate.sh from the option table of " name ": change that"
	print fn "_words() {"
	print "  local -a found"
	print "  found=(${(f)\"$(_call_program words ${words[1]} --dump-words $1 2>/dev/null)\"})"
	print "  compadd -S \"$2\" -- $found"
	print "}"
	print "_arguments -s -S \\"
	for (i = 1; i <= n; i++) {
		body = "[" zsh_text(help[i]) "]"
		if (arg[i] != "") {
			if (kind[i] == "file") action = "_files"
			else if (kind[i] == "dir") action = "_files -/"
			else if (kind[i] == "interface") action = "_net_interfaces"
			else if (kind[i] == "words") action = "(" words[i] ")"
			else if (kind[i] == "method" || kind[i] == "format") action = fn "_words " kind[i] " \"\""
			else if (kind[i] == "option") action = fn "_words option ="
			else if (kind[i] == "uri") action = "(coap\\://)"
			else action = " "
			spec = arg[i]; gsub(/[][]/, "", spec)
			body = body (arg[i] ~ /^\[/ ? "::" : ":") zsh_text(spec) ":" zsh_quote(action)
		}
		if (letter[i] != "") print "  \047*\047{-" letter[i] (arg[i] != "" ? "+" : "") ",--" long[i] (arg[i] != "" ? (arg[i] ~ /^\[/ ? "=-" : "=") : "") "}\047" body "\047 \\"
		else print "  \047*--" long[i] (arg[i] != "" ? (arg[i] ~ /^\[/ ? "=-" : "=") : "") body "\047 \\"
	}
	if (operand == "file") print "  \047*:capture:_files\047"
	else if (operand == "uri") print "  \047*:URI:(coap\\://)\047"
	else print "  \047*:nothing: \047"
}

function fish(    i, line, spec) {
	print "# made by completions/generate.sh from the option table of " name ": change that"
	print "complete -c " name (operand == "file" ? "" : " -f") (operand == "uri" ? " -a coap://" : "")
	for (i = 1; i <= n; i++) {
		line = "complete -c " name (letter[i] != "" ? " -s " letter[i] : "") " -l " long[i]
		if (arg[i] != "" && arg[i] !~ /^\[/) {
			if (kind[i] == "file") line = line " -r -F"
			else if (kind[i] == "dir") line = line " -x -a \047(__fish_complete_directories)\047"
			else if (kind[i] == "interface") line = line " -x -a \047(__fish_print_interfaces)\047"
			else if (kind[i] == "words") line = line " -x -a \047" fish_quote(words[i]) "\047"
			else if (kind[i] == "method" || kind[i] == "format") line = line " -x -a \047(" name " --dump-words " kind[i] " 2>/dev/null)\047"
			else if (kind[i] == "option") line = line " -x -a \047(" name " --dump-words option 2>/dev/null)=\047"
			else if (kind[i] == "uri") line = line " -x -a coap://"
			else line = line " -x"
		}
		print line " -d \047" fish_quote(help[i]) "\047"
	}
}
END {
	if (!n) { print "completions: " name " has no options" >"/dev/stderr"; exit 1 }
	if (shell == "bash") bash(); else if (shell == "zsh") zsh(); else fish()
}'
