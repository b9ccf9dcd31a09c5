"""Teams as a person sees it: the real playground client in a real browser.

Everything runs in one network namespace of its own, where nothing but loopback exists. Run as a
script (`python tests/e2e/test_teams.py PORT HOME`) this file is the server under test, with a
scripted bot; tests/e2e/test_whole.py puts the real one in its place.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.e2e.teams_stage import BOT_PORT, Client, running, why_not

if TYPE_CHECKING:
    from bot.testing.fakes import FakeDirectory

pytestmark = [pytest.mark.e2e, pytest.mark.filterwarnings("default")]

QUESTION = "夏季休暇は何日まで取れますか"
LONG = "この文は長い回答の一部で、途中で切れてはいけません。"
EXAMPLES = (QUESTION, "旅費の精算はいつまでですか", "ごみの分別を教えてください")
ANSWER = "夏季休暇は、７月から９月までの間に５日の範囲内で取得できます"


# --- the server under test -------------------------------------------------------------------


async def serve(port: int, home: Path) -> None:
    """The gate, the inbox, a worker, and a bot that knows one answer."""
    import uvicorn
    from starlette.applications import Starlette
    from starlette.routing import Mount

    from bot.adapters.teams.adapter import TeamsAdapter
    from bot.errors import Unavailable
    from bot.services.database import Database
    from bot.services.inbox import SqlInbox
    from bot.services.worker import Worker
    from bot.settings import Settings
    from bot.testing.fakes import FakeDirectory

    async def no_network(url: str) -> dict[str, object]:
        raise Unavailable(url)

    directory = FakeDirectory()
    database = await Database.open_home(home)
    inbox = SqlInbox(database)
    adapter = TeamsAdapter(
        Settings(home=home, teams_dev=True),
        _scripted_bot(directory),
        inbox,
        directory,
        EXAMPLES,
        no_network,
    )
    await adapter.start()
    worker = Worker(
        inbox, {"teams": adapter.handle}, lambda delivery, _: adapter.apologise(delivery)
    )
    working = asyncio.create_task(worker.run())
    application = Starlette(routes=[Mount("/api/messages", app=adapter.gate)])
    config = uvicorn.Config(application, port=port, log_level="warning")
    await uvicorn.Server(config).serve()
    worker.stop()
    await working
    await adapter.close()
    await database.close()


def _scripted_bot(directory: FakeDirectory) -> Any:
    from bot.messages import Action, Card, Field, Form, Message, Reply, Source
    from bot.ports import Chat

    sources = (
        Source(
            1, "職員服務規程", "第4章 休暇 ＞ 第23条",
            f"{ANSWER}。\n2 前項の休暇は1日を単位とする。", "p1", "p.4", "2026-03-24", "2",
        ),
        Source(2, "休暇取得の手引", "3 夏季休暇", "分割して取得できます。", "p2", "p.2", "", "2"),
    )  # fmt: skip
    buttons = (
        Action("feedback", "役に立った", "good"),
        Action("feedback", "役に立たなかった", "bad"),
    )
    form = Form(
        "trip",
        "出張の申請を書く",
        (
            Field("to", "行き先"),
            Field("on", "出張日", "date"),
            Field("how", "交通手段", "choice", choices=("電車", "公用車")),
            Field("why", "用務", "text", required=False, hint="例：研修会への出席"),
        ),
        "下書きを作る",
    )

    def reply_to(message: Message) -> Reply:
        if message.kind == "button" and message.command == "feedback":
            return Reply("ご意見を記録しました。", status="help", is_private=True)
        if message.kind == "form":
            rows = tuple((name, value) for name, value in message.values.items() if name != "turn")
            return Reply("下書きができました。", card=Card("出張申請（下書き）", rows))
        if "出張" in message.text:
            return Reply("出張の申請書を下書きします。必要なことを入力してください。", form=form)
        if "長い" in message.text:
            return Reply(
                "この文は長い回答の一部で、途中で切れてはいけません。" * 200 + "終わりです。"
            )
        return Reply(
            f"該当する箇所が見つかりました。\n> **{ANSWER}。**〔1〕\n- 1日を単位とします。〔1〕\n"
            "- 分割して取ることもできます。〔2〕",
            sources=sources,
            card=Card("夏季休暇", (("日数", "5日"), ("期間", "7月から9月まで"))),
            actions=buttons,
            suggestions=("病気休暇は何日まで取れますか",),
            notice="文書の該当箇所をそのまま示しています。AIによる文章は含みません。",
        )

    class ScriptedBot:
        async def receive(self, message: Message, chat: Chat) -> Reply:
            if await chat.hold(message, "調べています…"):
                return Reply("")
            await asyncio.sleep(0.8)
            reply = replace(reply_to(message), turn=message.turn)
            await chat.answer(message, reply)
            if message.place.thread:
                await directory.join(message.place, "main", "manual-search")
            return reply

    return ScriptedBot()


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    reason = why_not()
    if reason:
        pytest.skip(reason)
    folder = tmp_path_factory.mktemp("teams")
    command = [sys.executable, __file__, str(BOT_PORT), str(folder / "home")]
    with running(folder, command, {}) as found:
        yield found


def test_a_newcomer_is_greeted_with_three_questions_to_start_from(client: Client) -> None:
    client.text("はじめまして。").wait_for()
    for question in EXAMPLES:
        client.button(question).wait_for()
    client.shot("1-welcome")


def test_a_question_is_held_and_then_answered_in_the_same_message(client: Client) -> None:
    client.say(QUESTION)
    client.text("調べています…").wait_for()
    client.shot("2-placeholder")
    client.text(ANSWER).wait_for()
    client.text("調べています…").wait_for(state="detached")
    client.text("〔1〕 職員服務規程 ＞ 第4章 休暇 ＞ 第23条 p.4（2026-03-24 改正）").wait_for()
    client.text("受付番号").wait_for()
    client.shot("3-answer")


def test_a_source_shows_its_quote_when_it_is_pressed(client: Client) -> None:
    quote = client.text("2 前項の休暇は1日を単位とする。")
    assert not quote.is_visible()
    client.text("〔1〕 職員服務規程").click()
    quote.wait_for()
    client.shot("4-quote")


def test_a_suggested_question_is_asked_and_answered_when_it_is_pressed(client: Client) -> None:
    client.button("病気休暇は何日まで取れますか").click()
    client.text("ご質問：病気休暇は何日まで取れますか").wait_for()
    client.shot("5-suggestion")


def test_feedback_is_thanked_for_without_another_message(client: Client) -> None:
    messages = client.count("受付番号")
    client.button("役に立った").click()
    client.text("ご意見を受け付けました。").wait_for()
    client.say("続けて質問します")
    client.page.wait_for_function(
        "n => document.body.innerText.split('受付番号').length - 1 > n", arg=messages
    )
    client.text("調べています…").wait_for(state="detached")
    assert client.count("受付番号") == messages + 1
    client.shot("6-feedback")


def test_a_long_answer_arrives_whole(client: Client) -> None:
    client.say("長い回答をください")
    client.text("終わりです。").wait_for()
    client.text("続きを書いています…").wait_for(state="detached")
    shown = client.page.locator("body").inner_text()
    assert shown.count(LONG) == 200
    client.shot("7-long")


def test_a_mention_in_a_channel_is_answered_in_its_thread(client: Client) -> None:
    page = client.page
    page.get_by_text("General").first.click()
    client.text("はじめまして。").wait_for()
    box = page.locator("[contenteditable=true]").first
    box.click()
    box.type("@")
    page.get_by_role("menuitem", name="Test Bot").click()
    box.type(" 夏季休暇は何日ですか")
    page.get_by_role("button", name="Post").click()
    client.text(ANSWER).wait_for()
    client.shot("8-channel")


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1]), Path(sys.argv[2])))
