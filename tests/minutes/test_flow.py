"""Minutes from the draft to the approval: who may do what, and what an edit changes."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from bot.messages import Actor, new_id
from tests.minutes.office import COUNCIL, TEAM, approved, fill, kit, own_file, press, series

TWO_STEPS = "approvals: 係長、課長\n"


async def test_the_lines_behind_an_item_are_shown_with_those_around_them() -> None:
    bot = kit()
    await bot.say("議事録にして", files=TEAM)
    shown = await bot.say("１の根拠", kind="follow-up")
    number = next(line for line in shown.text.splitlines() if line.startswith("> **"))
    assert "行目 0:0" in number
    assert "佐藤 花子：" in number
    assert len([line for line in shown.text.splitlines() if line.startswith("> ")]) >= 5


async def test_the_lines_can_be_asked_for_with_a_button() -> None:
    bot = kit()
    draft = await bot.say("議事録にして", files=COUNCIL)
    asked = await press(bot, draft, "根拠を見る")
    assert asked.form is not None
    choice = asked.form.fields[0].choices[1]
    shown = await fill(bot, asked, {"item": choice})
    assert choice.partition("．")[2][:20] in shown.text
    assert "> **" in shown.text


async def test_a_number_that_is_no_item_is_explained() -> None:
    bot = kit()
    await bot.say("議事録にして", files=COUNCIL)
    reply = await bot.say("99の根拠", kind="follow-up")
    assert reply.status == "failed"
    assert "99番の項目はありません" in reply.text
    assert "1から" in reply.text


async def test_an_item_is_changed_in_words_and_the_difference_is_shown_and_on_record() -> None:
    bot = kit()
    draft = await bot.say("議事録にして", files=COUNCIL)
    before = bot.events("minutes.drafted")[0].details["digest"]
    reply = await bot.say("1を『前回の議事録は修正の上で確定した。』に直して", kind="follow-up")
    assert "第2版" in reply.text
    assert "→「前回の議事録は修正の上で確定した。」" in reply.text
    event = bot.events("minutes.edited")[0]
    assert event.target == draft.turn
    assert event.details["was_digest"] == before
    assert event.details["digest"] != before
    assert "前回の議事録は修正の上で確定した。" not in str(event.details)
    shown = await bot.say("議事録を見せて", kind="follow-up")
    assert "1．前回の議事録は修正の上で確定した。" in shown.text


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("5の担当を『村上』にする", "5の担当：「上田（推定）」→「村上」"),
        ("5の期限を12/10に変えて", "5の期限：「なし」→「令和8年12月10日（木）［12/10］」"),
        ("4を消して", "4（決定）：消しました「業者と協議して決めます。」"),
        ("決定に『次回は10月20日に開く。』を加えて", "加えました「次回は10月20日に開く。」"),
        ("場所を『市役所3階 第1会議室』に直す", "場所：「市役所5階 大会議室」→「市役所3階"),
    ],
)
async def test_an_edit_in_words_does_what_it_says(words: str, expected: str) -> None:
    bot = kit()
    await bot.say("議事録にして", files=COUNCIL)
    reply = await bot.say(words, kind="follow-up")
    assert reply.status == "help"
    assert expected in reply.text


async def test_a_row_that_the_form_does_not_have_is_explained() -> None:
    bot = kit()
    await bot.say("議事録にして", files=COUNCIL)
    reply = await bot.say("天気を『晴れ』に", kind="follow-up")
    assert reply.status == "failed"
    assert "「天気」という欄はありません" in reply.text
    assert "傍聴者" in reply.text


async def test_one_item_is_changed_in_a_form_with_its_words_filled_in() -> None:
    bot = kit()
    await bot.say("議事録にして", files=COUNCIL)
    asked = await bot.say("6を直したい", kind="follow-up")
    assert asked.form is not None
    assert {field.name: field.value for field in asked.form.fields}["due"] == "次回"
    reply = await fill(bot, asked, {"text": "他市の例を調べる。", "due": "2026-10-20"})
    assert "→「他市の例を調べる。」" in reply.text
    assert "令和8年10月20日（火）" in reply.text


async def test_the_form_drops_and_adds_items_too() -> None:
    bot = kit()
    draft = await bot.say("議事録にして", files=COUNCIL)
    asked = await press(bot, draft, "項目を直す")
    assert asked.form is not None
    item = asked.form.fields[1].choices[0]
    dropped = await fill(bot, asked, {"what": "この項目を消す", "item": item, "text": ""})
    assert "消しました" in dropped.text
    added = await fill(
        bot, asked, {"what": "新しく加える：対応", "text": "会場を予約する。", "owner": "上田"}
    )
    assert "加えました「会場を予約する。」" in added.text
    nothing = await fill(bot, asked, {"what": "新しく加える：決定", "text": ""})
    assert "加える文を書いてください" in nothing.text


async def test_an_edit_after_the_check_asks_for_the_check_again() -> None:
    bot = kit()
    draft = await bot.say("議事録にして", files=COUNCIL)
    await press(bot, draft, "内容を確認した")
    edited = await bot.say("4を消して", kind="follow-up")
    assert "確認済みを取り消し、未確認に戻しました" in edited.text
    values = {"value": f"approve {draft.turn}", "turn": draft.turn}
    refused = await bot.say("", kind="button", command="minutes", values=values)
    assert "先に内容を確認してください" in refused.text
    await press(bot, await press(bot, edited, "内容を確認した"), "承認する")
    last = bot.events("minutes.approved")[0].details["digest"]
    assert last == bot.events("minutes.edited")[0].details["digest"]


async def test_what_every_version_changed_can_be_seen() -> None:
    bot = kit()
    await bot.say("議事録にして", files=COUNCIL)
    assert "まだ直されていません" in (await bot.say("変更点を見せて", kind="follow-up")).text
    await bot.say("4を消して", kind="follow-up")
    edited = await bot.say("5の担当を『村上』に", kind="follow-up")
    shown = await press(bot, edited, "変更点")
    assert shown.text.index("第2版") < shown.text.index("業者と協議") < shown.text.index("第3版")
    assert "「村上」" in shown.text


async def test_two_steps_are_given_by_two_people_who_did_not_write_it(tmp_path: Path) -> None:
    own_file(tmp_path, "flow.yaml", TWO_STEPS)
    bot = kit(tmp_path)
    draft = await bot.say("議事録にして", files=COUNCIL)
    checked = await press(bot, draft, "内容を確認した")
    own = await press(bot, checked, "係長として承認する", user="U1")
    assert own.status == "refused"
    assert "別の方" in own.text
    first = await press(bot, checked, "係長として承認する", user="U2")
    assert "次は課長の承認" in first.text
    again = await press(bot, first, "課長として承認する", user="U2")
    assert again.status == "refused"
    last = await press(bot, first, "課長として承認する", user="U3")
    assert "承認済みにしました" in last.text
    steps = [
        (event.action, event.actor)
        for event in bot.audit.events.values()
        if event.action.startswith("minutes.approved")
    ]
    assert steps == [("minutes.approved-step", "U2"), ("minutes.approved", "U3")]


async def test_a_step_may_be_kept_for_named_people(tmp_path: Path) -> None:
    own_file(tmp_path, "flow.yaml", "approvals:\n  - step: 課長\n    by: [U9]\n")
    bot = kit(tmp_path)
    checked = await press(bot, await bot.say("議事録にして", files=COUNCIL), "内容を確認した")
    assert (await press(bot, checked, "承認する", user="U2")).status == "refused"
    assert "承認済みにしました" in (await press(bot, checked, "承認する", user="U9")).text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("aprovals: 係長", "「approvals」のことですか"),
        ("delete_transcript: たぶん", "true か false"),
        ("approvals: [係長, {by: U1}]", "step（名前）がありません"),
        ("approvals: {係長: U1}", "順番に書いてください"),
        ("approvals: [", "書き方が違います"),
        ("- 係長", "の形で書いてください"),
    ],
)
async def test_mistakes_in_the_flow_file_are_explained(
    text: str, expected: str, tmp_path: Path
) -> None:
    own_file(tmp_path, "flow.yaml", text)
    reply = await kit(tmp_path).say("議事録にして", files=COUNCIL)
    assert reply.status == "failed"
    assert "flow.yaml にまちがいがあります" in reply.text
    assert expected in reply.text


async def test_a_private_draft_stays_with_its_author_until_it_is_checked_and_shared() -> None:
    bot = kit()
    draft = await bot.say("議事録にして", files=COUNCIL, kind="command", thread="")
    assert draft.is_private
    titles = {action.title for action in draft.actions}
    assert not titles & {"みんなに共有", "この場に共有"}
    for value in ("check", "word", "evidence", "share"):
        values = {"value": f"{value} {draft.turn}", "turn": draft.turn}
        other = await bot.say(
            "", kind="button", command="minutes", values=values, actor=Actor("U2")
        )
        assert other.status == "refused", value
    early = await bot.say(
        "",
        kind="button",
        command="minutes",
        values={"value": f"share {draft.turn}", "turn": draft.turn},
    )
    assert early.status == "refused"
    generic = await bot.say("", kind="button", command="share", values={"turn": draft.turn})
    assert generic.status == "refused"
    checked = await press(bot, draft, "内容を確認した")
    assert checked.is_private
    shared = await press(bot, checked, "この場に共有")
    assert not shared.is_private
    assert "**決定**" in shared.text
    assert [event.target for event in bot.events("minutes.shared")] == [draft.turn]
    assert "承認済み" in (await press(bot, shared, "承認する", user="U2")).text


async def test_the_words_that_were_said_go_away_after_the_approval_when_asked_for(
    tmp_path: Path,
) -> None:
    own_file(tmp_path, "flow.yaml", "delete_transcript: true\n")
    bot = kit(tmp_path)
    draft = await bot.say("議事録を審議会の全文記録にして", files=COUNCIL)
    kept = [file.file.id for file in bot.files.kept.values()]
    done = await press(bot, await press(bot, draft, "内容を確認した"), "承認する")
    assert "発言の記録を消しました" in done.notice
    assert "チャットに残っています" in done.notice
    event = bot.events("minutes.transcript-deleted")[0]
    assert event.details["file"] in kept
    assert event.details["file"] not in {file.file.id for file in bot.files.kept.values()}
    assert "示せません" in (await bot.say("1の根拠", kind="follow-up")).text
    # What was approved still has them: it was written before they went.
    assert len(done.files) == 1


async def test_an_approval_that_died_halfway_is_finished_by_the_next_attempt(
    tmp_path: Path,
) -> None:
    own_file(tmp_path, "flow.yaml", "delete_transcript: true\n")
    bot = kit(tmp_path)
    draft = await bot.say("議事録にして", files=series())
    checked = await press(bot, draft, "内容を確認した")
    action = next(action for action in checked.actions if action.title == "承認する")
    message = bot.message(
        "", kind="button", command="minutes", values={"value": action.value, "turn": checked.turn}
    )
    drop, broken = bot.files.drop, ConnectionError("the database is gone")

    async def fail(file_id: str, *, workspace: str) -> bool:
        raise broken

    bot.files.drop = fail  # type: ignore[method-assign]
    first = await bot.bot.receive(message, bot.chat)
    assert first.status == "failed"
    bot.files.drop = drop  # type: ignore[method-assign]
    again = replace(message, turn=new_id(), attempt=2)
    second = await bot.bot.receive(again, bot.chat)
    assert "対応2件を一覧に加えました" in second.text
    assert second.notice
    assert len(bot.reminders.kept) == 1
    assert "示せません" in (await bot.say("1の根拠", kind="follow-up")).text


async def test_without_that_setting_the_words_stay() -> None:
    bot = kit()
    done = await approved(bot, series())
    assert done.notice == ""
    assert not bot.events("minutes.transcript-deleted")
    assert "> **" in (await bot.say("1の根拠", kind="follow-up")).text


async def test_in_a_direct_conversation_words_go_on_about_the_draft() -> None:
    bot = kit()
    draft = await bot.say("議事録にして", files=COUNCIL, kind="direct", visibility="direct")
    assert not draft.is_private
    shown = await bot.say("1の根拠", kind="direct", visibility="direct")
    assert "> **" in shown.text
    checked = await press(bot, draft, "内容を確認した")
    assert not any(action.title == "この場に共有" for action in checked.actions)


async def test_talk_in_the_thread_of_minutes_is_no_wish_for_another_summary() -> None:
    bot = kit()
    await bot.say("議事録にして", files=COUNCIL)
    reply = await bot.say("来週また話しましょう", kind="follow-up")
    assert reply.status == "help"
    assert "「3の根拠」" in reply.text
    assert len(bot.events("minutes.drafted")) == 1


async def test_a_summary_is_corrected_in_words_that_name_a_day() -> None:
    bot = kit()
    await bot.say("議事録にして", files=COUNCIL)
    reply = await bot.say("要約を『11/20に開いた。手数料は次回決める。』に直して", kind="follow-up")
    assert "→「11/20に開いた。手数料は次回決める。」" in reply.text


async def test_a_button_of_minutes_that_are_gone_is_explained() -> None:
    values = {"value": "check 0000", "turn": "t"}
    reply = await kit().say("", kind="button", command="minutes", values=values)
    assert reply.status == "failed"
    assert "見つかりません" in reply.text
