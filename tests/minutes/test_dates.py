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


@pytest.mark.parametrize(
    ("said", "words", "day"),
    [
        ("12月10日(水)17:00までに", "12月10日(水)17:00", date(2025, 12, 10)),
        ("10日（月）に提出します", "10日（月）", date(2025, 11, 10)),
        ("31日金曜までに", "31日金曜", date(2025, 10, 31)),
        ("来月第2金曜日までに", "来月第2金曜日", date(2025, 11, 14)),
        ("1週間をめどに回答します", "1週間", date(2025, 10, 29)),
        ("令和8年3月上旬を目途に", "令和8年3月上旬", date(2026, 3, 10)),
        ("3月31日をもって廃止します", "3月31日", date(2026, 3, 31)),
        ("R8年3月末までに", "R8年3月末", date(2026, 3, 31)),
        ("本年12月末までに", "本年12月末", date(2025, 12, 31)),
        ("年明けの1月8日までに", "年明けの1月8日", date(2026, 1, 8)),
        ("5営業日後に", "5営業日後", date(2025, 10, 29)),
        ("三営業日以内に", "三営業日以内", date(2025, 10, 27)),
        ("半年後に見直します", "半年後", date(2026, 4, 22)),
        ("25日必着で送ります", "25日", date(2025, 10, 25)),
        ("25日〆切です", "25日", date(2025, 10, 25)),
        ("12月1日から11日まで募集します", "12月1日から11日", date(2025, 12, 11)),
        ("11月13日と14日の二日間で", "11月13日と14日", date(2025, 11, 14)),
        ("14日と30日の日曜日に行います", "14日と30日の日曜日", date(2025, 11, 30)),
        ("12月7、8日に行います", "12月7、8日", date(2025, 12, 8)),
        ("11月30日(日)～12月4日(木)に", "11月30日(日)～12月4日(木)", date(2025, 12, 4)),
        ("来年度上期に策定します", "来年度上期", date(2026, 9, 30)),
        ("令和8年度第3四半期に", "令和8年度第3四半期", date(2026, 12, 31)),
        ("下半期中に導入します", "下半期中", date(2026, 3, 31)),
        ("今月いっぱいで終えます", "今月いっぱい", date(2025, 10, 31)),
    ],
)
def test_ways_of_naming_a_day_in_an_office_are_understood(said: str, words: str, day: date) -> None:
    assert [(found.text, found.day) for found in find(said, MEETING)] == [(words, day)]


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ("次の定例までに直します", "次の定例"),
        ("第2回定例会までに報告します", "第2回定例会"),
        ("会議の1週間前までに送ります", "1週間前"),
        ("翌営業日までに返します", "翌営業日"),
        ("2、3日中に送ります", "2、3日中"),
        ("数日以内に送ります", "数日以内"),
        ("12月第1週に実施します", "12月第1週"),
        ("5月の連休明けにまとめます", "5月の連休明け"),
        ("年度当初に始めます", "年度当初"),
        ("令和8年度当初から始めます", "令和8年度当初"),
        ("後日お送りします", "後日"),
        # It may be 令和8年 or a year of some other count: nobody said.
        ("8年3月末までに", "8年3月末"),
    ],
)
def test_words_that_leave_the_day_open_are_found_without_one(said: str, words: str) -> None:
    assert [(found.text, found.day) for found in find(said, MEETING)] == [(words, None)]


def test_a_weekday_that_is_not_the_day_leaves_the_day_open() -> None:
    # 10 December 2025 is a Wednesday.
    [found] = find("12月10日(火)までに", MEETING)
    assert (found.text, found.day) == ("12月10日(火)", None)


@pytest.mark.parametrize(
    "said",
    [
        "9時から17時まで受け付けます",
        "次の資料を送ります",
        "第3回の会議で決めました",
        "10日間で600人が来ました",
        "全体の1/3の店です",
        "毎週金曜日に出しています",
    ],
)
def test_hours_counts_and_habits_are_no_due_dates(said: str) -> None:
    assert find(said, MEETING) == ()
