"""The pages on a real database and a real audit record, with scripted answers."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import httpx2
from starlette.applications import Starlette

from bot.errors import Unavailable
from bot.messages import Action, Message, Reply, Source
from bot.ports import AuditEvent, Chat, Workspace
from bot.services.audit.record import SqlAudit
from bot.services.audit.vault import Vault
from bot.services.database import Database
from bot.services.files import FileLinks, SqlFiles
from bot.settings import Settings
from bot.testing.fakes import StillClock
from bot.web.pages import build_pages, error_pages
from bot.web.sessions import make_login_link

HERE = "http://127.0.0.1:8080"
EXAMPLES = ("夏季休暇は何日まで取れますか", "出張の日当はいくらですか", "公印の使い方を教えて")
ANSWER = Reply(
    text="該当する箇所が見つかりました。\n> **夏季休暇は、7月から9月までの間に5日とする。**〔1〕\n"
    "ほかに関係しそうな箇所：〔2〕",
    sources=(
        Source(
            1,
            "休暇の手引",
            "第3章 特別休暇 ＞ 第12条",
            "夏季休暇は、7月から9月までの間に5日とする。",
            "p-1",
            "p.4",
            "2026-04-01",
            "2",
        ),
        Source(
            2, "職員服務規程", "第20条", "職員は、休暇を取るときは届け出る。", "p-2", "", "", "1"
        ),
    ),
    actions=(
        Action("feedback", "役に立った", "good"),
        Action("feedback", "役に立たなかった", "bad"),
    ),
    suggestions=("夏季休暇は分けて取れますか",),
    notice="文書の該当箇所をそのまま示しています。",
    skill="manual-search",
)


@dataclass
class Script:
    """Answers messages the way a turn does, and keeps what it was asked."""

    audit: SqlAudit
    answer: Reply = ANSWER
    asked: list[Message] = field(default_factory=list)
    said_before: list[int] = field(default_factory=list)
    files: list[bytes] = field(default_factory=list)
    gate: asyncio.Event | None = None
    waits: asyncio.Event = field(default_factory=asyncio.Event)
    breaks: bool = False

    async def __call__(self, message: Message, chat: Chat) -> Reply:
        self.asked.append(message)
        await chat.hold(message, "調べています…")
        self.said_before.append(len(await chat.history(message)))
        self.files += [await chat.download(item) for item in message.attachments]
        await self.audit.record(
            AuditEvent("assistant.request", "main", "console", message.actor.id, turn=message.turn),
            body=message.text,
            subject="local",
        )
        if self.gate:
            if message.command == "stop":
                self.gate.set()
                return Reply("中止を受け付けました。", status="help")
            await chat.progress(message, "文書を読んでいます…", stoppable=True)
            self.waits.set()
            await self.gate.wait()
        if self.breaks:
            raise Unavailable("canary: this text must not be shown")
        if message.command == "feedback":
            return Reply("ご意見を記録しました。ありがとうございます。", status="help")
        reply = replace(self.answer, turn=message.turn)
        await chat.answer(message, reply)
        return reply


@dataclass
class Office:
    """A running set of pages, without a network."""

    settings: Settings
    database: Database
    audit: SqlAudit
    clock: StillClock
    script: Script
    app: Starlette
    files: SqlFiles
    links: FileLinks

    def browser(
        self, base_url: str = HERE, client: tuple[str, int] = ("127.0.0.1", 50_000)
    ) -> httpx2.AsyncClient:
        """A browser on this machine, unless told otherwise."""
        transport = httpx2.ASGITransport(self.app, client=client, raise_app_exceptions=False)
        return httpx2.AsyncClient(
            transport=transport, base_url=base_url, headers={"Origin": base_url}
        )


async def workspaces() -> Sequence[Workspace]:
    return (Workspace("main", "総務課"), Workspace("tax", "税務課"))


async def open_office(home: Path, settings: Settings | None = None) -> Office:
    settings = settings or Settings(home=home)
    clock = StillClock()
    database = await Database.open_home(home)
    audit = SqlAudit.open(database, clock, home)
    script = Script(audit)
    vault = Vault.open(home)
    files, links = SqlFiles(database, vault, clock), FileLinks(vault, clock, settings.public_url)
    routes = build_pages(
        settings, database, audit, script, EXAMPLES, workspaces, clock, files, links
    )
    app = Starlette(routes=routes, exception_handlers=dict(error_pages()))
    return Office(settings, database, audit, clock, script, app, files, links)


async def sign_in(office: Office, browser: httpx2.AsyncClient, role: str) -> None:
    """Open a one-time link in a browser and press its button."""
    link = await make_login_link(office.database, office.clock, HERE, role)
    token = link.partition("token=")[2]
    page = await browser.get("/admin/login", params={"token": token})
    answer = await browser.post("/admin/login", data={"csrf": csrf_in(page), "token": token})
    assert answer.status_code == 303, answer.text


def csrf_in(page: httpx2.Response) -> str:
    """The token that a page's forms carry."""
    found = re.search(r'name="csrf" value="([^"]+)"', page.text)
    assert found, page.text
    return found[1]
