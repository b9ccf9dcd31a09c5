"""What was promised: who takes it on, when it is due, and that nobody forgets it."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from bot.testing.kit import Kit
from skills.minutes.actions import next_moment
from skills.minutes.calendar import wareki
from tests.minutes.office import approved, fill, kit, press, series

DAY = 24 * 60 * 60


def due(bot: Kit) -> dict[str, datetime]:
    """When each reminder comes, by key."""
    return {kept.key: kept.due for kept in bot.reminders.kept.values()}


def in_thread(bot: Kit) -> str:
    """The reminder that is for everyone in the thread."""
    return next(kept.key for kept in bot.reminders.kept.values() if not kept.to)


def until(bot: Kit, moment: datetime) -> None:
    bot.clock.move((moment - bot.clock.now()).total_seconds())


async def test_an_approved_action_is_recalled_the_working_day_before_it_is_due() -> None:
    bot = kit()
    done = await approved(bot, series())
    assert "対応2件を一覧に加えました" in done.text
    assert "朝9時に、ここでお知らせします" in done.text
    # 4 December 2026 is a Friday, 10 December a Thursday; nine in Japan is midnight UTC.
    key = in_thread(bot)
    assert due(bot) == {key: datetime(2026, 12, 3, 0, 0, tzinfo=UTC)}
    until(bot, due(bot)[key])
    said = await bot.fire(key)
    assert "もうすぐ期限です" in said.text
    assert "会場の鍵" in said.text
    assert "名簿" not in said.text
    assert "令和8年12月4日（金）" in said.text
    assert due(bot)[key] == datetime(2026, 12, 4, 0, 0, tzinfo=UTC)


async def test_what_is_due_on_one_day_is_said_in_one_message() -> None:
    bot = kit()
    text = series()["係内会議.txt"].decode().replace("12月10日", "12月4日")
    await approved(bot, {"係内会議.txt": text.encode()})
    key = in_thread(bot)
    until(bot, due(bot)[key])
    said = await bot.fire(key)
    assert said.text.count("もうすぐ期限です") == 2
    assert sum(action.title.startswith("完了") for action in said.actions) == 2
    assert len(due(bot)) == 1


async def test_what_is_overdue_is_said_once_a_week_and_four_times_at_most() -> None:
    bot = kit()
    done = await approved(bot, series())
    await press(bot, await press(bot, done, "対応の一覧"), "完了：参加者")
    key = in_thread(bot)
    said, days = [], []
    while key in due(bot):
        until(bot, due(bot)[key])
        days.append(due(bot)[key].date().isoformat())
        said.append((await bot.fire(key)).text)
    assert days == [
        "2026-12-03",
        "2026-12-04",
        "2026-12-11",
        "2026-12-18",
        "2026-12-25",
        # 1 January and the days after are no working days.
        "2027-01-04",
    ]
    assert sum("期限を過ぎています" in words for words in said) == 4
    assert "今日が期限です" in said[1]


async def test_what_is_done_is_not_said_again() -> None:
    bot = kit()
    await approved(bot, series())
    key = in_thread(bot)
    until(bot, due(bot)[key])
    said = await bot.fire(key)
    await press(bot, said, "完了：会場の鍵")
    until(bot, due(bot)[key])
    assert (await bot.fire(key)).status == "withdrawn"
    assert due(bot)[key].date().isoformat() == "2026-12-09"
    assert [event.actor for event in bot.events("minutes.action-done")] == ["U1"]
    await press(bot, await bot.say("対応一覧"), "完了：参加者")
    assert due(bot) == {}


async def test_an_owner_is_a_person_of_the_chat_only_when_they_take_it_on() -> None:
    bot = kit()
    done = await approved(bot, series())
    assert all(not kept.to for kept in bot.reminders.kept.values())
    taken = await press(bot, done, "私が担当します：会場の鍵", user="U7", name="田中")
    assert "田中さんの担当にしました" in taken.text
    direct = [kept for kept in bot.reminders.kept.values() if kept.to]
    assert [(kept.to, kept.due.date().isoformat()) for kept in direct] == [("U7", "2026-12-03")]
    assert bot.events("minutes.action-taken")[0].details == {"by": "U7", "was": ""}
    again = await press(bot, done, "私が担当します：会場の鍵", user="U7", name="田中")
    assert "すでに担当" in again.text
    until(bot, direct[0].due)
    said = await bot.fire(direct[0].key)
    assert "もうすぐ期限です" in said.text
    assert not any(action.title.startswith("私が") for action in said.actions)


async def test_who_takes_it_over_is_reminded_and_the_other_no_longer() -> None:
    bot = kit()
    done = await approved(bot, series())
    await press(bot, done, "私が担当します：会場の鍵", user="U7", name="田中")
    await press(bot, done, "私が担当します：会場の鍵", user="U8", name="鈴木")
    assert [kept.to for kept in bot.reminders.kept.values() if kept.to] == ["U8"]
    assert bot.events("minutes.action-taken")[1].details == {"by": "U8", "was": "U7"}


async def test_another_due_date_moves_the_reminder_and_is_on_record() -> None:
    bot = kit()
    done = await approved(bot, series())
    taken = await press(bot, done, "私が担当します：会場の鍵", user="U7", name="田中")
    moved = await fill(bot, taken, {"due": "2026-12-21"}, user="U7")
    assert "令和8年12月21日（月）" in moved.text
    assert bot.events("minutes.action-due")[0].details == {"was": "2026-12-04", "due": "2026-12-21"}
    direct = next(kept for kept in bot.reminders.kept.values() if kept.to)
    assert direct.due.date().isoformat() == "2026-12-18"
    # What waits in the thread was set for the date before: it says nothing and waits on.
    key = in_thread(bot)
    assert due(bot)[key].date().isoformat() == "2026-12-03"
    until(bot, due(bot)[key])
    assert (await bot.fire(key)).status == "withdrawn"
    assert due(bot)[key].date().isoformat() == "2026-12-09"


async def test_an_earlier_due_date_is_recalled_in_time() -> None:
    bot = kit()
    done = await approved(bot, series())
    taken = await press(bot, done, "私が担当します：参加者", user="U8", name="鈴木")
    await fill(bot, taken, {"due": "2026-11-26"}, user="U8")
    assert [at.date().isoformat() for at in sorted(due(bot).values())] == [
        "2026-11-25",
        "2026-11-25",
    ]


async def test_taking_an_action_on_elsewhere_leaves_its_reminder_in_the_thread() -> None:
    bot = kit()
    await approved(bot, series())
    listed = await bot.say("対応一覧", thread="9000.9")
    action = next(a for a in listed.actions if a.title.startswith("私が担当します：会場の鍵"))
    values = {"value": action.value, "turn": listed.turn}
    await bot.say("", kind="button", command="minutes", values=values, thread="9000.9")
    places = {bool(kept.to): kept.place.thread for kept in bot.reminders.kept.values()}
    assert places == {True: "9000.9", False: "1000.1"}


async def test_a_due_date_that_is_none_is_explained() -> None:
    bot = kit()
    taken = await press(bot, await approved(bot, series()), "私が担当します：会場の鍵")
    for words in ("そのうち", "2026-02-30", ""):
        reply = await fill(bot, taken, {"due": words})
        assert reply.status == "failed"
        assert "2026-12-10 の形" in reply.text
    assert not bot.events("minutes.action-due")


async def test_minutes_that_are_approved_again_keep_what_was_done() -> None:
    bot = kit()
    done = await approved(bot, series())
    listed = await press(bot, done, "対応の一覧")
    await press(bot, listed, "完了：会場の鍵")
    number = next(
        item["number"]
        for item in (await bot.bot.services.records.get("main", "minutes", f"draft/{_key(done)}"))[
            "items"
        ]
        if "名簿" in item["text"]
    )
    edited = await bot.say(f"{number}の期限を『12月15日』に", kind="follow-up")
    await press(bot, await press(bot, edited, "内容を確認した"), "承認する")
    listed = await bot.say("対応一覧")
    assert "残っている対応 1件" in listed.text
    assert "2026-12-15" in listed.text
    assert [at.date().isoformat() for at in due(bot).values()] == ["2026-12-14"]


async def test_another_due_date_and_who_took_it_on_outlive_a_new_approval() -> None:
    bot = kit()
    done = await approved(bot, series())
    taken = await press(bot, done, "私が担当します：会場の鍵", user="U7", name="田中一郎")
    await fill(bot, taken, {"due": "2026-12-21"}, user="U7")
    edited = await bot.say("場所を『本庁舎』に直す", kind="follow-up")
    await press(bot, await press(bot, edited, "内容を確認した"), "承認する")
    listed = await bot.say("対応一覧")
    assert "担当 田中一郎、期限 2026-12-21" in listed.text


async def test_an_action_that_an_edit_takes_out_is_not_recalled() -> None:
    bot = kit()
    done = await approved(bot, series())
    kept = await bot.bot.services.records.get("main", "minutes", f"draft/{_key(done)}")
    number = next(item["number"] for item in kept["items"] if "名簿" in item["text"])
    edited = await bot.say(f"{number}を消して", kind="follow-up")
    await press(bot, await press(bot, edited, "内容を確認した"), "承認する")
    assert [at.date().isoformat() for at in due(bot).values()] == ["2026-12-03"]
    assert "残っている対応 1件" in (await bot.say("対応一覧")).text


async def test_where_nothing_can_be_said_later_nobody_is_promised_a_reminder() -> None:
    bot = kit()
    bot.chat.can_be_told = False
    done = await approved(bot, series())
    assert "お知らせします" not in done.text
    taken = await press(bot, done, "私が担当します：会場の鍵")
    assert "お知らせします" not in taken.text


async def test_an_action_that_is_gone_is_explained() -> None:
    for verb in ("done", "take"):
        values = {"value": f"{verb} 0000/001", "turn": "t"}
        reply = await kit().say("", kind="button", command="minutes", values=values)
        assert reply.status == "failed"
        assert "対応一覧" in reply.text


@pytest.mark.parametrize(
    ("due_day", "now", "expected"),
    [
        # Before a Monday comes the Friday; before the days around New Year the 28th.
        (date(2026, 12, 7), datetime(2026, 12, 1, tzinfo=UTC), datetime(2026, 12, 4, tzinfo=UTC)),
        (date(2027, 1, 4), datetime(2026, 12, 1, tzinfo=UTC), datetime(2026, 12, 28, tzinfo=UTC)),
        # Approved too late for the day before: the day itself, then a week later.
        (date(2026, 12, 7), datetime(2026, 12, 5, tzinfo=UTC), datetime(2026, 12, 7, tzinfo=UTC)),
        (date(2026, 12, 7), datetime(2026, 12, 8, tzinfo=UTC), datetime(2026, 12, 14, tzinfo=UTC)),
        (date(2026, 12, 7), datetime(2027, 3, 1, tzinfo=UTC), None),
    ],
)
def test_a_reminder_comes_at_nine_of_the_next_day_that_calls_for_it(
    due_day: date, now: datetime, expected: datetime | None
) -> None:
    assert next_moment(due_day, now) == expected


def test_days_are_written_as_an_office_writes_them() -> None:
    assert wareki(date(2026, 9, 15)) == "令和8年9月15日（火）"
    assert wareki(date(2019, 5, 1)) == "令和元年5月1日（水）"
    assert wareki(date(2019, 4, 30)) == "2019年4月30日（火）"


def _key(reply: object) -> str:
    """The key of the minutes that the buttons of a reply are about."""
    actions = reply.actions  # type: ignore[attr-defined]
    return str(next(a.value for a in actions if a.value.startswith("word ")).partition(" ")[2])
