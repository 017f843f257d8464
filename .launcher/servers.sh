# PostgreSQL and Redis, private: on the loopback address only, on ports of their own, with a
# password of their own, and with their data in a cell.
#
# A cell is a directory that holds one such pair and what runs beside it: .lms/dev for `up`,
# .lms/test for `test`, any other for `servers start`. In it are `settings` (ports and secrets),
# `run/` (what runs), `servers.env` (how to reach the servers), and their data.

# Whether the command at work wants a server of ours: `needs postgres`.
needs() {
    case " ${NEEDS:-postgres redis} " in *" $1 "*) ;; *) return 1 ;; esac
}

# Usage: open_cell DIR
open_cell() {
    mkdir -p "$1/run"
    CELL=$(CDPATH='' cd -- "$1" && pwd -P)
    # Servers of lower rights must get through it; what is secret is in files of mode 600.
    chmod 711 "$CELL"
    PLACE=$(reachable "$CELL")
}

# Makes a directory for the servers' user.
make_data_directory() {
    mkdir -p "$1"
    chmod 700 "$1"
    ! am_root || chown "$(servers_user)" "$1"
}

# Starts what is needed and writes servers.env. In a `fast` cell nothing survives a power cut.
# Usage: start_servers fast|durable
start_servers() {
    if needs postgres; then start_postgres "$1"; fi
    if needs redis; then start_redis "$1"; fi
    write_servers_env
}

start_postgres() {
    data=$PLACE/postgres
    make_data_directory "$PLACE/log"
    major=$(as_servers cat "$data/PG_VERSION" 2>/dev/null || :)
    bin=$(find_postgres "${major:-any}")
    [ -n "$bin" ] || die "the data in $data is of PostgreSQL $major, which is not here any more. Install it, or delete $CELL to start anew."
    remember POSTGRES_BIN "$bin"
    [ -n "$major" ] || create_cluster "$data"
    options="-c listen_addresses=127.0.0.1 -c unix_socket_directories='' -c max_connections=300"
    if [ "$1" = fast ]; then
        options="$options -c fsync=off -c synchronous_commit=off -c full_page_writes=off"
    fi
    remember POSTGRES_OPTIONS "$options"
    launch_postgres "$(choose_port POSTGRES_PORT)" && return
    # Somebody was quicker to take the port.
    launch_postgres "$(choose_port POSTGRES_PORT)" && return
    as_servers tail -n 20 "$PLACE/log/postgres.log" >&2
    die "PostgreSQL does not start"
}

# Usage: launch_postgres PORT
launch_postgres() {
    # It inherits no descriptor of ours: whoever reads our output would wait for it to end.
    as_servers "$(recalled POSTGRES_BIN)/pg_ctl" start -s -w -t 60 -D "$PLACE/postgres" \
        -l "$PLACE/log/postgres.log" -o "-p $1 $(recalled POSTGRES_OPTIONS)" </dev/null >/dev/null 2>&1
}

# Makes the cluster with its logins and its database, whole or not at all.
create_cluster() {
    say "Making a PostgreSQL cluster in $1."
    new=$1.new
    rm -rf "$new"
    make_data_directory "$new"
    password=$(secret PASSWORD)
    printf '%s\n' "$password" >"$new.password"
    ! am_root || chown "$(servers_user)" "$new.password"
    locale=C.UTF-8
    # macOS has had it only of late.
    ! has locale || locale -a 2>/dev/null | grep -qi '^c\.utf-\{0,1\}8$' || locale=en_US.UTF-8
    as_servers "$bin/initdb" -D "$new" -U lms_super --pwfile="$new.password" -A scram-sha-256 -E UTF8 \
        --locale="$locale" >"$CELL/initdb.log" 2>&1 || {
        cat "$CELL/initdb.log" >&2
        die "initdb failed"
    }
    rm -f "$new.password" "$CELL/initdb.log"
    # Both logins have one password: it keeps out other users of this machine, and who can read
    # the one could read the other.
    as_servers "$bin/postgres" --single -D "$new" postgres >/dev/null 2>&1 <<END
CREATE ROLE lms_server LOGIN PASSWORD '$password'
CREATE DATABASE lms
END
    mv "$new" "$1"
}

stop_postgres() {
    postgres_pid >/dev/null || return 0
    pg_ctl=$(recalled POSTGRES_BIN)/pg_ctl
    as_servers "$pg_ctl" stop -s -w -t 30 -m "${1:-fast}" -D "$PLACE/postgres" >/dev/null 2>&1 ||
        as_servers "$pg_ctl" stop -s -w -t 10 -m immediate -D "$PLACE/postgres" >/dev/null 2>&1 || :
}

# Prints the number of the server's first process, if it runs. The number in the file may be
# that of another process by now, so the command line decides.
postgres_pid() {
    postmaster=$(as_servers head -n 1 "$PLACE/postgres/postmaster.pid" 2>/dev/null) || return 1
    case $(command_line "$postmaster") in
    *"$PLACE/postgres"*) printf '%s\n' "$postmaster" ;;
    *) return 1 ;;
    esac
}

start_redis() {
    server=$(find_redis)
    make_data_directory "$PLACE/redis"
    for _ in 1 2; do
        port=$(choose_port REDIS_PORT)
        as_servers "$server" --port "$port" --bind 127.0.0.1 --dir "$PLACE/redis" --daemonize yes \
            --pidfile "$PLACE/redis/pid" --logfile "$PLACE/redis/log" --save '' \
            --appendonly "$([ "$1" = fast ] && echo no || echo yes)" </dev/null >/dev/null 2>&1
        if wait_for_redis "$port"; then return; fi
    done
    as_servers tail -n 20 "$PLACE/redis/log" >&2
    die "Redis does not start"
}

# Waits until the server that answers on a port is ours and has read its data.
wait_for_redis() {
    client=$(dirname "$server")/$(basename "$server" | sed 's/server/cli/')
    tries=0
    # A disk that is slow to sync may hold it up for long.
    while [ $tries -lt 150 ]; do
        tries=$((tries + 1))
        state=$("$client" -h 127.0.0.1 -p "$1" info 2>/dev/null | tr -d '\r' || :)
        pid=$(printf '%s\n' "$state" | sed -n 's/^process_id://p')
        if [ -n "$pid" ] && [ "$pid" = "$(as_servers cat "$PLACE/redis/pid" 2>/dev/null)" ]; then
            note_process redis "$pid"
            case $state in *loading:0*) return ;; esac
        elif [ -n "$pid" ]; then
            return 1
        fi
        sleep 0.2
    done
    return 1
}

stop_servers() {
    stop_processes 10 redis
    stop_postgres
}

# A setting as it was before it was quoted.
recalled() {
    eval "printf '%s\n' $(recall "$1")"
}

# How programs reach the servers, for people, for shells and for tests.
write_servers_env() {
    ensure_private "$CELL/servers.env"
    {
        if needs postgres; then
            port=$(recall POSTGRES_PORT)
            address=$(secret PASSWORD)@127.0.0.1:$port
            variable DATABASE_OWNER_URL "postgres://lms_super:$address/lms"
            variable DATABASE_URL "postgres://lms_server:$address/lms"
            variable POSTGRES_PORT "$port"
            variable POSTGRES_PID "$(postgres_pid || :)"
            variable POSTGRES_DATA "$PLACE/postgres"
            variable PG_CTL "$(recalled POSTGRES_BIN)/pg_ctl"
        fi
        if needs redis; then
            port=$(recall REDIS_PORT)
            variable REDIS_URL "redis://127.0.0.1:$port/0"
            variable REDIS_PORT "$port"
            variable REDIS_PID "$(process redis || :)"
        fi
    } >"$CELL/servers.env"
}

# Exports from it what the programs ask for.
use_servers_env() {
    # shellcheck disable=SC1091 # written by write_servers_env
    . "$CELL/servers.env"
    ! needs postgres || export DATABASE_URL DATABASE_OWNER_URL
    ! needs redis || export REDIS_URL
}

variable() {
    printf '%s=%s\n' "$1" "$(quoted "$2")"
}

# The command.
servers() {
    [ $# -ge 2 ] || die "usage: ./lms servers start|stop|status|restart-postgres|kill-postgres|remove DIR"
    action=$1
    case $2 in /*) directory=$2 ;; *) directory=$CALLED_FROM/$2 ;; esac
    shift 2
    mode=fast
    if [ "${1:-}" = --mode ]; then mode=${2:-}; fi
    case $mode in fast | immediate) ;; *) die "--mode is fast or immediate" ;; esac
    [ "$action" = start ] || [ -d "$directory/run" ] || die "no servers were ever started in $directory"
    open_cell "$directory"
    case $action in
    start)
        get_servers
        postgres_pid >/dev/null || start_postgres durable
        is_running redis || start_redis durable
        ;;
    stop) stop_servers ;;
    restart-postgres)
        stop_postgres "$mode"
        relaunch_postgres
        ;;
    kill-postgres) kill -KILL "$(postgres_pid)" ;;
    status)
        printf 'postgres %s\n' "$(postgres_pid || echo stopped)"
        printf 'redis %s\n' "$(process redis || echo stopped)"
        postgres_pid >/dev/null && is_running redis
        return
        ;;
    remove)
        stop_servers
        rm -rf "$PLACE" "$CELL"
        return
        ;;
    *) die "servers cannot '$action'" ;;
    esac
    write_servers_env
    [ "$action" = stop ] || cat "$CELL/servers.env"
}

# Starts PostgreSQL again on the port that clients know. After a SIGKILL it refuses as long as
# the processes of the dead one are still going.
relaunch_postgres() {
    for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
        if launch_postgres "$(recall POSTGRES_PORT)"; then return; fi
        sleep 0.5
    done
    die "PostgreSQL does not start again; see $PLACE/log/postgres.log"
}
