#!/usr/bin/env bash
# Installs the real clients that the end-to-end tests drive: a browser, PostgreSQL, a Slack and a
# Teams client, a model server, LibreOffice. Exact versions; nothing of theirs is kept in the repository.
# A client that cannot be installed is named here, and its tests say that they skip.
set -uo pipefail
cd "$(dirname "$0")/../.."

debian_packages() {
    local missing=()
    command -v chromium >/dev/null || missing+=(chromium)
    fc-list 2>/dev/null | grep -qi 'CJK' || missing+=(fonts-noto-cjk fontconfig)
    ls /usr/lib/postgresql/*/bin/postgres >/dev/null 2>&1 || missing+=(postgresql)
    command -v soffice >/dev/null || missing+=(libreoffice-writer-nogui)
    command -v ip >/dev/null || missing+=(iproute2)
    command -v node >/dev/null || missing+=(nodejs npm)
    [ ${#missing[@]} -eq 0 ] && return 0
    if [ "$(id -u)" -ne 0 ] || ! command -v apt-get >/dev/null; then
        echo "入っていないもの：${missing[*]}（該当する試験は省略されます）" >&2
        return 0
    fi
    apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq "${missing[@]}" \
        >/dev/null || echo "入れられなかったものがあります：${missing[*]}" >&2
}

node_packages() {
    local wanted="local-slack-linux-x64@0.1.8 @microsoft/m365agentsplayground@0.2.28 @copilotkit/aimock@1.43.0"
    local slack_integrity='sha512-2BCTKxKajjZNWCSCj66Jq5VDScUDNpGZ1lA3281I8RvpDE4/ULCwC26TlcW6/4sPbSTs02Q3KjTiltJp3ZBEvg=='
    [ "$(cat .node/installed 2>/dev/null)" = "$wanted" ] && return 0
    command -v npm >/dev/null || return 0
    mkdir -p .node
    echo '{"private": true}' > .node/package.json
    # shellcheck disable=SC2086
    (cd .node && npm install --silent --no-audit --no-fund --save-exact \
        --omit-lockfile-registry-resolved $wanted >/dev/null) || {
        echo "Slack・Teams・モデルの試験用クライアントを入れられませんでした。" >&2
        return 0
    }
    # The Slack client is a prebuilt binary: what npm unpacked must be what was looked at.
    if ! grep -qF "$slack_integrity" .node/package-lock.json; then
        echo "local-slack の中身が固定したものと違います。取り除きます。" >&2
        rm -rf .node/node_modules/local-slack-linux-x64
        return 0
    fi
    echo "$wanted" > .node/installed
}

debian_packages
node_packages
