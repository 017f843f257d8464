#!/bin/sh
# Measures the API's release build on loopback, beside what pgbench reaches with the same SQL in the
# same run. Needs wrk and pgbench (Debian: `apt-get install wrk postgresql-contrib`), and a release
# build: `cargo build --workspace --release`.
#
# Usage: docs/performance/measure.sh [SECONDS]
set -eu
ROOT=$(CDPATH='' cd -- "$(dirname -- "$0")/../.." && pwd -P)
cd "$ROOT"
SECONDS_EACH=${1:-10}
BIN=${CARGO_TARGET_DIR:-target}/release
DIR=$(mktemp -d)
CONNECTIONS=64

finish() {
    [ -z "${api:-}" ] || kill "$api" 2>/dev/null || :
    ./lms servers remove "$DIR/servers" >/dev/null 2>&1 || :
    rm -rf "$DIR"
}
trap finish EXIT
trap 'exit 1' INT TERM

./lms servers start "$DIR/servers" >"$DIR/env"
set -a
# shellcheck disable=SC1091 # written by the launcher
. "$DIR/env"
LMS_ENV=development LOG_FORMAT=json RUST_LOG=warn DATABASE_POOL_SIZE=${DATABASE_POOL_SIZE:-12}
AWS_STORAGE_BUCKET_NAME=lms AWS_ACCESS_KEY_ID=unused AWS_SECRET_ACCESS_KEY=unused
API_LISTEN=127.0.0.1:8765 API_INTERNAL_LISTEN=127.0.0.1:8766
set +a
"$BIN/api" migrate >/dev/null
"$BIN/api" seed-demo-data >/dev/null

milliseconds() { date +%s%3N; }
began=$(milliseconds)
"$BIN/api" serve >"$DIR/api.log" 2>&1 &
api=$!
until curl -fs http://127.0.0.1:8765/health/ready >/dev/null; do sleep 0.01; done
echo "start to ready: $(($(milliseconds) - began)) ms"
sleep 1
echo "idle memory:    $(awk '/VmRSS/ { print int($2 / 1024) }' "/proc/$api/status") MiB"

url=http://127.0.0.1:8765/api
token=$(curl -fs "$url/auth/login/" -H 'Content-Type: application/json' \
    -d '{"email": "alice.williams@acme.local", "password": "password123"}' | sed 's/.*"access":"\([^"]*\)".*/\1/')
psql() { command psql -qAt "$DATABASE_OWNER_URL" -c "$1"; }
tenant=$(psql "select id from tenants where slug = 'acme'")
person=$(psql "select id from users where email = 'alice.williams@acme.local'")
session=$(psql "select id from sessions where user_id = '$person' order by created_at desc limit 1")
enrollment=$(psql "select id from enrollments where user_id = '$person' and status = 'ACTIVE' order by progress desc limit 1")
course=$(psql "select course_id from enrollments where id = '$enrollment'")
item=$(psql "select content_item_id from learner_progress where enrollment_id = '$enrollment' limit 1")

# Usage: against PATH SQL [LUA]
against() {
    echo
    echo "== $1, $CONNECTIONS connections, ${SECONDS_EACH} s"
    wrk -t2 -c$CONNECTIONS -d"${SECONDS_EACH}s" --latency -H "Authorization: Bearer $token" ${3:+-s "$3"} "$url$1" |
        grep -E 'Requests/sec|50%|99%|Non-2xx|Socket errors' || :
    PGOPTIONS="-c role=lms_app -c app.tenant_id=$tenant" pgbench -n -M prepared -c "$DATABASE_POOL_SIZE" -j2 -T "$SECONDS_EACH" \
        -D tenant="'$tenant'" -D person="'$person'" -D session="'$session'" -D enrollment="'$enrollment'" -D course="'$course'" -D item="'$item'" \
        -f "docs/performance/$2" "$DATABASE_URL" 2>&1 | grep -E 'tps|failed' || :
}

cat >"$DIR/progress.lua" <<END
wrk.method = "POST"
wrk.headers["Content-Type"] = "application/json"
wrk.body = '{"content_item": "$item", "status": "completed"}'
END
against /users/me/ me.sql
against '/courses/' courses.sql
against /progress/ progress.sql "$DIR/progress.lua"
