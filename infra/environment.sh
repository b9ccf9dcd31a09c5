# Makes .venv from the lock file. Sourced by try.sh and test.sh; needs Python 3.11 or newer and pip.
# usage: make_environment [dev]

make_environment() {
    local lock=requirements.lock
    [ "${1:-}" = dev ] && lock=tests/requirements.lock
    local python stamp
    python=$(command -v python3.11 || command -v python3.12 || command -v python3) || {
        echo "Python 3.11 以上が必要です。" >&2
        return 1
    }
    "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || {
        echo "Python 3.11 以上が必要です（見つかったもの：$("$python" --version)）。" >&2
        return 1
    }
    stamp="$(sha256sum "$lock" pyproject.toml | sha256sum | cut -c1-16)"
    if [ "$(cat .venv/shomu-stamp 2>/dev/null)" = "$stamp" ]; then
        return 0
    fi
    echo "環境を作っています（初回は数分かかります）…" >&2
    # At a terminal pip shows how far it is; in a log its lines would only be noise.
    local quiet=--quiet
    [ -t 2 ] && quiet=--progress-bar=on
    "$python" -m venv .venv
    .venv/bin/python -m pip install $quiet --require-hashes --no-deps -r "$lock"
    .venv/bin/python -m pip install --quiet --no-deps --no-build-isolation -e .
    echo "$stamp" > .venv/shomu-stamp
}
