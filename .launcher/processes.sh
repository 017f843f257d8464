# Processes that we started. Each has a file $CELL/run/NAME with its number and the moment it
# began: numbers are used again, and a process that is not ours must never be stopped.

# Prints the moment a process began, in whatever unit; nothing if there is no such process, or it
# has ended and only waits to be asked for (state Z), which in a container may be for ever.
began() {
    if [ -r "$PROC/$1/stat" ]; then
        # The name, in parentheses, may hold anything; the state follows it, and 19 fields on is the moment.
        sed 's/.*) //' "$PROC/$1/stat" 2>/dev/null | sed '/^Z/d' | cut -d ' ' -f 20
    elif has ps; then
        # In one language, and without the blanks that macOS fills the column up with.
        LC_ALL=C ps -o stat= -o lstart= -p "$1" 2>/dev/null | sed -n '/^Z/d; s/^[^ ]* *\(.*[^ ]\) *$/\1/p'
    fi
}

command_line() {
    if [ -r "$PROC/$1/cmdline" ]; then
        tr '\0' ' ' <"$PROC/$1/cmdline" 2>/dev/null
    elif has ps; then
        ps -o command= -p "$1" 2>/dev/null || :
    fi
}

# Usage: note_process NAME PID
note_process() {
    printf '%s %s\n' "$2" "$(began "$2")" >"$CELL/run/$1"
}

# Prints the number of a noted process that still runs.
process() {
    [ -f "$CELL/run/$1" ] || return 1
    read -r pid moment <"$CELL/run/$1" || return 1
    [ -n "$moment" ] && [ "$(began "$pid")" = "$moment" ] || return 1
    printf '%s\n' "$pid"
}

is_running() {
    process "$1" >/dev/null
}

# Asks processes to stop, all at once, and ends those that have not after some seconds.
# Usage: stop_processes SECONDS NAME...
stop_processes() {
    tenths=$(($1 * 10))
    shift
    for name; do
        if pid=$(process "$name"); then kill -TERM "$pid" 2>/dev/null || :; fi
    done
    for name; do
        while is_running "$name" && [ "$tenths" -gt 0 ]; do
            tenths=$((tenths - 1))
            sleep 0.1
        done
        if pid=$(process "$name"); then
            say "$name does not stop: it is killed."
            kill -KILL "$pid" 2>/dev/null || :
        fi
        rm -f "$CELL/run/$name"
    done
}

# Makes sure that this is the only launcher at work in the cell.
take_cell() {
    # With noclobber, of two launchers only one makes the file.
    if ! (set -C && printf '%s %s\n' $$ "$(began $$)" >"$CELL/run/launcher") 2>/dev/null; then
        if pid=$(process launcher); then
            die "this is already running, as process $pid. Stop that with Ctrl-C in its terminal, or with: kill $pid"
        fi
        # One that was killed; whoever looks after it may still be cleaning up.
        while is_running watchdog; do sleep 0.1; done
        rm -f "$CELL/run/launcher"
        take_cell
        return
    fi
    # Whatever ends us, even SIGKILL, ends what we started: this process looks after it.
    (
        trap '' INT HUP
        while is_running launcher; do sleep 1; done
        clean_cell
        rm -f "$CELL/run/watchdog"
    ) >/dev/null 2>&1 </dev/null &
    note_process watchdog $!
}

leave_cell() {
    if pid=$(process watchdog); then kill -TERM "$pid" 2>/dev/null || :; fi
    rm -f "$CELL/run/watchdog" "$CELL/run/launcher"
}

# Stops what runs in the cell, ours or left over from a launcher that was killed.
clean_cell() {
    stop_processes 2 bring build
    stop_processes 15 worker api devtools
    stop_servers
}

# Runs on every way out; a second Ctrl-C does not leave half of it undone.
finish() {
    trap '' INT TERM HUP PIPE
    [ -z "${FAREWELL:-}" ] || say "$FAREWELL"
    clean_cell
    leave_cell
}

# Takes the cell and cleans it up, and will again at the end, whichever way that comes.
enter_cell() {
    take_cell
    trap finish EXIT
    trap 'exit 129' HUP
    trap 'exit 130' INT
    trap 'exit 141' PIPE
    trap 'exit 143' TERM
    clean_cell
}
