"""The chat page and the audit pages as a person sees them: real Chromium, scripted answers.

Set SHOMU_E2E_SHOTS to a folder to keep pictures of what was seen.
"""

from __future__ import annotations

import asyncio
import os
import re
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from bot.messages import dump_reply, new_id
from bot.ports import AuditEvent
from bot.services.audit.search import Filter
from bot.web.sessions import make_login_link
from tests.web.office import Office, open_office

pytest.importorskip("playwright", reason="playwright is not installed")

import uvicorn
from playwright.async_api import (
    Browser,
    ConsoleMessage,
    Dialog,
    Page,
    Request,
    async_playwright,
    expect,
)

CHROMIUM = Path("/usr/bin/chromium")
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
SHOTS = os.environ.get("SHOMU_E2E_SHOTS", "")
QUESTION = "夏季休暇は何日まで取れますか"
PATIENCE = 15_000  # milliseconds
# Nothing is looked at before it is waited for: a page may still be on its way.
expect.set_options(timeout=PATIENCE)
DESK = {"width": 1280, "height": 900}
PHONE = {"width": 390, "height": 844}

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.skipif(not CHROMIUM.exists(), reason=f"{CHROMIUM} is not installed"),
    # The browser's driver closes its pipes after the loop; that is not ours to mend.
    pytest.mark.filterwarnings("default::ResourceWarning"),
    pytest.mark.filterwarnings("default::pytest.PytestUnraisableExceptionWarning"),
]

NAUGHTY = (
    "<script>alert(1)</script>",
    "<img src=https://evil.example/x onerror=alert(1)>",
    '"><svg onload=alert(1)>',
    "' onmouseover='alert(1)",
    "javascript:alert(1)",
    "{{ 7 * 7 }}{% raw %}",
    "</td></tr></table><iframe src=https://evil.example></iframe>",
    "<meta http-equiv=refresh content='0;url=https://evil.example'>",
    "<link rel=stylesheet href=https://evil.example/x.css>",
    "<base href=https://evil.example/>",
    "<form action=https://evil.example><button>押す</button></form>",
    "\u202etxt.exe\u0000\u0007\u200b",
    "＜script＞alert(1)＜/script＞",
    "<a href=https://evil.example ping=https://evil.example>記録</a>",
    "<style>@import 'https://evil.example'</style>",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "]]><!--<script>alert(1)</script>",
    "𠮷野家👨‍👩‍👧‍👦" + "あ" * 300,
)


@dataclass
class Seen:
    """What a browser did that nobody may want: dialogs, complaints, foreign addresses."""

    dialogs: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)
    foreign: list[str] = field(default_factory=list)


@dataclass
class Desk:
    """A server that is running, and a browser in front of it."""

    office: Office
    address: str
    chromium: Browser
    seen: Seen = field(default_factory=Seen)

    @asynccontextmanager
    async def page(self, **options: Any) -> AsyncIterator[Page]:
        """A page of a fresh browser profile."""
        context = await self.chromium.new_context(
            **{"viewport": DESK, "locale": "ja-JP", "base_url": self.address, **options}
        )
        context.set_default_timeout(PATIENCE)
        page = await context.new_page()
        page.on("console", self._hear)
        page.on("pageerror", lambda error: self.seen.complaints.append(str(error)))
        page.on("request", self._watch)

        async def dismiss(dialog: Dialog) -> None:
            self.seen.dialogs.append(dialog.message)
            await dialog.dismiss()

        page.on("dialog", dismiss)
        yield page
        await context.close()

    def _hear(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning") and "Failed to load resource" not in message.text:
            self.seen.complaints.append(message.text)

    def _watch(self, request: Request) -> None:
        if not request.url.startswith(self.address):
            self.seen.foreign.append(request.url)


@pytest_asyncio.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    office = await open_office(tmp_path / "home")
    listening = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(office.app, log_level="warning", lifespan="off", ws="none")
    server = uvicorn.Server(config)
    serving = asyncio.create_task(server.serve(sockets=[listening]))
    address = f"http://127.0.0.1:{listening.getsockname()[1]}"
    async with async_playwright() as driver:
        chromium = await driver.chromium.launch(executable_path=str(CHROMIUM), args=ARGUMENTS)
        opened = Desk(office, address, chromium)
        yield opened
        await chromium.close()
    server.should_exit = True
    await asyncio.wait_for(serving, 20)
    await office.database.close()
    assert opened.seen == Seen()


async def keep(page: Page, name: str) -> None:
    if SHOTS:
        await page.screenshot(path=f"{SHOTS}/{name}.png")


async def ask(page: Page, text: str = QUESTION) -> None:
    """Type a question, send it with Enter and wait for its answer."""
    answers = await page.locator(".answer:not(.waiting)").count()
    await page.locator("#text").fill(text)
    await page.keyboard.press("Enter")
    await page.locator(".answer:not(.waiting)").nth(answers).wait_for()


async def sign_in(desk: Desk, page: Page, role: str = "auditor") -> str:
    link = await make_login_link(desk.office.database, desk.office.clock, desk.address, role)
    await page.goto(link)
    await page.get_by_role("button", name="サインインする").click()
    await page.get_by_role("heading", name="監査記録").wait_for()
    return link


async def is_wider_than_the_screen(page: Page) -> bool:
    return bool(await page.evaluate("document.documentElement.scrollWidth > window.innerWidth"))


async def test_a_question_is_typed_answered_checked_rated_and_followed_up(desk: Desk) -> None:
    desk.office.script.gate = asyncio.Event()
    async with desk.page() as page:
        await page.goto("/chat")
        await keep(page, "chat-empty")
        await page.locator("#text").fill(QUESTION)
        await page.keyboard.press("Enter")
        await page.get_by_text("文書を読んでいます…").first.wait_for()
        await expect(page.locator("#text")).to_have_value("")
        desk.office.script.gate.set()
        await page.locator(".sources").wait_for()
        await expect(page.get_by_text("文書を読んでいます…")).to_have_count(0)
        await expect(page.locator(".answer strong")).to_have_text(
            "夏季休暇は、7月から9月までの間に5日とする。"
        )

        quote = page.locator(".source").first.locator("blockquote")
        await expect(quote).to_be_hidden()
        await page.get_by_role("link", name="出典1").click()
        await expect(quote).to_be_visible()
        await keep(page, "chat-answer")

        await page.get_by_role("button", name="役に立った", exact=True).click()
        await page.get_by_text("ご意見を記録しました").wait_for()

        desk.office.script.gate = None
        await ask(page, "分けて取れますか")
        asked = desk.office.script.asked
        assert [item.kind for item in asked] == ["direct", "button", "follow-up"]
        assert len({item.place.thread for item in asked}) == 1

        await page.reload()
        await expect(page.locator(".exchange")).to_have_count(2)
        await page.get_by_role("link", name="新しい質問").click()
        await expect(page.locator(".exchange")).to_have_count(0)
        await page.get_by_role("button", name=QUESTION).click()
        await page.locator(".sources").wait_for()
        assert desk.office.script.asked[-1].place.thread != asked[0].place.thread


async def test_enter_that_ends_a_composition_does_not_send(desk: Desk) -> None:
    async with desk.page() as page:
        await page.goto("/chat")
        await page.locator("#text").focus()
        keys = await page.context.new_cdp_session(page)
        await keys.send(
            "Input.imeSetComposition", {"text": "なつ", "selectionStart": 2, "selectionEnd": 2}
        )
        await page.keyboard.press("Enter")
        # Safari ends the composition first and only the key code is left of it.
        await page.locator("#text").dispatch_event("keydown", {"key": "Enter", "keyCode": 229})
        await expect(page.locator(".exchange")).to_have_count(0)
        await page.locator("#text").fill("")
        await page.keyboard.type("夏")
        await page.keyboard.press("Shift+Enter")
        await page.keyboard.type("2")
        await expect(page.locator("#text")).to_have_value("夏\n2")
        await page.keyboard.press("Enter")
        await page.locator(".sources").wait_for()
    assert [item.text for item in desk.office.script.asked] == ["夏\n2"]


async def test_what_was_typed_survives_a_dead_network_and_a_long_text(desk: Desk) -> None:
    async with desk.page() as page:
        await page.goto("/chat")
        await page.context.set_offline(True)
        await page.locator("#text").fill(QUESTION)
        await page.keyboard.press("Enter")
        await page.get_by_text("サーバーにつながりません").wait_for()
        await expect(page.locator("#text")).to_have_value(QUESTION)
        await page.context.set_offline(False)
        await page.locator("#text").fill("夏" * 4_001)
        await page.keyboard.press("Enter")
        await page.get_by_text("文章が長すぎます（4,001文字）").wait_for()
        assert len(await page.locator("#text").input_value()) == 4_001
        await ask(page)
        await expect(page.locator("#notice")).to_be_hidden()
    assert len(desk.office.script.asked) == 1


async def test_a_file_is_attached_and_read(desk: Desk) -> None:
    async with desk.page() as page:
        await page.goto("/chat")
        await page.locator("#file").set_input_files(
            {"name": "会議録.txt", "mimeType": "text/plain", "buffer": "議題".encode()}
        )
        await expect(page.locator("#file-name")).to_have_text("会議録.txt")
        await ask(page, "要約して")
        await page.get_by_text("添付：会議録.txt").wait_for()
    assert desk.office.script.files == ["議題".encode()]


async def test_the_chat_page_works_without_javascript(desk: Desk) -> None:
    async with desk.page(java_script_enabled=False) as page:
        await page.goto("/chat")
        await page.locator("#text").fill(QUESTION)
        await page.get_by_role("button", name="送信").click()
        await page.get_by_text("第3章 特別休暇 ＞ 第12条").wait_for()
        await page.get_by_role("button", name="役に立った", exact=True).click()
        await page.get_by_text("ご意見を記録しました").wait_for()
        await page.get_by_role("button", name="夏季休暇は分けて取れますか").click()
        await expect(page.locator(".exchange")).to_have_count(2)


async def test_an_auditor_signs_in_once_filters_and_opens_a_record(desk: Desk) -> None:
    await write_turns(desk.office, ("U04TANAKA", "U07SATO"))
    async with desk.page() as page:
        link = await sign_in(desk, page)
        await keep(page, "audit")
        await page.get_by_label("利用者").fill("U07SATO")
        await page.get_by_label("操作").select_option(label="回答")
        await page.get_by_role("button", name="絞り込む").click()
        await expect(page.locator(".records tbody tr")).to_have_count(1)
        await page.locator(".records .when a").click()
        await page.get_by_role("heading", name="データの取り扱い").wait_for()
        await keep(page, "audit-event")
        await expect(page.get_by_text("夏季休暇は、7月から")).to_have_count(0)
        await page.get_by_role("button", name="記録を残して表示する").click()
        await page.locator(".answer-text").get_by_text("夏季休暇は、7月から").wait_for()
        await page.get_by_role("link", name="監査記録", exact=True).click()
        await page.get_by_role("button", name="検証する").click()
        await page.get_by_text("問題は見つかりませんでした").wait_for()
        async with page.expect_download() as download:
            await page.get_by_role("button", name="CSVで書き出す").click()
        assert re.fullmatch(r"audit-[0-9-]+\.csv", (await download.value).suggested_filename)
        await page.get_by_role("button", name="サインアウト").click()
        refused = await page.goto("/admin/audit")
        assert refused is not None
        assert refused.status == 403

        again = await page.goto(link)
        assert again is not None
        assert again.status == 403
        await page.get_by_text("このリンクは使えません").wait_for()
    found = await desk.office.audit.search(Filter(workspace="main"))
    said = [line.action for line in found.lines]
    for action in ("auth.login", "admin.view_body", "admin.verify", "auth.logout"):
        assert said.count(action) == 1, action


async def test_hostile_text_in_the_record_stays_text(desk: Desk) -> None:
    for text in NAUGHTY:
        await desk.office.audit.record(
            AuditEvent(
                "assistant.answer",
                "main",
                platform=text,
                actor=text,
                target=text,
                outcome=text,
                reason=text,
                details={
                    "skill": text,
                    "engine": text,
                    "prompts": [text],
                    "sources": [{"document": text, "label": text}],
                    "policy": {text: text, "masks": {text: 1}},
                    "other": text,
                },
            ),
            body=text,
            subject="s",
        )
    async with desk.page() as page:
        await sign_in(desk, page)
        links = await page.locator(".records .when a").evaluate_all(
            "links => links.map(link => link.getAttribute('href'))"
        )
        assert len(links) == len(NAUGHTY) + 1
        assert await page.get_by_text("<script>alert(1)</script>", exact=True).count() > 0
        for link in links:
            await page.goto(link)
            button = page.get_by_role("button", name="記録を残して表示する")
            if await button.count():
                await button.click()
                await page.get_by_text("この閲覧は監査記録に残しました").wait_for()
        assert not await page.locator("iframe, img, body form[action^=http]").count()
    # The fixture asserts that there was no dialog, no complaint and no foreign request.


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_the_pages_fit_a_phone_and_every_text_can_be_read(desk: Desk, scheme: str) -> None:
    await write_turns(desk.office, ("U04TANAKA",))
    async with desk.page(viewport=PHONE, color_scheme=scheme, has_touch=True) as page:
        await page.goto("/chat")
        await check_fit(page, f"phone-{scheme}-chat-empty")
        await page.locator("#text").fill(QUESTION)
        await page.get_by_role("button", name="送信").click()
        await page.locator(".sources").wait_for()
        await page.get_by_role("link", name="出典1").click()
        await check_fit(page, f"phone-{scheme}-chat")
        await page.get_by_role("button", name="役に立った", exact=True).click()
        await page.get_by_text("ご意見を記録しました").wait_for()
        await sign_in(desk, page)
        await check_fit(page, f"phone-{scheme}-audit")
        async with page.expect_navigation():
            await page.get_by_role("button", name="検証する").click()
        await check_fit(page, f"phone-{scheme}-verified")
        async with page.expect_navigation():
            await page.get_by_role("link", name="監査記録", exact=True).click()
        async with page.expect_navigation():
            await page.locator(".records .when a").nth(1).click()
        await check_fit(page, f"phone-{scheme}-event")


async def check_fit(page: Page, name: str) -> None:
    await keep(page, name)
    assert not await is_wider_than_the_screen(page), name
    assert await page.evaluate(LOW_CONTRAST) == [], name


# Visible texts whose contrast with what lies behind them is under 4.5 (WCAG 2.2, 1.4.3).
LOW_CONTRAST = """() => {
  const numbers = (colour) => colour.match(/[0-9.]+/g).map(Number);
  const light = (colour) => {
    const [r, g, b] = colour.slice(0, 3).map((value) => {
      const part = value / 255;
      return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const behind = (node) => {
    for (let at = node; at; at = at.parentElement) {
      const style = getComputedStyle(at);
      const image = style.backgroundImage.match(/rgb\\([^)]*\\)/);
      if (at !== document.querySelector(".composer") && image) return numbers(image[0]);
      const colour = numbers(style.backgroundColor);
      if (colour.length < 4 || colour[3] > 0.99) return colour;
    }
    return [255, 255, 255];
  };
  const found = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const node = walker.currentNode.parentElement;
    if (!walker.currentNode.data.trim() || !node.checkVisibility()) continue;
    if (node.matches(":disabled, :disabled *, option")) continue;
    const [a, b] = [light(numbers(getComputedStyle(node).color)), light(behind(node))];
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (ratio < 4.5) found.push(`${walker.currentNode.data.trim()} ${ratio.toFixed(2)}`);
  }
  return found;
}"""


async def write_turns(office: Office, actors: tuple[str, ...]) -> None:
    """A question and its answer of each actor, as a turn records them."""
    for actor in actors:
        office.clock.move(60)
        turn = new_id()
        question = AuditEvent("assistant.request", "main", "slack", actor, "staff", turn=turn)
        await office.audit.record(question, body=QUESTION, subject=actor)
        answer = AuditEvent(
            "assistant.answer",
            "main",
            "slack",
            actor,
            "staff",
            target="T01/C02/1764",
            turn=turn,
            outcome="answered",
            details={
                "latency_ms": 412,
                "skill": "manual-search",
                "engine": "offline",
                "prompts": ["manual-search/answer@1.0.0+0123456789ab"],
                "sources": [
                    {
                        "document": "休暇の手引",
                        "revised": "2026-04-01",
                        "label": "2",
                        "passage": "01a201f6-5498-77aa-bcca-000000000001",
                    }
                ],
                "policy": {"label": "2", "zone": "local", "decision": "allow"},
            },
        )
        await office.audit.record(answer, body=dump_reply(office.script.answer), subject=actor)
