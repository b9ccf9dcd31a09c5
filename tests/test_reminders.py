"""What a skill wants to say later: to whom, when, and when better not."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest

from bot import Context, Message, Passage, Reply, skill
from bot.adapters.console import ConsoleChat
from bot.adapters.console import message as typed
from bot.app import open_app
from bot.jobs import jobs
from bot.messages import Actor, Place, Reminder
from bot.ports import Member, Workspace
from bot.settings import Settings
from bot.testing import FakeDirectory, StillClock
from bot.testing.kit import Kit

JAPAN = timezone(timedelta(hours=9))
DUE = datetime(2026, 11, 24, 9, 0, tzinfo=JAPAN)
DESK = Passage("p1", "電話当番.md", "電話", "電話当番は8時30分からです。", label="3C")


@skill(name="duty", title="当番", description="当番を知らせる", triggers=("当番",))
async def duty(message: Message, context: Context) -> Reply:
    if message.kind == "reminder":
        kept = await context.kept(message.values["key"])
        if kept is None:
            return Reply("", status="withdrawn")
        found = await context.find(kept["words"])
        return Reply(f"リマインド：{kept['words']}", data={"found": len(found)})
    if "取り消" in message.text:
        await context.forget("phone")
        return Reply("取り消しました。")
    await context.keep("phone", {"words": "電話当番です。"})
    to = message.text.partition("＠")[2]
    told = await context.remind("phone", DUE, to=to)
    return Reply("お知らせします。" if told else "ここではあとからお知らせできません。")


async def test_what_was_promised_is_said_in_the_same_thread_at_that_time() -> None:
    kit = Kit([duty])
    await kit.say("当番を知らせて")
    (kept,) = kit.reminders.kept.values()
    assert kept.due == DUE
    assert await kit.reminders.release(DUE - timedelta(minutes=1)) == 0
    reply = await kit.fire("phone")
    assert reply.text == "リマインド：電話当番です。"
    assert kit.chat.replies[-1] == reply
    assert kit.reminders.kept == {}


async def test_a_reminder_is_accounted_for_like_any_message() -> None:
    kit = Kit([duty])
    await kit.say("当番を知らせて")
    reply = await kit.fire("phone")
    request, answer = kit.events("assistant.request")[-1], kit.events("assistant.answer")[-1]
    assert request.details["kind"] == "reminder"
    assert request.details["event_id"].startswith("slack/reminder/main/duty/phone/2026-11-24T00:")
    assert request.turn == answer.turn == reply.turn
    assert answer.details["skill"] == "duty"


async def test_what_was_taken_back_is_not_said() -> None:
    kit = Kit([duty])
    await kit.say("当番を知らせて")
    await kit.say("当番を取り消して")
    assert kit.reminders.kept == {}


async def test_a_skill_may_find_at_that_time_that_there_is_nothing_to_say() -> None:
    kit = Kit([duty])
    await kit.say("当番を知らせて")
    await kit.bot.services.records.put("main", "duty", "phone", None)
    reply = await kit.fire("phone")
    assert reply.status == "withdrawn"
    assert len(kit.chat.replies) == 1
    assert kit.events("assistant.answer")[-1].outcome == "withdrawn"


@pytest.mark.parametrize(
    ("workspace", "members"),
    [
        (Workspace("main", paused=True), ()),
        (Workspace("main"), (Member("U1", "main", state="suspended"),)),
        (Workspace("main", skills=("manual-search",)), ()),
    ],
)
async def test_whoever_may_no_longer_use_the_bot_is_told_nothing_and_that_is_recorded(
    workspace: Workspace, members: tuple[Member, ...]
) -> None:
    kit = Kit([duty])
    await kit.say("当番を知らせて")
    changed = FakeDirectory([workspace], members)
    kit.directory.workspaces, kit.directory.members = changed.workspaces, changed.members
    reply = await kit.fire("phone")
    assert reply.status == "refused"
    assert len(kit.chat.replies) == 1
    assert kit.events("auth.denied")[-1].turn == reply.turn


async def test_the_reminder_of_a_skill_that_is_gone_is_recorded_and_not_said() -> None:
    kit = Kit([duty])
    await kit.say("当番を知らせて")
    del kit.bot.skills["duty"]  # type: ignore[attr-defined]
    assert (await kit.fire("phone")).status == "refused"
    assert len(kit.chat.replies) == 1
    assert kit.events("auth.denied")[-1].reason == "the skill is gone"


async def test_a_reminder_does_not_use_up_the_turns_of_a_day() -> None:
    kit = Kit([duty], workspace=Workspace("main", daily_turns=1))
    await kit.say("当番を知らせて")
    assert (await kit.fire("phone")).status == "answered"
    assert (await kit.say("当番を知らせて")).status == "refused"


async def test_whoever_is_reminded_is_shown_only_what_they_may_read_themselves() -> None:
    owner = Member("U1", "main", clearance="3C")
    kit = Kit([duty], passages=[DESK], members=[owner])
    await kit.say("当番を知らせて")
    assert (await kit.fire("phone")).data == {"found": 1}
    await kit.say("当番を知らせて＠U2")
    assert (await kit.fire("phone")).data == {"found": 0}
    assert kit.events("assistant.request")[-1].actor == "U2"


async def test_where_nothing_can_be_said_later_the_skill_is_told_so() -> None:
    kit = Kit([duty])
    reply = await kit.bot.receive(typed("当番を知らせて", "main"), ConsoleChat(show=False))
    assert reply.text == "ここではあとからお知らせできません。"
    assert kit.reminders.kept == {}


async def test_a_time_without_a_zone_is_a_mistake_of_the_skill() -> None:
    @skill(name="duty", title="当番", description="x", triggers=("当番",))
    async def careless(message: Message, context: Context) -> Reply:
        await context.remind("phone", DUE.replace(tzinfo=None))
        return Reply("はい")

    kit = Kit([careless])
    assert (await kit.say("当番")).status == "failed"
    assert kit.reminders.kept == {}


async def test_the_clock_hands_what_is_due_to_the_workers_once(tmp_path: Path) -> None:
    async with open_app(Settings(home=tmp_path / "home")) as opened:
        app = replace(opened, clock=StillClock(DUE))  # type: ignore[arg-type]
        place = Place("slack", "T1", "C1", "1.1")
        reminder = Reminder("main", "duty", "phone", DUE, place, Actor("U1"))
        await app.reminders.put(reminder)
        await app.reminders.put(replace(reminder, key="k2", due=DUE + timedelta(minutes=1)))
        (job,) = [job for job in jobs(app) if job.name == "remind"]
        assert await job.run() == "1 reminders due"
        assert await job.run() == "0 reminders due"
        delivery = await app.inbox.claim()
        assert delivery is not None
        assert delivery.reminder == reminder
        assert await app.inbox.claim() is None
