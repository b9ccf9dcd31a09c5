#!/usr/bin/env bash
# A first answer: makes the environment, loads a fictional city's documents, opens a local page.
#   bash infra/try.sh                 the chat page and the audit page
#   bash infra/try.sh --ask "質問"    one answer in this terminal
set -euo pipefail
cd "$(dirname "$0")/.."

. infra/environment.sh
make_environment
export SHOMU_HOME="${SHOMU_HOME:-$PWD/.shomu}"
shomu=.venv/bin/shomu
echo "架空のみはらし市の文書を読み込んでいます…" >&2
"$shomu" docs add infra/sample-city/documents --label 2 >&2

if [ "${1:-}" = "--ask" ]; then
    [ -n "${2:-}" ] || { echo '使い方：bash infra/try.sh --ask "夏季休暇は何日まで取れますか"' >&2; exit 2; }
    exec "$shomu" ask "$2"
fi
exec "$shomu" serve --port "${PORT:-8390}"
