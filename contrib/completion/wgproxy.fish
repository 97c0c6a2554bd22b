# Completion for wgproxy in fish. A test makes this file from the program's tables: see CONTRIBUTING.md.

# Whether the line has this command, which is its first word.
function __wgproxy_command
    set -l words (commandline -opc)
    test (count $words) -ge 2; and test "$words[2]" = $argv[1]
end

# Whether the line has none of these commands.
function __wgproxy_without
    set -l words (commandline -opc)
    test (count $words) -lt 2; or not contains -- "$words[2]" $argv
end

# Whether the line has this command, and so many words before the one that is typed.
function __wgproxy_word
    test (count (commandline -opc)) -eq $argv[2]; and __wgproxy_command $argv[1]
end

complete -c wgproxy -f
complete -c wgproxy -n 'test (count (commandline -opc)) -eq 1' -a check -d 'check the settings and resolve the servers\' names, without relaying'
complete -c wgproxy -n 'test (count (commandline -opc)) -eq 1' -a show -d 'ask a running relay, and show it on one screen'
complete -c wgproxy -n 'test (count (commandline -opc)) -eq 1' -a top -d 'show a running relay and its busiest sessions anew each second'
complete -c wgproxy -n 'test (count (commandline -opc)) -eq 1' -a why -d 'tell why clients of a running relay have no tunnel'
complete -c wgproxy -n 'test (count (commandline -opc)) -eq 1' -a doctor -d 'examine this host for what keeps a relay from working, and say what mends it'
complete -c wgproxy -n 'test (count (commandline -opc)) -eq 1' -a health -d 'tell whether a running relay is well, by the exit code too'
complete -c wgproxy -n 'test (count (commandline -opc)) -eq 1' -a reload -d 'have a running relay read its configuration file again and resolve all names, and tell what has changed'
complete -c wgproxy -n 'test (count (commandline -opc)) -eq 1' -a drop -d 'end the mappings of a client now'
complete -c wgproxy -n 'test (count (commandline -opc)) -eq 1' -a set -d 'set the log level of a running relay until its next reload'
complete -c wgproxy -n 'test (count (commandline -opc)) -eq 1' -a takeover -d 'have a relay that stands by take over from the other one of its pair (Standby in its section [Fleet]), as VRRP gave it their address'
complete -c wgproxy -n 'test (count (commandline -opc)) -eq 1' -a import -d 'write a configuration file to standard output'
complete -c wgproxy -l config -r -F -d 'a configuration file'
complete -c wgproxy -n '__wgproxy_without show top why health reload drop set takeover' -l server -x -d 'the WireGuard server'
complete -c wgproxy -n '__wgproxy_without show top why health reload drop set takeover' -l public-key -x -d 'the server\'s public key'
complete -c wgproxy -n '__wgproxy_without show top why health reload drop set takeover' -l listen -x -d 'the addresses and ports that clients use, with commas between'
complete -c wgproxy -n '__wgproxy_without show top why health reload drop set takeover' -l timeout -x -d 'how long an idle tunnel is kept'
complete -c wgproxy -n '__wgproxy_without show top why health reload drop set takeover' -l max-mappings -x -d 'the most mappings at once'
complete -c wgproxy -n '__wgproxy_without show top why health reload drop set takeover' -l allow -x -a 'any' -d 'the client addresses that may open mappings'
complete -c wgproxy -n '__wgproxy_without show top why health reload drop set takeover' -l deny -x -a 'none' -d 'the client addresses that may not open mappings'
complete -c wgproxy -n '__wgproxy_without show top why health reload drop set takeover' -l adopt -x -a 'on off' -d 'whether data of an unknown tunnel may open a mapping on probation, within a small budget'
complete -c wgproxy -n '__wgproxy_without show top why health reload drop set takeover' -l state-directory -r -F -a 'auto none' -d 'the directory in which the relay keeps its mappings and accounts, so that tunnels and figures go on after a restart'
complete -c wgproxy -l control -r -F -a 'auto off' -d 'the Unix socket on which the relay answers HTTP requests about itself, and takes orders'
complete -c wgproxy -n '__wgproxy_without show top why health reload drop set takeover' -l control-group -x -a 'none (__fish_complete_groups)' -d 'the group whose members may ask by the control socket'
complete -c wgproxy -n '__wgproxy_without show top why health reload drop set takeover' -l metrics -x -a 'off' -d 'the TCP address and port at which the relay answers HTTP requests about itself to everybody who can reach it'
complete -c wgproxy -n '__wgproxy_without show top why health reload drop set takeover' -l metrics-hosts -x -a 'none' -d 'the names of this host in requests to --metrics'
complete -c wgproxy -n '__wgproxy_without show top why health reload drop set takeover' -l metrics-sessions -x -a 'yes no' -d 'whether --metrics also shows mappings, with their clients\' addresses'
complete -c wgproxy -n '__wgproxy_without show top why health reload drop set takeover' -l upstream-address -x -a 'any' -d 'the source addresses of what the relay sends to the server'
complete -c wgproxy -n '__wgproxy_without show top why health reload drop set takeover' -l upstream-ports -x -a 'auto' -d 'the source ports of what the relay sends to the server'
complete -c wgproxy -n '__wgproxy_without show top why health reload drop set takeover' -l fwmark -x -a 'off' -d 'the mark of what the relay sends to the server, for routing rules and firewalls, as FwMark is in WireGuard'
complete -c wgproxy -n '__wgproxy_without show top why health reload drop set takeover' -l upstream-device -x -a 'any (__fish_print_interfaces)' -d 'the interface or VRF by which the relay reaches the server, whatever other routes say'
complete -c wgproxy -n '__wgproxy_without show top why health reload drop set takeover' -l prefer -x -a 'auto ipv4 ipv6' -d 'the IP version that the relay tries first where the server\'s name has addresses of both'
complete -c wgproxy -n '__wgproxy_without show top why health reload drop set takeover' -l log-level -x -a '0 1 2 3' -d 'how much the relay logs to standard error, from 0 (errors) to 3 (everything)'
complete -c wgproxy -n '__wgproxy_without show top why health reload drop set takeover' -l log-format -x -a 'auto text json journald' -d 'what the log looks like'
complete -c wgproxy -n '__wgproxy_without show top why health reload drop set takeover' -l log-addresses -x -a 'full prefix none' -d 'how much of an address the log tells'
complete -c wgproxy -n '__wgproxy_without show top why health reload drop set takeover' -l engine -x -a 'linux portable' -d 'the engine that moves the datagrams'
complete -c wgproxy -n '__wgproxy_without show top why health reload drop set takeover' -l offload -x -a 'auto off' -d 'whether the linux engine uses GRO, GSO and io_uring'
complete -c wgproxy -n '__wgproxy_without show top why health reload drop set takeover' -l workers -x -a 'auto' -d 'the number of worker threads of the linux engine, each with its own sockets'
complete -c wgproxy -n '__wgproxy_without show top why health reload drop set takeover' -l busy-poll -x -a 'auto' -d 'how long a worker of the linux engine polls before it sleeps, after a turn that brought data'
complete -c wgproxy -l help -d 'print a summary'
complete -c wgproxy -l version -d 'print the version'
complete -c wgproxy -n '__wgproxy_command check' -l configured -d 'only tell whether a server is configured'
complete -c wgproxy -n '__wgproxy_command show' -l server -x -d 'only what concerns this server'
complete -c wgproxy -n '__wgproxy_command show' -l peer -x -d 'only what concerns this peer'
complete -c wgproxy -n '__wgproxy_command show' -l port -x -d 'only the session with this upstream port, which wg show prints on the server'
complete -c wgproxy -n '__wgproxy_command show' -l sort -x -a 'datagrams day expires file handshakes health last_seen last_valid mappings name peer server slot traffic verdict' -d 'the order of rows, such as traffic'
complete -c wgproxy -n '__wgproxy_command show' -l limit -x -d 'so many rows'
complete -c wgproxy -n '__wgproxy_command show' -l days -x -d 'with usage'
complete -c wgproxy -n '__wgproxy_command show' -l level -x -a '0 1 2 3' -d 'with log'
complete -c wgproxy -n '__wgproxy_command show' -l json -d 'the report for programs'
complete -c wgproxy -n '__wgproxy_word show 2' -a 'sessions peers servers drops usage fleet log'
complete -c wgproxy -n '__wgproxy_command why' -l json -d 'the report for programs'
complete -c wgproxy -n '__wgproxy_command doctor' -l json -d 'the report for programs'
complete -c wgproxy -n '__wgproxy_command health' -l ready -d 'ask whether it can serve clients'
complete -c wgproxy -n '__wgproxy_command health' -l json -d 'the report for programs'
complete -c wgproxy -n '__wgproxy_command reload' -l json -d 'the report for programs'
complete -c wgproxy -n '__wgproxy_command drop' -l deny -d 'also deny the client until the relay is restarted'
complete -c wgproxy -n '__wgproxy_command drop' -l server -x -d 'the peer of this server only'
complete -c wgproxy -n '__wgproxy_command drop' -l json -d 'the report for programs'
complete -c wgproxy -n '__wgproxy_command set' -l json -d 'the report for programs'
complete -c wgproxy -n '__wgproxy_word set 2' -a 'log-level'
complete -c wgproxy -n '__wgproxy_word set 3' -a '0 1 2 3'
complete -c wgproxy -n '__wgproxy_command takeover' -l json -d 'the report for programs'
complete -c wgproxy -n '__wgproxy_command import' -l relay -x -d 'the endpoint at which the client reaches the relay'
complete -c wgproxy -n '__wgproxy_command import' -l in-place -r -F -d 'change these lines in this file'
complete -c wgproxy -n '__wgproxy_word import 2' -F
