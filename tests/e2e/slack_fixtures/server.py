"""The Slack adapter with a scripted bot behind it, for tests of what happens in the client."""

from __future__ import annotations

import asyncio
import contextlib
import os
import traceback
from dataclasses import replace

import uvicorn
from starlette.applications import Starlette
from starlette.routing import Route

from bot.adapters.slack.adapter import SlackAdapter
from bot.messages import Action, Card, Field, File, Form, Message, Reply, Source
from bot.ports import Chat
from bot.settings import load
from bot.testing.fakes import FakeDirectory, FakeFiles, FakeInbox

EXAMPLES = (
    "夏季休暇は何日まで取れますか",
    "出張の日当はいくらですか",
    "公印を借りるにはどうしますか",
)
QUOTE = (
    "夏季休暇は、7月から9月までの期間内において、週休日、休日及び代休日を除いて"
    "原則として連続する5日の範囲内の期間とする。"
)
SOURCES = (
    Source(
        1, "職員の休暇に関する規則", "第3章 特別休暇 ＞ 第12条 夏季休暇", QUOTE, "p1",
        "p.4", "2026-03-24", "1",
    ),
    Source(
        2, "休暇の手引（職員用）", "よくある質問", "半日単位でも取得できます。"
        "取得したい日の前日までに、庶務事務システムで申請してください。", "p2",
        "スライド3", "", "1",
    ),
)  # fmt: skip
ANSWER = Reply(
    "該当する箇所が見つかりました。\n> 夏季休暇は、7月から9月までの期間内において、"
    "週休日、休日及び代休日を除いて**原則として連続する5日の範囲内**の期間とする。〔1〕\n"
    "ほかに関係しそうな箇所：〔2〕",
    sources=SOURCES,
    card=Card("夏季休暇の早見表", (("日数", "5日"), ("期間", "7月〜9月"), ("単位", "1日・半日"))),
    suggestions=("会計年度任用職員の夏季休暇は？",),
    notice="文書の該当箇所をそのまま示しています。AIによる文章は含みません。",
    summary="夏季休暇は、原則として連続する5日の範囲内の期間です。",
    actions=(
        Action("feedback", "役に立った", "good"),
        Action("feedback", "役に立たなかった", "bad"),
    ),
)
MINUTES_BYTES = "議事録\n一 開会\n".encode()
MINUTES = File("f1", "議事録（総務課）.txt", "text/plain", len(MINUTES_BYTES), "")
FORM = Form(
    "trip",
    "出張の申請",
    (
        Field("place", "行き先", hint="市町村名まで"),
        Field("date", "出発日", "date"),
        Field("purpose", "目的", "choice", choices=("研修", "会議", "視察")),
        Field("memo", "備考", "text", required=False),
    ),
)


class ScriptedBot:
    """Says what the words ask for."""

    def __init__(self, directory: FakeDirectory, files: FakeFiles) -> None:
        self._directory = directory
        self._files = files

    async def receive(self, message: Message, chat: Chat) -> Reply:
        if await chat.hold(message, "調べています…"):
            return Reply("")
        if "ゆっくり" in message.text:
            await asyncio.sleep(1.5)
        reply = replace(await self._reply(message, chat), turn=message.turn)
        await chat.answer(message, reply)
        if message.place.thread:
            await self._directory.join(message.place, "main", "manual-search")
        return reply

    async def _reply(self, message: Message, chat: Chat) -> Reply:
        if message.kind == "button" and message.command == "share":
            return replace(ANSWER, actions=())
        if message.kind == "button":
            return Reply("ご意見を記録しました。ありがとうございます。", is_private=True)
        if message.kind == "form":
            entered = "、".join(f"{name}={value}" for name, value in message.values.items())
            return Reply(f"受け付けました。{entered}")
        if message.attachments:
            content = await chat.download(message.attachments[0])
            return Reply(f"{message.attachments[0].name}（{len(content)}バイト）を読みました。")
        if not message.text:
            return Reply("ふだんの言葉で聞いてください。", status="help", suggestions=EXAMPLES)
        if "議事録" in message.text:
            await self._files.keep(MINUTES, MINUTES_BYTES, workspace="", subject="e2e")
            return Reply("議事録の下書きです。", files=(MINUTES,))
        if "申請" in message.text:
            return Reply("下のボタンから入力してください。", form=FORM)
        if "履歴" in message.text:
            history = await chat.history(message)
            return Reply("\n".join(f"- {said.text.splitlines()[0]}" for said in history))
        if "長い" in message.text:
            return Reply("".join(f"{n}番目の規定は、次のとおりとする。" for n in range(1500)))
        if message.kind == "command":
            share = Action("share", "みんなに共有", "", "primary")
            return replace(ANSWER, is_private=True, actions=(*ANSWER.actions, share))
        return ANSWER


async def main() -> None:
    settings = load(os.environ)
    inbox, directory, files = FakeInbox(), FakeDirectory(), FakeFiles()
    bot = ScriptedBot(directory, files)
    adapter = SlackAdapter(settings, bot, inbox, directory, EXAMPLES, files=files)
    await adapter.start()
    stop = asyncio.Event()
    app = Starlette(routes=[Route("/slack/events", adapter.gate)])
    port = int(os.environ["E2E_PORT"])
    server = uvicorn.Server(uvicorn.Config(app, "127.0.0.1", port, log_level="warning"))

    async def work() -> None:
        while not stop.is_set():
            delivery = inbox.take()
            if delivery is None:
                await asyncio.sleep(0.02)
            else:
                try:
                    await adapter.handle(delivery)
                except Exception:
                    traceback.print_exc()

    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(work())
        if settings.slack_app_token:
            tasks.create_task(adapter.run_socket_mode(stop))
        await server.serve()
        stop.set()
    await adapter.close()


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt, asyncio.CancelledError):
        asyncio.run(main())
