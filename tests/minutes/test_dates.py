"""Words about days, as they are said in a Japanese office, and the day they mean."""

from __future__ import annotations

from datetime import date

import pytest

from skills.minutes.dates import find
from skills.minutes.holidays import is_working_day, public_holidays

# A Wednesday.
MEETING = date(2025, 10, 22)


@pytest.mark.parametrize(
    ("said", "words", "day"),
    [
        ("明日までに出します", "明日", date(2025, 10, 23)),
        ("あさってまでに出します", "あさって", date(2025, 10, 24)),
        ("来週の金曜日までに出します", "来週の金曜日", date(2025, 10, 31)),
        ("今週中に出します", "今週中", date(2025, 10, 24)),
        ("金曜の昼までに出します", "金曜の昼", date(2025, 10, 24)),
        ("月内に出します", "月内", date(2025, 10, 31)),
        ("今月末までに出します", "今月末", date(2025, 10, 31)),
        ("年内に出します", "年内", date(2025, 12, 31)),
        ("年度末までに出します", "年度末", date(2026, 3, 31)),
        ("来年度末までに出します", "来年度末", date(2027, 3, 31)),
        ("令和八年三月三十一日までに", "令和八年三月三十一日", date(2026, 3, 31)),
        ("R8.3.31までに", "R8.3.31", date(2026, 3, 31)),
        ("2026/3/31までに", "2026/3/31", date(2026, 3, 31)),
        ("令和8年度上半期中に", "令和8年度上半期中", date(2026, 9, 30)),
        ("12月10日(水)午後5時までに", "12月10日(水)午後5時", date(2025, 12, 10)),
        ("1月15日までに", "1月15日", date(2026, 1, 15)),
        ("１１月３０日までに", "１１月３０日", date(2025, 11, 30)),
        ("11月上旬に", "11月上旬", date(2025, 11, 10)),
        ("11月中旬に", "11月中旬", date(2025, 11, 20)),
        ("11月下旬に", "11月下旬", date(2025, 11, 30)),
        ("3日以内に", "3日以内", date(2025, 10, 25)),
        ("2週間後に", "2週間後", date(2025, 11, 5)),
        ("20日までに", "20日", date(2025, 11, 20)),
        ("11月21日から30日まで", "11月21日から30日", date(2025, 11, 30)),
        ("本日17時までに", "本日17時", date(2025, 10, 22)),
    ],
)
def test_a_due_date_keeps_its_words_beside_its_day(said: str, words: str, day: date) -> None:
    assert [(found.text, found.day) for found in find(said, MEETING)] == [(words, day)]


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ("次回の会議までに", "次回の会議"),
        ("12月議会に", "12月議会"),
        ("午後5時までに", "午後5時"),
        ("納品後10日以内に", "10日以内"),
        ("来月の頭に", "来月の頭"),
    ],
)
def test_words_that_do_not_say_the_day_have_none(said: str, words: str) -> None:
    assert [(found.text, found.day) for found in find(said, MEETING)] == [(words, None)]


@pytest.mark.parametrize(
    "said",
    [
        "3日間で直りました",
        "10年前と比べて",
        "昨年10月に配りました",
        "先週の金曜日に終えました",
        "人口の1/3に減少しました",
        "毎週金曜日に開きます",
        "3日に1回",
        "年末調整の書類",
        "1日も早く",
    ],
)
def test_durations_and_the_past_are_no_due_dates(said: str) -> None:
    assert find(said, MEETING) == ()


def test_without_the_day_of_the_meeting_no_year_is_invented() -> None:
    found = find("12月10日までに、遅くとも令和8年2月1日までに", None)
    assert [one.day for one in found] == [None, date(2026, 2, 1)]


def test_working_days_skip_weekends_public_holidays_and_the_turn_of_the_year() -> None:
    # 3 November is a holiday; 29 December to 3 January the office is closed.
    assert find("5営業日以内に", date(2025, 10, 30))[0].day == date(2025, 11, 7)
    assert find("2営業日以内に", date(2025, 12, 28))[0].day == date(2026, 1, 6)
    closed = [date(2025, 10, 31)]
    assert find("1営業日以内に", date(2025, 10, 30), closed)[0].day == date(2025, 11, 4)


def test_a_holiday_on_a_sunday_moves_and_a_day_between_two_holidays_is_one() -> None:
    assert date(2025, 11, 24) in public_holidays(2025)
    assert date(2026, 5, 6) in public_holidays(2026)
    assert date(2026, 9, 22) in public_holidays(2026)
    assert not is_working_day(date(2025, 5, 6))


@pytest.mark.parametrize(
    ("year", "spring", "autumn"), [(2020, 20, 22), (2023, 21, 23), (2025, 20, 23), (2028, 20, 22)]
)
def test_the_equinoxes_fall_where_the_almanac_has_them(year: int, spring: int, autumn: int) -> None:
    assert {date(year, 3, spring), date(year, 9, autumn)} <= public_holidays(year)


def test_positions_are_those_of_the_text_as_given() -> None:
    said = "㈱の件は１２月１０日までに"
    found = find(said, MEETING)[0]
    assert said[found.start : found.end] == found.text == "１２月１０日"
