# Saying things, settings, ports. Standard output is for results; what we are doing goes to
# standard error, as cargo does it.

# Where the system tells of its processes and ports. macOS has no such place, and tests take it away.
PROC=${LMS_PROC:-/proc}

# A terminal that is gone is no reason to stop half-way.
say() {
    printf '%s\n' "$*" >&2 || :
}

die() {
    printf 'lms: %s\n' "$*" >&2
    exit 1
}

has() {
    command -v "$1" >/dev/null 2>&1
}

random_hex() {
    od -An -N"$1" -tx1 /dev/urandom | tr -d ' \n'
}

# A value as a shell reads it back; quoted only if it must be, for readers that are no shell.
quoted() {
    case $1 in
    *[!A-Za-z0-9_./:@%+=,?-]*) printf "'%s'" "$(printf %s "$1" | sed "s/'/'\\\\''/g")" ;;
    *) printf %s "$1" ;;
    esac
}

# Remembers a value of this cell (see servers.sh), such as a port, for the next run.
# Usage: remember NAME VALUE
remember() {
    ensure_private "$CELL/settings"
    grep -v "^$1=" "$CELL/settings" >"$CELL/settings.new" || :
    printf '%s=%s\n' "$1" "$(quoted "$2")" >>"$CELL/settings.new"
    chmod 600 "$CELL/settings.new"
    mv "$CELL/settings.new" "$CELL/settings"
}

# Prints what was remembered, or nothing.
recall() {
    [ ! -f "$CELL/settings" ] || sed -n "s/^$1=//p" "$CELL/settings"
}

# Makes a file that nobody else may read.
ensure_private() {
    [ -f "$1" ] || (umask 077 && : >"$1")
}

# Prints a secret of this cell, made up the first time.
secret() {
    [ -n "$(recall "$1")" ] || remember "$1" "$(random_hex 32)"
    recall "$1"
}

# Whether something listens on a TCP port, on whatever address.
port_is_taken() {
    if [ -r "$PROC/net/tcp" ]; then
        cat "$PROC/net/tcp" "$PROC/net/tcp6" 2>/dev/null | awk -v port="$(printf %04X "$1")" \
            '$4 == "0A" && $2 ~ (":" port "$") { found = 1 } END { exit !found }'
    else
        netstat -an -p tcp | awk -v port="$1" \
            '/LISTEN/ && $4 ~ ("[.:]" port "$") { found = 1 } END { exit !found }'
    fi
}

# Prints a port that is free: the one remembered under NAME, else PREFERRED, else any.
# Usage: choose_port NAME [PREFERRED]
choose_port() {
    for port in $(recall "$1") ${2:-}; do
        if ! port_is_taken "$port"; then
            remember "$1" "$port"
            printf '%s\n' "$port"
            return
        fi
    done
    # Below the range that systems take ports for outgoing connections from.
    port=$(($(od -An -N2 -tu2 /dev/urandom) % 10000 + 20000))
    while port_is_taken "$port"; do port=$((port + 1)); done
    remember "$1" "$port"
    printf '%s\n' "$port"
}

# Takes what .env sets, unless the environment has it already. The file is read and not run, for
# its values are written for programs and not for a shell.
load_dotenv() {
    [ -f .env ] || return 0
    while IFS= read -r line || [ -n "$line" ]; do
        line=$(printf %s "$line" | sed 's/^[[:space:]]*//; s/^export[[:space:]]*//; s/[[:space:]]*$//')
        name=${line%%=*}
        case $line in \#* | '') continue ;; *=*) ;; *) continue ;; esac
        case $name in '' | [0-9]* | *[!A-Za-z0-9_]*) continue ;; esac
        value=${line#*=}
        case $value in
        \"*) value=${value#\"} value=${value%%\"*} ;;
        \'*) value=${value#\'} value=${value%%\'*} ;;
        *) value=$(printf %s "$value" | sed 's/[[:space:]]#.*//; s/[[:space:]]*$//') ;;
        esac
        eval "is_set=\${$name+yes}"
        # shellcheck disable=SC2154 # set by the eval
        if [ -z "$is_set" ]; then export "$name=$value"; fi
    done <.env
}
