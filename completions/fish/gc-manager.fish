# made by completions/generate.sh from the option table of gc-manager: change that
complete -c gc-manager -f
complete -c gc-manager -s c -l config -r -F -d 'Authorization Server and groups (JSON)'
complete -c gc-manager -l db -r -F -d 'the database; made where there is none (needed)'
complete -c gc-manager -l bind -x -d 'serve at this address only; once for IPv4, once for IPv6 (default: any, port 5683)'
complete -c gc-manager -l max-tokens -x -d 'so many clients at a time have a token here (default 4096)'
complete -c gc-manager -s i -l interface -x -a '(__fish_print_interfaces)' -d 'interface by name or index for multicast'
complete -c gc-manager -l pcap -r -F -d 'write what is sent and received as pcap, too'
complete -c gc-manager -l json -d 'JSON lines'
complete -c gc-manager -l color -x -a 'auto always never' -d 'auto, always or never'
complete -c gc-manager -s v -l verbose -d 'say what happens; -vv messages, -vvv with hex'
complete -c gc-manager -s q -l quiet -d 'only errors on stderr'
complete -c gc-manager -s h -l help -d 'this text'
complete -c gc-manager -s V -l version -d 'version, documents, libraries'
