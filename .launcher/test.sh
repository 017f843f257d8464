# `test`, `chaos` and `accept`: the tests, with servers of their own.

run_tests() {
    fast=no
    while [ $# -gt 0 ]; do
        case $1 in
        --fast) fast=yes ;;
        --no-install) INSTALL=no ;;
        --)
            shift
            break
            ;;
        *) die "test has no option '$1'; what is for the test runner comes after --" ;;
        esac
        shift
    done
    prepare_tests
    # Before the others, so that the run closes on those.
    cargo test --workspace --doc
    if [ "$fast" = yes ]; then
        run_without_release "$@"
    else
        run_all "$@"
    fi
}

run_chaos() {
    fast=no
    which=chaos
    case ${1:-} in
    --full) export LMS_CHAOS=full ;;
    --night)
        export LMS_CHAOS=night SIMULATION_SEEDS=100000 EXECUTED_SEEDS=100
        # And whatever else draws its worlds.
        which='chaos|model::|denied::|access::tests|quiet::|render::tests|ledger::|limits::'
        ;;
    --soak)
        case ${2:-} in '' | *[!0-9]*) die "--soak wants a number of minutes" ;; esac
        export LMS_SOAK_MINUTES="$2"
        which=chaos::soak
        ;;
    '') ;;
    *) die "chaos has no option '$1'" ;;
    esac
    prepare_tests
    # What they measure is printed, and their time is not limited.
    if has cargo-nextest; then
        cargo nextest run --workspace --profile chaos --success-output immediate -E "test(/$which/)"
    else
        # shellcheck disable=SC2046 # words
        cargo test --workspace -- --test-threads 1 --nocapture $(printf %s "$which" | tr '|' ' ')
    fi
}

accept() {
    [ $# -eq 0 ] || die "accept takes no arguments"
    fast=yes
    prepare_tests
    "$BIN/api" openapi >"$CELL/openapi.json"
    mv "$CELL/openapi.json" openapi.json
    export INSTA_UPDATE=always UPDATE_EXPECTED=1
    run_without_release
    say "Accepted. Now read it: git diff"
}

run_all() {
    if has cargo-nextest; then
        cargo nextest run --workspace "$@"
    elif [ $# -gt 0 ]; then
        cargo test --workspace --all-targets "$@"
    else
        run_without_release
        # These start whole systems and break them: one at a time, with the machine to itself.
        cargo test --workspace --all-targets -- --test-threads 1 journey chaos
    fi
}

run_without_release() {
    if has cargo-nextest; then
        cargo nextest run --workspace -E 'not (test(journey) | test(chaos))' "$@"
    else
        cargo test --workspace --all-targets -- --skip journey --skip chaos "$@"
    fi
}

# Servers for tests, and where they are.
start_test_servers() {
    open_cell "$STATE/test"
    FAREWELL=
    enter_cell
    get_servers
    get_test_tools
    start_servers fast
    use_servers_env
    export TEST_DATABASE_URL="${DATABASE_OWNER_URL%/lms}/postgres" TEST_REDIS_URL="$REDIS_URL"
    # Tests make databases of their own, and say themselves which one they mean.
    unset DATABASE_URL DATABASE_OWNER_URL REDIS_URL
}

# Builds, and tells the tests where everything is.
prepare_tests() {
    need_compiler
    # Random worlds are the same in each run: what is red here was made red by a change. The nightly
    # run draws others.
    [ "${LMS_CHAOS:-}" = night ] || export PROPTEST_RNG_SEED="${PROPTEST_RNG_SEED:-1}"
    start_test_servers
    target=${CARGO_TARGET_DIR:-target}
    target=$(mkdir -p "$target" && cd "$target" && pwd -P)
    BIN=$target/debug
    cargo build --workspace --all-targets
    if [ "$fast" = no ]; then
        cargo build --workspace --release
        export LMS_RELEASE_BIN="$target/release"
    fi
    export LMS_LAUNCHER="$ROOT/lms"
}
