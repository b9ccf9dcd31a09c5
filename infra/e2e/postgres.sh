# An own PostgreSQL on loopback for the length of a test run. Sourced by test.sh.
# Sets TEST_POSTGRES_URL; `stop_postgres` ends it by its process id.

start_postgres() {
    local bin port owner=""
    bin=$(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -V | tail -n 1)
    [ -n "$bin" ] || { echo "PostgreSQL がないため、その試験は省略されます。" >&2; return 0; }
    postgres_home=$(mktemp -d -t shomu-postgres.XXXXXX)
    port=$(.venv/bin/python -c \
        'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
    if [ "$(id -u)" -eq 0 ]; then  # PostgreSQL refuses to run as root
        chown postgres "$postgres_home"
        owner="runuser -u postgres --"
    fi
    $owner "$bin/initdb" -D "$postgres_home/data" -U shomu -A trust -E UTF8 --locale=C.UTF-8 \
        >/dev/null
    (cd "$postgres_home" && exec $owner "$bin/postgres" -D "$postgres_home/data" -p "$port" \
        -k "$postgres_home" -c listen_addresses=127.0.0.1 -c fsync=off \
        >"$postgres_home/log" 2>&1) &
    postgres_pid=$!
    for _ in $(seq 100); do
        "$bin/pg_isready" -q -h 127.0.0.1 -p "$port" -U shomu && break
        sleep 0.1
    done
    "$bin/createdb" -h 127.0.0.1 -p "$port" -U shomu shomu_test
    export TEST_POSTGRES_URL="postgresql+asyncpg://shomu@127.0.0.1:$port/shomu_test"
}

stop_postgres() {
    [ -n "${postgres_pid:-}" ] || return 0
    # The server is a child of runuser; its own id stands in postmaster.pid.
    kill -INT "$(head -n 1 "$postgres_home/data/postmaster.pid" 2>/dev/null)" 2>/dev/null
    wait "$postgres_pid" 2>/dev/null
    rm -rf "$postgres_home"
}
