# `up`: everything, for as long as it is wanted.

up() {
    seed=yes
    demo_ai=no
    profile=debug
    for option; do
        case $option in
        --release) profile=release ;;
        --no-seed) seed=no ;;
        --demo-ai) demo_ai=yes ;;
        --no-install) INSTALL=no ;;
        *) die "up has no option '$option'; see ./lms help" ;;
        esac
    done
    load_dotenv
    need_compiler
    decide_servers
    PORT=${PORT:-8000}
    open_cell "$STATE/dev"
    mkdir -p "$STATE/log"
    # Looked at before the launcher takes the cell, for the answer may be: it is ours.
    is_running launcher || ! port_is_taken "$PORT" || refuse_port
    FAREWELL="Stopping."
    enter_cell
    bring_up
    tell_where
    watch
}

need_compiler() {
    has cargo || die "there is no cargo: install Rust as https://rustup.rs tells"
    has cc || has gcc || has clang || die "there is no C compiler: install gcc or clang (Debian: build-essential; macOS: xcode-select --install)"
}

# What the environment or .env names is used; only for the rest do we start something.
decide_servers() {
    NEEDS=
    [ -n "${DATABASE_URL:-}" ] || NEEDS="$NEEDS postgres"
    [ -n "${REDIS_URL:-}${CELERY_BROKER_URL:-}${CACHE_URL:-}" ] || NEEDS="$NEEDS redis"
    [ -n "${AWS_S3_ENDPOINT_URL:-}${AWS_ACCESS_KEY_ID:-}" ] || NEEDS="$NEEDS storage"
    [ -n "${EMAIL_HOST:-}" ] || NEEDS="$NEEDS mail"
    [ "$demo_ai" = no ] || [ -n "${OPENAI_API_KEY:-}" ] || NEEDS="$NEEDS ai"
    NEEDS=${NEEDS:-none}
}

refuse_port() {
    die "port $PORT is taken by another program. Stop that, or choose another port: PORT=$((PORT + 1)) ./lms up"
}

# Servers are fetched and started while cargo builds: beside that, they take no time.
bring_up() {
    # Whoever may be asked for a password is asked now, and not after ten minutes of building.
    if [ "${INSTALL:-yes}" = no ] || ! python_with_pip >/dev/null; then get_servers; fi
    (bring_servers) >"$STATE/log/servers.log" 2>&1 </dev/null &
    bringing=$!
    note_process bring $bringing
    build
    if ! wait "$bringing"; then
        rm -f "$CELL/run/bring"
        say "The servers did not come up in the background: $(tail -n 1 "$STATE/log/servers.log")"
        get_servers
        start_servers durable
    fi
    rm -f "$CELL/run/bring"
    export_settings
    start_neighbours
    run_once migrate
    [ "$seed" = no ] || run_once seed-demo-data --if-empty
    # The owner's rights were for that; a server has no use for them.
    unset DATABASE_OWNER_URL
    start api "$BIN/api" serve
    start worker "$BIN/worker"
    wait_until_ready
}

bring_servers() {
    fetch_servers || :
    missing=$(missing_servers)
    [ -z "$missing" ] || {
        say "missing: $missing"
        exit 1
    }
    start_servers durable
}

# Builds, and tells how far it is.
build() {
    target=${CARGO_TARGET_DIR:-target}
    BIN=$(mkdir -p "$target" && cd "$target" && pwd -P)/$profile
    [ -x "$BIN/api" ] || say "The first build takes 4 to 10 minutes on two cores; later ones take seconds."
    set -- --workspace
    [ "$profile" = debug ] || set -- "$@" --release
    began_at=$(date +%s)
    CARGO_TERM_PROGRESS_WHEN=always CARGO_TERM_PROGRESS_WIDTH=120 CARGO_TERM_COLOR=never \
        cargo build "$@" >"$STATE/log/build.log" 2>&1 </dev/null &
    building=$!
    note_process build $building
    ticks=0
    while is_running build; do
        sleep 0.2
        ticks=$((ticks + 1))
        if [ -t 2 ]; then
            [ $((ticks % 5)) -ne 0 ] || printf '\r\033[K%s' "$(progress)" >&2
        elif [ $((ticks % 25)) -eq 0 ]; then
            say "$(progress)"
        fi
    done
    [ ! -t 2 ] || printf '\r\033[K' >&2
    if ! wait $building; then
        build_log | grep -vE '^ *(Building|Compiling|Download)' | tail -n 60 >&2
        die "the build failed; all of it is in .lms/log/build.log"
    fi
    rm -f "$CELL/run/build"
    say "Built in $(elapsed)."
}

# cargo draws its progress over itself, with carriage returns.
build_log() {
    tr '\r' '\n' <"$STATE/log/build.log"
}

progress() {
    count=$(build_log | sed -n 's/.*\] \([0-9]*\)\/\([0-9]*\).*/\1 of \2 crates/p' | tail -n 1)
    waiting=$(build_log | sed -n 's/^ *\(Blocking waiting.*\)/\1/p' | tail -n 1)
    printf 'building: %s, %s' "${count:-${waiting:-fetching crates}}" "$(elapsed)"
}

elapsed() {
    seconds=$(($(date +%s) - began_at))
    [ $seconds -lt 60 ] || printf '%sm' $((seconds / 60))
    printf '%ss' $((seconds % 60))
}

# Everything that programs ask the environment for. What is set already rules.
# shellcheck disable=SC2034 # exported, all of it
export_settings() {
    use_servers_env
    set -a
    LMS_ENV=${LMS_ENV:-development}
    SECRET_KEY=${SECRET_KEY:-$(secret SECRET_KEY)}
    JWT_SECRET_KEY=${JWT_SECRET_KEY:-$(secret JWT_SECRET_KEY)}
    PUBLIC_URL=${PUBLIC_URL:-http://localhost:$PORT}
    FRONTEND_URL=${FRONTEND_URL:-http://localhost:3000}
    API_INTERNAL_LISTEN=${API_INTERNAL_LISTEN:-127.0.0.1:$(choose_port API_INTERNAL_PORT 9100)}
    WORKER_INTERNAL_LISTEN=${WORKER_INTERNAL_LISTEN:-127.0.0.1:$(choose_port WORKER_INTERNAL_PORT 9101)}
    if needs storage; then
        AWS_S3_ENDPOINT_URL=http://127.0.0.1:$(choose_port STORAGE_PORT 9000)
        AWS_S3_REGION_NAME=us-east-1
        AWS_STORAGE_BUCKET_NAME=lms
        AWS_ACCESS_KEY_ID=lms
        AWS_SECRET_ACCESS_KEY=$(secret STORAGE_SECRET)
    fi
    if needs mail; then
        EMAIL_HOST=127.0.0.1
        EMAIL_PORT=$(choose_port SMTP_PORT 1025)
        EMAIL_USE_TLS=false
        DEFAULT_FROM_EMAIL=${DEFAULT_FROM_EMAIL:-noreply@lms.example.com}
    fi
    if needs ai; then
        OPENAI_API_KEY=demo
        OPENAI_BASE_URL=http://127.0.0.1:$(choose_port AI_PORT 9200)/v1
    fi
    set +a
}

# Object storage, mail and OpenAI's stand-in, as far as they are needed.
start_neighbours() {
    set -- serve
    ports=
    if needs storage; then
        set -- "$@" --s3-listen "${AWS_S3_ENDPOINT_URL#http://}" --s3-data "$CELL/storage" --bucket "$AWS_STORAGE_BUCKET_NAME"
        ports="$ports $(recall STORAGE_PORT)"
    fi
    if needs mail; then
        inbox=$(choose_port INBOX_PORT 8025)
        set -- "$@" --smtp-listen "$EMAIL_HOST:$EMAIL_PORT" --mail-dir "$CELL/mail" --inbox-listen "127.0.0.1:$inbox"
        ports="$ports $EMAIL_PORT $inbox"
    fi
    if needs ai; then
        set -- "$@" --ai-listen "127.0.0.1:$(recall AI_PORT)"
        ports="$ports $(recall AI_PORT)"
    fi
    [ $# -gt 1 ] || return 0
    start devtools "$BIN/devtools" "$@"
    for port in $ports; do
        while ! port_is_taken "$port"; do
            is_running devtools || explain_end devtools
            sleep 0.1
        done
    done
}

# Usage: start NAME COMMAND...
start() {
    name=$1
    shift
    "$@" >"$STATE/log/$name.log" 2>&1 </dev/null &
    note_process "$name" $!
}

# Usage: run_once SUBCOMMAND...
run_once() {
    "$BIN/api" "$@" >"$STATE/log/$1.log" 2>&1 </dev/null || {
        tail -n 30 "$STATE/log/$1.log" >&2
        die "api $1 failed"
    }
}

wait_until_ready() {
    tenths=0
    until "$BIN/api" health >"$STATE/log/health.log" 2>&1; do
        is_running api || explain_end api
        is_running worker || explain_end worker
        tenths=$((tenths + 2))
        [ $tenths -lt 600 ] || die "the API is not ready after a minute: $(tail -n 1 "$STATE/log/health.log")"
        sleep 0.2
    done
}

explain_end() {
    tail -n 30 "$STATE/log/$1.log" >&2
    FAREWELL="$1 has ended; its last lines are above, all of them in .lms/log/$1.log. Stopping."
    exit 1
}

tell_where() {
    url=http://localhost:$PORT
    cat <<END

The LMS is running. Ctrl-C stops it.

  API          $url/api/
  Swagger UI   $url/api/schema/swagger-ui/
END
    ! needs mail || printf '  Mail inbox   http://127.0.0.1:%s/\n' "$inbox"
    cat <<END
  Jobs         http://$WORKER_INTERNAL_LISTEN/ops/
  Metrics      http://$API_INTERNAL_LISTEN/metrics and http://$WORKER_INTERNAL_LISTEN/metrics
  Logs         .lms/log/*.log
END
    [ "$seed" = no ] || cat <<END

Demo accounts have the password password123: alice.williams@acme.local learns,
admin@acme.local runs her school, admin@lms.local runs it all. To sign in:

  curl -X POST $url/api/auth/login/ -H 'Content-Type: application/json' \\
    -d '{"email": "alice.williams@acme.local", "password": "password123"}'
END
}

# Stays until a program ends, which none should, or somebody stops us.
watch() {
    while :; do
        for name in api worker devtools; do
            [ ! -f "$CELL/run/$name" ] || is_running "$name" || explain_end "$name"
        done
        # In the background, so that a signal is heard at once.
        sleep 1 &
        wait $! || :
    done
}

open_psql() {
    open_cell "$STATE/dev"
    postgres_pid >/dev/null || die "the database does not run: start it with ./lms up"
    owner=$(sed -n 's/^DATABASE_OWNER_URL=//p' "$CELL/servers.env")
    psql=$(recalled POSTGRES_BIN)/psql
    has "$psql" || psql=psql
    exec "$psql" "$owner" "$@"
}
