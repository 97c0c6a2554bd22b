# Completion for wgproxy in bash. A test makes this file from the program's tables: see CONTRIBUTING.md.
# shellcheck shell=bash

_wgproxy() {
    local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]} command='' flags words=''
    COMPREPLY=()
    ((COMP_CWORD == 1)) || command=${COMP_WORDS[1]}
    case $command:$prev in
        check:--configured) ;;
        show:--server) :; return ;;
        show:--peer) :; return ;;
        show:--port) :; return ;;
        show:--sort) mapfile -t COMPREPLY < <(compgen -W 'datagrams day expires file handshakes health last_seen last_valid mappings name peer server slot traffic verdict' -- "$cur"); return ;;
        show:--limit) :; return ;;
        show:--days) :; return ;;
        show:--level) mapfile -t COMPREPLY < <(compgen -W '0 1 2 3' -- "$cur"); return ;;
        show:--json) ;;
        why:--json) ;;
        doctor:--json) ;;
        health:--ready) ;;
        health:--json) ;;
        reload:--json) ;;
        drop:--deny) ;;
        drop:--server) :; return ;;
        drop:--json) ;;
        set:--json) ;;
        takeover:--json) ;;
        import:--relay) :; return ;;
        import:--in-place) _wgproxy_files; return ;;
        *:--config) _wgproxy_files; return ;;
        *:--server) :; return ;;
        *:--public-key) :; return ;;
        *:--listen) :; return ;;
        *:--timeout) :; return ;;
        *:--max-mappings) :; return ;;
        *:--allow) mapfile -t COMPREPLY < <(compgen -W 'any' -- "$cur"); return ;;
        *:--deny) mapfile -t COMPREPLY < <(compgen -W 'none' -- "$cur"); return ;;
        *:--adopt) mapfile -t COMPREPLY < <(compgen -W 'on off' -- "$cur"); return ;;
        *:--state-directory) _wgproxy_files; mapfile -t -O ${#COMPREPLY[@]} COMPREPLY < <(compgen -W 'auto none' -- "$cur"); return ;;
        *:--control) _wgproxy_files; mapfile -t -O ${#COMPREPLY[@]} COMPREPLY < <(compgen -W 'auto off' -- "$cur"); return ;;
        *:--control-group) mapfile -t COMPREPLY < <(compgen -W 'none' -- "$cur"; compgen -g -- "$cur"); return ;;
        *:--metrics) mapfile -t COMPREPLY < <(compgen -W 'off' -- "$cur"); return ;;
        *:--metrics-hosts) mapfile -t COMPREPLY < <(compgen -W 'none' -- "$cur"); return ;;
        *:--metrics-sessions) mapfile -t COMPREPLY < <(compgen -W 'yes no' -- "$cur"); return ;;
        *:--upstream-address) mapfile -t COMPREPLY < <(compgen -W 'any' -- "$cur"); return ;;
        *:--upstream-ports) mapfile -t COMPREPLY < <(compgen -W 'auto' -- "$cur"); return ;;
        *:--fwmark) mapfile -t COMPREPLY < <(compgen -W 'off' -- "$cur"); return ;;
        *:--upstream-device) mapfile -t COMPREPLY < <(compgen -W 'any' -- "$cur"; compgen -W "$(ls /sys/class/net)" -- "$cur"); return ;;
        *:--prefer) mapfile -t COMPREPLY < <(compgen -W 'auto ipv4 ipv6' -- "$cur"); return ;;
        *:--log-level) mapfile -t COMPREPLY < <(compgen -W '0 1 2 3' -- "$cur"); return ;;
        *:--log-format) mapfile -t COMPREPLY < <(compgen -W 'auto text json journald' -- "$cur"); return ;;
        *:--log-addresses) mapfile -t COMPREPLY < <(compgen -W 'full prefix none' -- "$cur"); return ;;
        *:--engine) mapfile -t COMPREPLY < <(compgen -W 'linux portable' -- "$cur"); return ;;
        *:--offload) mapfile -t COMPREPLY < <(compgen -W 'auto off' -- "$cur"); return ;;
        *:--workers) mapfile -t COMPREPLY < <(compgen -W 'auto' -- "$cur"); return ;;
        *:--busy-poll) mapfile -t COMPREPLY < <(compgen -W 'auto' -- "$cur"); return ;;
    esac
    case $command in
        check)
            flags='--configured --config --server --public-key --listen --timeout --max-mappings --allow --deny --adopt --state-directory --control --control-group --metrics --metrics-hosts --metrics-sessions --upstream-address --upstream-ports --fwmark --upstream-device --prefer --log-level --log-format --log-addresses --engine --offload --workers --busy-poll --help --version'
            ;;
        show)
            flags='--server --peer --port --sort --limit --days --level --json --config --control --help --version'
            [[ $COMP_CWORD != 2 || $cur == -* ]] || { mapfile -t COMPREPLY < <(compgen -W 'sessions peers servers drops usage fleet log' -- "$cur"); return; }
            ;;
        top)
            flags='--config --control --help --version'
            ;;
        why)
            flags='--json --config --control --help --version'
            ;;
        doctor)
            flags='--json --config --server --public-key --listen --timeout --max-mappings --allow --deny --adopt --state-directory --control --control-group --metrics --metrics-hosts --metrics-sessions --upstream-address --upstream-ports --fwmark --upstream-device --prefer --log-level --log-format --log-addresses --engine --offload --workers --busy-poll --help --version'
            ;;
        health)
            flags='--ready --json --config --control --help --version'
            ;;
        reload)
            flags='--json --config --control --help --version'
            ;;
        drop)
            flags='--deny --server --json --config --control --help --version'
            ;;
        set)
            flags='--json --config --control --help --version'
            [[ $COMP_CWORD != 2 || $cur == -* ]] || { mapfile -t COMPREPLY < <(compgen -W 'log-level' -- "$cur"); return; }
            [[ $COMP_CWORD != 3 || $cur == -* ]] || { mapfile -t COMPREPLY < <(compgen -W '0 1 2 3' -- "$cur"); return; }
            ;;
        takeover)
            flags='--json --config --control --help --version'
            ;;
        import)
            flags='--relay --in-place --config --server --public-key --listen --timeout --max-mappings --allow --deny --adopt --state-directory --control --control-group --metrics --metrics-hosts --metrics-sessions --upstream-address --upstream-ports --fwmark --upstream-device --prefer --log-level --log-format --log-addresses --engine --offload --workers --busy-poll --help --version'
            [[ $COMP_CWORD != 2 || $cur == -* ]] || { _wgproxy_files; return; }
            ;;
        *)
            flags='--config --server --public-key --listen --timeout --max-mappings --allow --deny --adopt --state-directory --control --control-group --metrics --metrics-hosts --metrics-sessions --upstream-address --upstream-ports --fwmark --upstream-device --prefer --log-level --log-format --log-addresses --engine --offload --workers --busy-poll --help --version'
            ;;
    esac
    ((COMP_CWORD > 1)) || words='check show top why doctor health reload drop set takeover import'
    [[ $cur != -* ]] || words=$flags
    mapfile -t COMPREPLY < <(compgen -W "$words" -- "$cur")
}

_wgproxy_files() {
    compopt -o filenames 2>/dev/null
    mapfile -t COMPREPLY < <(compgen -f -- "$cur")
}

complete -F _wgproxy wgproxy
