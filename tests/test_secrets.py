"""No secret and no word of a person in logs, on the screen, or in the clear in the database.

The whole app runs, on canary secrets and canary words, through good turns and bad ones.
"""

from __future__ import annotations

import asyncio
import base64
import hmac
import json
import logging
import os
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import httpx2
import pytest
from sqlalchemy import text
from starlette.responses import JSONResponse

from bot.app import App, open_app
from bot.server import running
from bot.settings import Settings, load
from tests.e2e.slack_office import BOT_USER, TEAM, SlackOffice

# The fake Slack runs in a thread of ours, whose loop is closed with connections open.
pytestmark = pytest.mark.filterwarnings("ignore::ResourceWarning")

MASTER = base64.b64encode(b"canary-master-key-of-32-bytes-aa").decode()
SECRETS = {
    "SHOMU_SLACK_SIGNING_SECRET": "canary-signing-secret-4711",
    "SHOMU_SLACK_BOT_TOKEN": "xoxb-canary-bot-token-4712",
    "SHOMU_MODEL_KEY": "sk-canary-model-key-4713",
    "SHOMU_MASTER_KEY": MASTER,
}
QUESTION, ANSWER, DOCUMENT, BROKEN, FORGED = (
    "ひまわり畑の質問",
    "いちじく色の回答",
    "すずらん通りの文書",
    "むらさきの壊れた質問",
    "にせものの電文",
)
WORDS = (QUESTION, ANSWER, BROKEN, FORGED)
SKILL = """
from bot import BadInput, Reply, skill

@skill
async def run(message, context):
    if "壊" in message.text:
        raise RuntimeError(message.text)
    if "断" in message.text:
        raise BadInput(message.text, remedy="書き直してください。")
    print_nothing = await context.find(message.text)
    return Reply("{answer} " + message.text, engine="offline")
"""
ABOUT = """---
name: canary
description: 試験用です。
metadata:
  title: 試験
  triggers: 試験
  version: 1.0.0
---
# 試験
"""


class Office(SlackOffice):
    """With whispers, which are seen by one person and kept by nobody."""

    async def _call(self, request: Any) -> Any:
        if request.path_params["method"] == "chat.postEphemeral":
            return JSONResponse({"ok": True, "message_ts": "1.1"})
        return await super()._call(request)


@pytest.fixture
def slack() -> Iterator[SlackOffice]:
    office = Office(trouble=0.0)
    office.start()
    yield office
    office.stop()


@pytest.fixture
def logged() -> Iterator[list[str]]:
    """Everything our loggers say at DEBUG, and everybody else's from warnings up."""
    lines: list[str] = []

    class Keep(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            if record.name.startswith("bot") or record.levelno >= logging.WARNING:
                lines.append(f"{self.format(record)} {record.__dict__}")

    keeper, root, ours = Keep(), logging.getLogger(), logging.getLogger("bot")
    before = ours.level
    root.addHandler(keeper)
    ours.setLevel(logging.DEBUG)
    yield lines
    root.removeHandler(keeper)
    ours.setLevel(before)


class Desk:
    """The running server as Slack reaches it."""

    def __init__(self, app: App, client: httpx2.AsyncClient, slack: SlackOffice) -> None:
        self.app, self.client, self.slack = app, client, slack
        self._number = 0

    async def post(self, body: bytes, *, forms: bool = False, secret: str = "") -> int:
        now = str(int(time.time()))
        key = (secret or SECRETS["SHOMU_SLACK_SIGNING_SECRET"]).encode()
        digest = hmac.new(key, b"v0:" + now.encode() + b":" + body, sha256).hexdigest()
        media_type = "application/x-www-form-urlencoded" if forms else "application/json"
        headers = {
            "Content-Type": media_type,
            "X-Slack-Request-Timestamp": now,
            "X-Slack-Signature": f"v0={digest}",
        }
        answer = await self.client.post("/slack/events", content=body, headers=headers)
        return answer.status_code

    async def ask(self, question: str) -> dict[str, Any]:
        """Mention the bot; what it answered."""
        self._number += 1
        ts = f"1790000000.{self._number:06d}"
        said = {"type": "app_mention", "user": "U1", "text": f"<@{BOT_USER}> {question}"}
        event = {**said, "ts": ts, "channel": "C1", "event_ts": ts}
        payload = {"type": "event_callback", "team_id": TEAM, "event_id": ts, "event": event}
        assert await self.post(json.dumps(payload, ensure_ascii=False).encode()) == 200
        await self.until(lambda: self._is_done(ts))
        return self.slack.answers("C1", ts)[0]

    async def press(self, answer: dict[str, Any], name: str) -> None:
        """Press a button of an answer."""
        button = next(
            element
            for block in answer["blocks"]
            for element in block.get("elements", [])
            if element.get("type") == "button" and name in element["text"]["text"]
        )
        payload = {
            "type": "block_actions",
            "team": {"id": TEAM},
            "user": {"id": "U1", "team_id": TEAM},
            "channel": {"id": "C1"},
            "container": {"type": "message", "message_ts": answer["ts"], "channel_id": "C1"},
            "message": {"ts": answer["ts"], "text": answer.get("text", "")},
            "trigger_id": f"t{time.monotonic_ns()}",
            "actions": [{**button, "action_ts": "1.1"}],
        }
        body = urlencode({"payload": json.dumps(payload)}).encode()
        assert await self.post(body, forms=True) == 200

    async def _is_done(self, ts: str) -> bool:
        waiting = await self.app.inbox.backlog()
        return bool(self.slack.answers("C1", ts)) and not any(waiting.values())

    async def until(self, holds: Callable[[], Awaitable[bool]]) -> None:
        async with asyncio.timeout(30):
            while not await holds():
                await asyncio.sleep(0.02)


@pytest.fixture
def settings(tmp_path: Path, slack: SlackOffice) -> Settings:
    folder = tmp_path / "home" / "skills" / "canary"
    folder.mkdir(parents=True)
    (folder / "SKILL.md").write_text(ABOUT, encoding="utf-8")
    (folder / "skill.py").write_text(SKILL.replace("{answer}", ANSWER), encoding="utf-8")
    return load(
        {
            "SHOMU_HOME": str(tmp_path / "home"),
            "SHOMU_SLACK_API_URL": f"http://127.0.0.1:{slack.port}/api/",
            "SHOMU_MODEL": "canary",
            # Nobody listens: every call to the model fails.
            "SHOMU_MODEL_URL": "http://127.0.0.1:9/v1",
            "SHOMU_MODEL_TIMEOUT": "2",
            **SECRETS,
        }
    )


@pytest.fixture
async def desk(settings: Settings, slack: SlackOffice) -> AsyncIterator[Desk]:
    async with open_app(settings) as app:
        name = await app.workspace_for("main", make=True)
        content = f"# {DOCUMENT}\n\n{DOCUMENT}は7月から9月までに5日です。"
        await app.library.add([("手引.md", content.encode())], workspace=name, label="2")
        async with (
            running(app) as started,
            httpx2.AsyncClient(
                transport=httpx2.ASGITransport(started.pages), base_url="http://127.0.0.1"
            ) as client,
        ):
            yield Desk(app, client, slack)


async def go_through_everything(desk: Desk) -> None:
    """Good turns and bad ones, and requests that are none."""
    answer = await desk.ask(f"試験 {QUESTION}")
    assert ANSWER in json.dumps(answer, ensure_ascii=False)
    quoted = await desk.ask(f"{DOCUMENT}は何日ですか {QUESTION}")
    assert DOCUMENT in json.dumps(quoted, ensure_ascii=False)
    await desk.press(quoted, "役に立った")
    broken = await desk.ask(f"試験 壊す {BROKEN}")
    assert "うまく処理できませんでした" in json.dumps(broken, ensure_ascii=False)
    assert BROKEN not in json.dumps(broken, ensure_ascii=False)
    await desk.ask(f"試験 断る {BROKEN}")
    await desk.ask(f"{BROKEN}" * 600)
    forged = json.dumps({"type": "event_callback", "event": {"text": FORGED}}, ensure_ascii=False)
    assert await desk.post(forged.encode(), secret="another") == 401
    assert await desk.post(forged.encode() + b"{") == 400
    assert await desk.post(forged.encode(), forms=True) in (200, 400)
    assert (await desk.client.get(f"/chat?q={FORGED}")).status_code != 500
    assert (await desk.client.get(f"/{FORGED}")).status_code == 404
    await desk.until(lambda: _has_event(desk.app, "assistant.feedback"))


async def _has_event(app: App, action: str) -> bool:
    async with app.database.read() as connection:
        query = text("SELECT count(*) FROM audit_event WHERE action = :action")
        return bool(await connection.scalar(query, {"action": action}))


async def test_no_secret_and_no_words_are_logged_or_printed(
    desk: Desk, logged: list[str], capfd: pytest.CaptureFixture[str]
) -> None:
    await go_through_everything(desk)
    printed = capfd.readouterr()
    everything = "\n".join(
        [*logged, printed.out, printed.err, (await desk.client.get("/metrics")).text]
    )
    assert "failed: RuntimeError" in everything, "the errors themselves are logged"
    found = [canary for canary in (*SECRETS.values(), *WORDS, DOCUMENT) if canary in everything]
    assert found == []


async def test_the_database_keeps_no_words_in_the_clear_once_the_turn_is_done(
    settings: Settings, slack: SlackOffice
) -> None:
    async with open_app(settings) as app:
        name = await app.workspace_for("main", make=True)
        await app.library.add([("手引.md", DOCUMENT.encode())], workspace=name, label="2")
        async with (
            running(app) as started,
            httpx2.AsyncClient(
                transport=httpx2.ASGITransport(started.pages), base_url="http://127.0.0.1"
            ) as client,
        ):
            desk = Desk(app, client, slack)
            await desk.ask(f"試験 {QUESTION}")
            await desk.ask(f"試験 壊す {BROKEN}")
        await app.audit.verify()
        async with app.database.read() as connection:
            inbox = (await connection.execute(text("SELECT * FROM inbox"))).all()
            events = (await connection.execute(text("SELECT canonical FROM audit_event"))).all()
        rows = repr(inbox) + repr(events)
        assert inbox
        assert [word for word in WORDS if word in rows] == []
    files = [path for path in settings.home.rglob("shomu.db*") if path.is_file()]
    raw = b"".join(path.read_bytes() for path in files)
    assert DOCUMENT.encode() in raw, "documents are kept in the clear: the search works"
    assert [word for word in WORDS if word.encode() in raw] == []
    escaped = [json.dumps(word).strip('"').encode() for word in WORDS]
    assert [word for word in escaped if word in raw] == []
    assert [secret for secret in SECRETS.values() if secret.encode() in raw] == []


def test_settings_never_show_a_secret(settings: Settings) -> None:
    shown = repr(settings) + str(settings)
    assert [secret for secret in SECRETS.values() if secret in shown] == []


async def test_files_with_keys_are_for_their_owner_only(settings: Settings) -> None:
    if os.name == "nt":
        pytest.skip("Windows has no file modes")
    async with open_app(settings) as app:
        await app.audit.verify()
    keys = [path for path in settings.home.iterdir() if "key" in path.name]
    assert keys
    assert [path.name for path in keys if path.stat().st_mode & 0o077] == []
