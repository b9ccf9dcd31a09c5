"""The chat page as a person uses it, with and without JavaScript."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from typing import Any

import httpx2
import pytest

from bot.messages import Action, Card, Field, Form, Reply, Source
from bot.testing import StillClock
from bot.web.conversation import Conversations
from bot.web.gate import NDJSON
from tests.web.office import ANSWER, EXAMPLES, Office, csrf_in

LINES = {"Accept": NDJSON}


async def ask(browser: httpx2.AsyncClient, text: str, **form: str) -> httpx2.Response:
    """Fill the box in and press the button, following where it leads."""
    csrf = csrf_in(await browser.get("/chat"))
    return await browser.post(
        "/chat", data={"csrf": csrf, "text": text, **form}, follow_redirects=True
    )


def lines(answer: httpx2.Response) -> list[dict[str, Any]]:
    return [json.loads(line) for line in answer.text.splitlines()]


async def test_the_empty_page_offers_three_questions_to_start_from(office: Office) -> None:
    async with office.browser() as browser:
        page = await browser.get("/chat")
    for example in EXAMPLES:
        assert f'value="{example}"' in page.text


async def test_a_question_is_answered_with_its_sources_without_javascript(office: Office) -> None:
    async with office.browser() as browser:
        page = await ask(browser, "夏季休暇は？")
    assert page.status_code == 200
    assert page.url.params["thread"]
    for seen in (
        "夏季休暇は？",
        "<strong>夏季休暇は、7月から9月までの間に5日とする。</strong>",
        "休暇の手引",
        "第3章 特別休暇 ＞ 第12条",
        "p.4",
        "2026-04-01 改正",
        "オフライン（AIなし）",
        office.script.asked[0].turn,
        "役に立った",
        "夏季休暇は分けて取れますか",
    ):
        assert seen in page.text


async def test_a_message_from_the_page_says_where_it_comes_from(office: Office) -> None:
    async with office.browser() as browser:
        await ask(browser, "夏季休暇は？", workspace="tax")
    message = office.script.asked[0]
    assert (message.actor.id, message.place.platform) == ("local", "console")
    assert message.place.visibility == "direct"
    assert message.workspace == "tax"
    assert message.kind == "direct"


async def test_an_unknown_workspace_is_not_passed_on(office: Office) -> None:
    async with office.browser() as browser:
        await ask(browser, "夏季休暇は？", workspace="secret")
    assert office.script.asked[0].workspace == "main"


async def test_a_follow_up_stays_in_the_thread_and_knows_what_was_said(office: Office) -> None:
    async with office.browser() as browser:
        first = await ask(browser, "夏季休暇は？")
        thread = first.url.params["thread"]
        page = await ask(browser, "分けて取れますか", thread=thread)
    earlier, later = office.script.asked
    assert earlier.place.thread == later.place.thread == thread
    assert later.kind == "follow-up"
    assert office.script.said_before == [0, 2]
    assert page.text.index("夏季休暇は？") < page.text.index("分けて取れますか")


async def test_a_conversation_is_shown_to_its_own_browser_only(office: Office) -> None:
    async with office.browser() as browser:
        mine = await ask(browser, "夏季休暇は？")
    async with office.browser() as other:
        theirs = await other.get("/chat", params=dict(mine.url.params))
        await ask(other, "続き", thread=mine.url.params["thread"])
    assert "夏季休暇は？" not in theirs.text
    assert "この会話は残っていません" in theirs.text
    assert len(office.script.asked) == 1


async def test_the_placeholder_comes_first_and_the_answer_takes_its_place(office: Office) -> None:
    office.script.gate = asyncio.Event()
    async with office.browser() as browser:
        csrf = csrf_in(await browser.get("/chat"))
        asking = asyncio.create_task(
            browser.post("/chat", data={"csrf": csrf, "text": "夏季休暇は？"}, headers=LINES)
        )
        await office.script.waits.wait()
        for _ in range(100):  # let the page pass on what it was told
            await asyncio.sleep(0)
        office.script.gate.set()
        first, *progress, last = lines(await asking)
    assert first["thread"] == office.script.asked[0].place.thread
    assert [line["kind"] for line in progress] == ["progress", "progress"]
    assert [line["text"] for line in progress] == ["調べています…", "文書を読んでいます…"]
    assert "休暇の手引" in last["html"]
    assert last["summary"] == "該当する箇所が見つかりました。"


async def test_long_work_can_be_stopped_while_it_goes_on(office: Office) -> None:
    office.script.gate = asyncio.Event()
    async with office.browser() as browser:
        csrf = csrf_in(await browser.get("/chat"))
        asking = asyncio.create_task(
            browser.post("/chat", data={"csrf": csrf, "text": "夏季休暇は？"}, headers=LINES)
        )
        await office.script.waits.wait()
        asked = office.script.asked[0]
        for _ in range(100):  # let the page pass on what it was told
            await asyncio.sleep(0)
        form = {"csrf": csrf, "thread": asked.place.thread, "turn": asked.turn, "command": "stop"}
        stopped = await browser.post("/chat/press", data=form, headers=LINES)
        first, *progress, _ = lines(await asking)
    assert stopped.json() == {"kind": "done", "text": "中止を受け付けました。"}
    assert first["turn"] == asked.turn
    assert [line["stop"] for line in progress] == ["", "中止する"]
    pressed = office.script.asked[1]
    assert (pressed.kind, pressed.command) == ("button", "stop")
    assert pressed.values["turn"] == asked.turn
    assert pressed.subject == asked.subject


async def test_an_answer_is_worked_out_though_the_browser_goes_away(office: Office) -> None:
    office.script.gate = asyncio.Event()
    async with office.browser() as browser:
        csrf = csrf_in(await browser.get("/chat"))
        asking = asyncio.create_task(
            browser.post("/chat", data={"csrf": csrf, "text": "夏季休暇は？"})
        )
        await office.script.waits.wait()
        asking.cancel()
        await asyncio.gather(asking, return_exceptions=True)
        thread = office.script.asked[0].place.thread
        waiting = await browser.get("/chat", params={"thread": thread})
        assert "回答ができたら" in waiting.text
        office.script.gate.set()
        for _ in range(100):
            page = await browser.get("/chat", params={"thread": thread})
            if "休暇の手引" in page.text:
                break
            await asyncio.sleep(0.01)
    assert "休暇の手引" in page.text


async def test_a_question_that_is_too_long_is_kept_and_explained(office: Office) -> None:
    text = "夏" * 4_001
    async with office.browser() as browser:
        page = await ask(browser, text)
        csrf = csrf_in(page)
        answer = await browser.post("/chat", data={"csrf": csrf, "text": text}, headers=LINES)
    assert "文章が長すぎます（4,001文字）" in page.text
    assert f">{text}</textarea>" in page.text
    assert "4,000文字まで" in answer.json()["text"]
    assert not office.script.asked


async def test_an_empty_question_is_explained(office: Office) -> None:
    async with office.browser() as browser:
        page = await ask(browser, " \r\n　")
    assert "質問を書くか、ファイルを添付して" in page.text
    assert not office.script.asked


async def test_a_file_is_handed_to_the_turn(office: Office) -> None:
    async with office.browser() as browser:
        csrf = csrf_in(await browser.get("/chat"))
        await browser.post(
            "/chat",
            data={"csrf": csrf, "text": "要約して"},
            files={"file": ("C:\\文書\\会議.txt", b"minutes", "text/plain")},
        )
    (attachment,) = office.script.asked[0].attachments
    assert (attachment.name, attachment.size) == ("会議.txt", 7)
    assert office.script.files == [b"minutes"]


async def test_an_empty_or_an_enormous_file_is_refused_with_a_sentence(office: Office) -> None:
    async with office.browser() as browser:
        csrf = csrf_in(await browser.get("/chat"))
        said = []
        for content in (b"", b"x" * (21 * 1024 * 1024)):
            answer = await browser.post(
                "/chat",
                data={"csrf": csrf, "text": "要約して"},
                files={"file": ("a.txt", content, "text/plain")},
                headers=LINES,
            )
            said.append((answer.status_code, answer.json()["text"]))
    assert said[0] == (400, "添付ファイルの中身が空です。ファイルを確かめてください。")
    assert said[1][0] == 413
    assert "20MB" in said[1][1]
    assert not office.script.asked


async def test_a_turn_that_breaks_says_so_without_its_insides(
    office: Office, caplog: pytest.LogCaptureFixture
) -> None:
    office.script.breaks = True
    async with office.browser() as browser:
        page = await ask(browser, "canary question")
    assert "うまく処理できませんでした" in page.text
    assert office.script.asked[0].turn in page.text
    assert "canary: " not in page.text
    assert "Unavailable" in caplog.text
    assert "canary" not in caplog.text


async def test_feedback_reaches_the_turn_and_is_thanked_for(office: Office) -> None:
    async with office.browser() as browser:
        page = await ask(browser, "夏季休暇は？")
        turn, thread = office.script.asked[0].turn, page.url.params["thread"]
        form = {"csrf": csrf_in(page), "thread": thread, "turn": turn}
        form |= {"command": "feedback", "value": "good"}
        thanked = await browser.post("/chat/press", data=form, follow_redirects=True)
    pressed = office.script.asked[1]
    assert (pressed.kind, pressed.command) == ("button", "feedback")
    assert pressed.values == {"value": "good", "turn": turn}
    assert "ご意見を記録しました" in thanked.text
    assert thanked.text.count('class="exchange"') == 1


async def test_a_button_the_answer_did_not_offer_does_nothing(office: Office) -> None:
    async with office.browser() as browser:
        page = await ask(browser, "夏季休暇は？")
        form = {
            "csrf": csrf_in(page),
            "thread": page.url.params["thread"],
            "turn": office.script.asked[0].turn,
            "command": "delete-everything",
            "value": "",
        }
        answer = await browser.post("/chat/press", data=form)
    assert answer.status_code == 400
    assert len(office.script.asked) == 1


async def test_a_card_a_form_and_a_button_of_a_skill_are_shown_and_come_back(
    office: Office,
) -> None:
    form = Form("leave", "休暇の下書き", (Field("from", "開始日", "date"),), submit="作成")
    office.script.answer = replace(
        ANSWER,
        card=Card("日当", (("課長", "2,600円"),)),
        form=form,
        actions=(Action("more", "続きを表示", "2"),),
    )
    async with office.browser() as browser:
        page = await ask(browser, "休暇の下書き")
        common = {
            "csrf": csrf_in(page),
            "thread": page.url.params["thread"],
            "turn": office.script.asked[0].turn,
        }
        await browser.post(
            "/chat/press",
            data={**common, "command": "leave", "form": "leave", "field-from": "2026-08-01"},
        )
        await browser.post("/chat/press", data={**common, "command": "more", "value": "2"})
    assert "2,600円" in page.text
    assert 'type="date"' in page.text
    filled, pressed = office.script.asked[1:]
    assert (filled.kind, filled.command, filled.values["from"]) == ("form", "leave", "2026-08-01")
    assert (pressed.kind, pressed.command, pressed.values["value"]) == ("button", "more", "2")


async def test_hostile_words_in_an_answer_stay_words(office: Office) -> None:
    bad = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>"
    office.script.answer = Reply(
        bad,
        sources=(Source(1, bad, bad, bad, bad, bad, bad, bad, "javascript:alert(1)"),),
        card=Card(bad, ((bad, bad),)),
        actions=(Action(bad, bad, bad),),
        suggestions=(bad,),
        engine=bad,
        notice=bad,
    )
    async with office.browser() as browser:
        page = await ask(browser, bad)
    assert "<script>alert" not in page.text
    assert "<img" not in page.text
    assert "javascript:" not in page.text


async def test_when_too_many_ask_at_once_the_words_are_kept_and_it_is_said(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.web.conversation.AT_ONCE", 0)
    async with office.browser() as browser:
        page = await ask(browser, "夏季休暇は？")
    assert page.status_code == 503
    assert "いま混み合っています" in page.text or "しばらくしてから" in page.text
    assert ">夏季休暇は？</textarea>" in page.text


async def test_old_conversations_make_room_for_new_ones() -> None:
    async def never(message: object, chat: object) -> Reply:
        return Reply("")

    kept = Conversations(never, StillClock(), limit=2)
    threads = [kept.open("me", "main").thread for _ in range(3)]
    assert [kept.find(thread, "me") is not None for thread in threads] == [False, True, True]
    assert kept.find(threads[2], "you") is None


async def test_a_form_beside_an_answer_is_folded_and_one_that_is_asked_for_is_open(
    office: Office,
) -> None:
    form = Form("leave", "書き直す", (Field("reason", "理由", "choice", choices=("病気", "私用")),))
    for status, is_folded in (("answered", True), ("help", False)):
        office.script.answer = replace(ANSWER, form=form, status=status)
        async with office.browser() as browser:
            page = await ask(browser, "下書き")
        assert ("<summary>書き直す</summary>" in page.text) == is_folded
        assert 'data-command="leave"' in page.text


async def test_a_choice_that_has_to_be_made_is_not_made_already(office: Office) -> None:
    reason = Field("reason", "理由", "choice", choices=("病気", "私用"))
    for field, is_open in ((reason, True), (replace(reason, value="病気"), False)):
        office.script.answer = replace(ANSWER, form=Form("leave", "届出", (field,)), status="help")
        async with office.browser() as browser:
            page = await ask(browser, "届出")
        assert ('<option value="">選んでください</option>' in page.text) == is_open
