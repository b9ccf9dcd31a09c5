#!/usr/bin/env bash
# Runs every check and test. Installs what they need; a client that is not to be had is skipped
# by name. Arguments go to pytest: `bash infra/test.sh -k slack`.
set -euo pipefail
cd "$(dirname "$0")/.."
unset SHOMU_HOME
for name in $(compgen -e | grep '^SHOMU_' || true); do unset "$name"; done

. infra/environment.sh
. infra/e2e/postgres.sh
make_environment dev
bash infra/e2e/install.sh
trap stop_postgres EXIT
start_postgres

step() { echo "── $1"; shift; "$@"; }
bin=.venv/bin
step "ruff" $bin/ruff check .
step "format" $bin/ruff format --check .
step "mypy" $bin/mypy
step "import contracts" $bin/lint-imports --no-cache
step "prompts" $bin/shomu prompts check
step "skills" $bin/shomu skills check
step "pytest" $bin/pytest "$@"
