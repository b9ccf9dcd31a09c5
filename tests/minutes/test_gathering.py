"""A thread or some days of a channel summarised: whose words, which days, what is not read."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from bot import BadInput, Said
from skills.minutes.gathering import span
from tests.minutes.office import kit

# A Sunday.
NOW = date(2026, 11, 22)
SAID = (
    ("佐藤", "防災訓練は雨天の場合は体育館で行うこととします。"),
    ("田中", "体育館の鍵は私が金曜日までに借りておきます。"),
    ("鈴木", "駐車場の台数はまだ決まっていません。"),
)


def said(day: int, hour: int = 10) -> list[Said]:
    """Three lines of a day in November, at an hour in Japan."""
    begun = datetime(2026, 11, day, hour, tzinfo=UTC) - timedelta(hours=9)
    return [
        Said(text, by_bot=False, name=name, at=begun + timedelta(minutes=n))
        for n, (name, text) in enumerate(SAID)
    ]


@pytest.mark.parametrize(
    ("words", "first", "last"),
    [
        ("先週のこのチャンネルを要約して", (11, 9), (11, 15)),
        ("今週をまとめて", (11, 16), (11, 22)),
        ("11/20から11/21まで要約して", (11, 20), (11, 21)),
        ("１１月２日～１１月６日を要約して", (11, 2), (11, 6)),
        ("11月18日（水）以降を要約して", (11, 18), (11, 22)),
        ("昨日の話を要約して", (11, 21), (11, 21)),
        ("直近3日を要約して", (11, 20), (11, 22)),
        ("先月のチャンネルを要約して", (10, 1), (10, 31)),
        ("11/20を要約して", (11, 20), (11, 20)),
    ],
)
def test_the_days_that_are_meant(words: str, first: tuple[int, int], last: tuple[int, int]) -> None:
    assert span(words, NOW) == (date(2026, *first), date(2026, *last))


def test_a_day_without_a_year_is_the_last_one_that_has_come() -> None:
    assert span("12/20から12/25まで", NOW) == (date(2025, 12, 20), date(2025, 12, 25))
    assert span("2026年4月1日から4月3日まで", NOW) == (date(2026, 4, 1), date(2026, 4, 3))
    assert span("要約して", NOW) is None


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("11/31から12/2まで", "11月31日という日はありません"),
        ("11/20から11/10まで", "古い日から新しい日の順"),
        ("1/1から11/20まで", "92日まで"),
    ],
)
def test_days_that_cannot_be_are_explained(words: str, expected: str) -> None:
    with pytest.raises(BadInput) as caught:
        span(words, NOW)
    assert expected in caught.value.remedy


async def test_a_week_of_a_channel_is_summarised_with_names_and_nothing_else() -> None:
    bot = kit()
    bot.chat.channel = [
        Said("これは前の週の発言で、対象にはなりません。", False, "山本", said(8)[0].at),
        *said(10),
        Said("これは今日の発言で、対象にはなりません。", False, "山本", said(16)[0].at),
    ]
    reply = await bot.say("先週のこのチャンネルを要約して")
    assert reply.status == "answered"
    assert "11月9日から11月15日までのチャンネルの要約" in reply.text
    assert "体育館で行う。" in reply.text
    assert "担当 田中" in reply.text
    assert "対象にはなりません" not in reply.text


async def test_a_day_ends_at_midnight_in_japan() -> None:
    bot = kit()
    bot.chat.channel = [*said(20, hour=23), *said(21, hour=0)[:1]]
    reply = await bot.say("11/20のチャンネルを要約して")
    assert len(bot.chat.channel) == 4
    shown = await bot.say("2の根拠", kind="follow-up")
    assert "3行目" in shown.text
    assert "4行目" not in shown.text
    assert "＝2026-11-27" in reply.text


async def test_tomorrow_said_on_several_days_is_no_single_day() -> None:
    bot = kit()
    bot.chat.channel = [*said(10), *said(12)]
    reply = await bot.say("先週のチャンネルを要約して")
    assert "期限 金曜日" in reply.text
    assert "＝" not in reply.text


async def test_a_channel_without_days_asks_for_them() -> None:
    reply = await kit().say("このチャンネルを要約して")
    assert reply.status == "failed"
    assert "期間を書いてください" in reply.text


async def test_a_time_in_which_nobody_spoke_says_how_to_ask() -> None:
    reply = await kit().say("先週のチャンネルを要約して")
    assert reply.status == "help"


async def test_a_thread_longer_than_what_is_shown_of_it_is_summarised_whole() -> None:
    bot = kit()
    talk = [Said(f"資料の{n}ページを確認しました。", by_bot=False, name="鈴木") for n in range(60)]
    bot.chat.said = [Said(SAID[0][1], by_bot=False, name="佐藤"), *talk]
    reply = await bot.say("要約して")
    assert "体育館で行う。" in reply.text


async def test_what_the_platform_left_out_of_a_thread_is_said() -> None:
    bot = kit()
    bot.chat.said = [Said("（これより前の発言は省略）", by_bot=True), *said(20)]
    assert "これより前の発言は省略" in (await bot.say("要約して")).notice
    bot.chat.said = said(20)
    assert "省略" not in (await bot.say("要約して")).notice


async def test_a_chat_has_no_meetings_before_it() -> None:
    bot = kit()
    bot.chat.said = said(20)
    draft = await bot.say("要約して")
    for _ in range(2):
        action = next(a for a in draft.actions if a.title in ("内容を確認した", "承認する"))
        values = {"value": action.value, "turn": draft.turn}
        draft = await bot.say("", kind="button", command="minutes", values=values)
    bot.chat.said = said(21)
    assert "前回からの対応" not in (await bot.say("要約して", thread="2000.1")).text
