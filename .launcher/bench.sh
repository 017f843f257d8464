# `bench`: figures of release builds, with servers of their own and durable writes.

bench() {
    seconds=15
    while [ $# -gt 0 ]; do
        case $1 in
        --seconds)
            seconds=${2:-}
            shift
            ;;
        *) die "bench has no option '$1'; see ./lms help" ;;
        esac
        shift
    done
    case $seconds in '' | *[!0-9]*) die "--seconds takes a number" ;; esac
    need_compiler
    need_load_makers
    NEEDS='postgres redis storage mail'
    open_cell "$STATE/bench"
    mkdir -p "$STATE/log"
    FAREWELL=
    enter_cell
    profile=release
    build
    get_servers
    # Figures are of data that we know.
    stop_servers
    rm -rf "$PLACE/postgres"
    start_servers durable
    PORT=$(choose_port API_PORT)
    API_LISTEN=127.0.0.1:$PORT
    export API_LISTEN
    export_settings
    start_neighbours
    run_once migrate
    run_once seed-demo-data
    owner=$DATABASE_OWNER_URL
    unset DATABASE_OWNER_URL
    BENCH_DATABASE_URL=$owner RUST_LOG=warn "$BIN/devtools" bench --api "$BIN/api" --url "http://127.0.0.1:$PORT" \
        --postgres-log "$PLACE/log/postgres.log" --pgbench "$PGBENCH" --wrk "$WRK" --seconds "$seconds"
}

# wrk makes the load on HTTP, pgbench that on PostgreSQL.
need_load_makers() {
    WRK=$(command -v wrk || :)
    [ -n "$WRK" ] || die "wrk is missing: install it (Debian, Ubuntu: apt-get install wrk; macOS: brew install wrk)"
    PGBENCH=$(command -v pgbench || :)
    [ -n "$PGBENCH" ] || die "pgbench is missing: it comes with PostgreSQL's server or client programs"
}
