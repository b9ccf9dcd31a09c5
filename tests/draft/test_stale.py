"""What of last year's words goes stale, sentence by sentence and over the planted samples."""

from __future__ import annotations

import re
from datetime import date
from itertools import pairwise

import pytest

from bot import BadInput
from skills.draft import roll
from skills.draft.roster import Member, Roster
from skills.draft.stale import Line, Provision, Stale, find_stale, years
from tests.bench.draft_roll import judge
from tests.draft.planted import DATA, samples

HEAD = (Line("8総務第1号"), Line("令和8年5月11日"))
ROSTER = Roster(
    (
        Member("総務部総務課", "課長", "山田　太郎", extension="210"),
        Member("総務部総務課庶務係", "係長", "佐藤　花", extension="211"),
        Member("総務部人事課", "課長", "鈴木　次郎"),
        Member("福祉部こども課", "課長", "高橋　恵", former="児童課"),
        Member("総務部総務課庶務係", "主任", "田中　実", extension="211"),
    )
)


def stale(
    *texts: str, year: int = 2027, roster: Roster | None = None, rules: tuple[Provision, ...] = ()
) -> list[Stale]:
    """What is found in lines that stand below the head of a letter of 令和8年度."""
    lines = (*HEAD, *(Line(text) for text in texts))
    return [one for one in find_stale(lines, year, roster, rules) if one.index >= len(HEAD)]


def moved(text: str, **about: object) -> list[tuple[str, str]]:
    return [(one.text, one.suggestion) for one in stale(text, **about)]  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("令和８年度の計画", [("令和８年度", "令和９年度")]),
        ("令和八年度の計画", [("令和八年度", "令和九年度")]),
        ("Ｒ９当初予算", [("Ｒ９", "Ｒ10")]),
        ("2026年度の計画", [("2026年度", "2027年度")]),
        ("2026（令和8）年度の計画", [("2026（令和8）年度", "2027（令和9）年度")]),
        ("前年度（令和7年度）の決算", [("令和7年度", "令和8年度")]),
        ("令和7・8年度の名簿", [("令和7・8年度", "令和9・10年度")]),
        ("計画（令和6年度～令和8年度）", [("令和6年度", "令和9年度"), ("令和8年度", "令和11年度")]),
        ("https://city.example.jp/r8/", [("https://city.example.jp/r8/", "")]),
    ],
)  # fmt: skip
def test_a_year_moves_on_in_the_hand_it_was_written_in(
    text: str, expected: list[tuple[str, str]]
) -> None:
    assert moved(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("とき　令和8年6月20日（土）", [("令和8年6月20日（土）", "令和9年6月19日（土）")]),
        ("6月12日(金曜日)まで", [("6月12日(金曜日)", "6月11日(金曜日)")]),
        ("7月1日（水）から", [("7月1日（水）", "7月1日（木）")]),
        ("10月17日（土）・18日（日）",
         [("10月17日（土）", "10月16日（土）"), ("18日（日）", "17日（日）")]),
        ("令和　８年　６月　20日（土）",
         [("令和　８年　６月　20日（土）", "令和　９年　６月　19日（土）")]),
        ("令和 8 年 6 月 20 日", [("令和 8 年 6 月 20 日", "令和 9 年 6 月 20 日")]),
        ("6.12（金）", [("6.12（金）", "6.11（金）")]),
        ("8/1（土）抽選会", [("8/1（土）", "8/7（土）")]),
        ("令和8年11月3日（火・祝）", [("令和8年11月3日（火・祝）", "令和9年11月3日（水・祝）")]),
        ("期限　2026-06-09", [("2026-06-09", "2027-06-09")]),
        ("平成18年4月2日から平成19年4月1日までに生まれた方",
         [("平成18年4月2日", "平成19年4月2日"), ("平成19年4月1日", "平成20年4月1日")]),
        ("契約期間は令和9年3月31日まで", [("令和9年3月31日", "令和10年3月31日")]),
        ("期間　令和6年4月1日から令和9年3月31日まで",
         [("令和6年4月1日", "令和9年4月1日"), ("令和9年3月31日", "令和12年3月31日")]),
        ("令和8年6月末現在", [("令和8年6月末", "令和9年6月末")]),
        ("令和8年5月29日必着", [("令和8年5月29日", "令和9年5月28日")]),
    ],
)  # fmt: skip
def test_a_date_moves_by_its_kind(text: str, expected: list[tuple[str, str]]) -> None:
    assert moved(text) == expected


def test_a_date_limit_on_a_closed_day_says_why_it_moved() -> None:
    (found,) = stale("令和8年5月29日必着")
    assert "令和9年5月29日（土）は閉庁日" in found.reason


def test_the_same_day_becomes_the_same_day_wherever_it_stands() -> None:
    found = stale("受付は8月7日（金）まで", "郵送は8月7日の消印まで有効")
    assert [one.suggestion for one in found] == ["8月6日（金）", "8月6日"]


def test_the_days_of_a_programme_keep_their_gaps() -> None:
    found = stale("12月5日（土）、12日（土）、19日（土）")
    assert [one.suggestion for one in found] == ["12月4日（土）", "11日（土）", "18日（土）"]


def test_a_weekday_that_never_fitted_is_said() -> None:
    (found,) = stale("令和8年6月20日（月）")
    assert "曜日が暦と合いません（令和8年6月20日（土））" in found.reason


def test_a_meeting_that_would_fall_on_a_holiday_is_said() -> None:
    (found,) = stale("令和8年9月24日（木）")
    assert found.suggestion == "令和9年9月23日（木）"
    assert "秋分の日" in found.reason


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("第14回の訓練", [("第14回", "第15回")]),
        ("開設から9年が経過し", [("9年", "10年")]),
        ("市制施行70周年", [("70周年", "")]),
        ("第９期介護保険事業計画", [("第９期", "第10期")]),
        ("8財第402号で照会した", [("8財第402号", "9財第　号")]),
        ("参加費　１，０００円", [("１，０００円", "")]),
        ("昨年度は120人が参加した", [("昨年度", ""), ("120人", "")]),
        ("今年四月に開館した", [("今年四月", "")]),
    ],
)
def test_counts_and_figures_move_on_or_are_asked_for(
    text: str, expected: list[tuple[str, str]]
) -> None:
    assert moved(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "地方自治法施行令（昭和22年政令第16号）第167条の2第1項第1号",
        "みどり市事務決裁規程（令和8年訓令第3号）別表第2",
        "平成23年3月11日に発生した東日本大震災",
        "令和元年台風第19号の教訓",
        "平成30年4月1日から稼働している",
        "65歳以上の方、3歳未満のお子様",
        "予定価格が50万円を超えるとき",
        "帳簿は5年間保存する",
        "毎年4月1日に始まり、翌年3月31日に終わる",
        "毎週水曜日、毎月第3土曜日は休館",
        "計画（令和5年度～令和14年度）に基づく",
        "任期　令和7年8月1日から令和10年7月31日まで",
        "指定期間　令和4年4月1日から令和10年3月31日まで",
        "電話　0467-22-9000（内線412）",
        "第1回から第3回まで。第2回は会議室、第3回は体育館",
        "令和11年度までに50％を目指す",
        "11月9日から11月15日までの火災予防運動",
        "12月29日から1月3日までは休み",
        "令和8年4月1日改正",
        "視力は0.7、気温は1.4～2.0度",
    ],
)
def test_what_holds_for_good_is_left_alone(text: str) -> None:
    assert moved(text) == []


def test_two_years_are_rolled_over_at_once() -> None:
    assert moved("令和7年度実績と令和8年度計画", year=2028) == [
        ("令和7年度", "令和9年度"),
        ("令和8年度", "令和10年度"),
    ]


def test_the_first_year_of_an_era_is_read() -> None:
    lines = (Line("31総務第1号"), Line("令和元年5月8日"), Line("令和元年度予算"))
    assert [one.suggestion for one in find_stale(lines, 2020)][-1] == "令和2年度"


@pytest.mark.parametrize("word", ["令和9", "令和９年度", "R9", "r9", "2027", "2027年度"])
def test_a_year_is_understood_as_people_write_it(word: str) -> None:
    assert years.parse(word.upper()) == 2027


@pytest.mark.parametrize("word", ["", "来年", "令和", "9", "99999", "明治9"])
def test_a_year_nobody_understands_is_asked_again(word: str) -> None:
    with pytest.raises(BadInput) as caught:
        years.parse(word)
    assert "令和9、R9、2027" in caught.value.remedy


@pytest.mark.parametrize("year", [2026, 2025])
def test_a_year_that_is_not_later_is_refused(year: int) -> None:
    with pytest.raises(BadInput) as caught:
        stale("本文", year=year)
    assert "令和8年度のもの" in caught.value.remedy
    assert "令和9以降" in caught.value.remedy


def test_a_goal_years_ahead_does_not_make_a_document_younger() -> None:
    lines = (Line("令和6年度の健診のお知らせ"), Line("令和11年度までに50％を目指します。"))
    assert [one.suggestion for one in find_stale(lines, 2025)] == ["令和7年度"]


def test_the_day_of_a_meeting_in_a_table_is_not_that_of_the_document() -> None:
    row = ("日時", "令和9年6月1日")
    lines = (Line("令和8年度総会"), Line("日時", row=row), Line("令和9年6月1日", row=row))
    assert [one.text for one in find_stale(lines, 2027)] == ["令和8年度", "令和9年6月1日"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("総務課長　山田　太郎", []),
        ("総務課長　伊藤　一", [("伊藤　一", "山田　太郎")]),
        ("人事課長　山田　太郎", [("山田　太郎", "鈴木　次郎")]),
        ("総務課庶務係　主事　田中　実", [("主事", "主任")]),
        ("担当　庶務係　佐藤", []),
        ("担当　庶務係　木村", [("木村", "")]),
        ("児童課長　高橋　恵", [("児童課", "こども課")]),
        ("福祉課　児童課まで", [("児童課", "こども課")]),
        ("総務課庶務係（内線215）", [("215", "211")]),
        ("総務課庶務係（内線211）", []),
        ("初代市長　石倉　栄太郎", []),
        ("課長専決、部長決裁とする", []),
        ("県総務部長　小川　進", []),
        ("講師　湘浜大学教授　村瀬　雄三　氏", [("村瀬　雄三", "")]),
    ],
)
def test_people_are_held_against_the_staff_list(text: str, expected: list[tuple[str, str]]) -> None:
    assert moved(text, roster=ROSTER) == expected


def test_without_a_staff_list_no_officer_is_called_stale() -> None:
    assert moved("総務課長　伊藤　一") == []


def test_a_rule_revised_since_is_found_where_its_article_stands_now() -> None:
    rules = (
        Provision("市財務規則", "2026-10-01", {"第98条": "落札者", "第101条": "指名競争入札"}),
        Provision("市文書規程", "2020-04-01", {"第3条": "起案"}),
    )
    found = stale("市財務規則第98条（指名競争入札）", "市文書規程第3条", rules=rules)
    assert [(one.text, one.suggestion) for one in found] == [
        ("市財務規則第98条", "市財務規則第101条")
    ]
    assert "2026年10月1日の版" in found[0].reason
    assert "今は第101条" in found[0].reason


def test_finds_never_overlap_and_stand_in_the_order_of_the_document() -> None:
    for sample in samples("dev"):
        found = roll.find_stale(sample.document, years.parse(sample.new), sample.roster)
        places = [(one.index, one.start, one.end) for one in found]
        assert places == sorted(places)
        for (line, _, end), (next_line, start, _) in pairwise(places):
            assert line != next_line or end <= start
        assert all(one.text == sample.lines[one.index][one.start : one.end] for one in found)


def test_every_suggested_weekday_is_that_of_its_day() -> None:
    pattern = re.compile(r"令和(\d+)年(\d+)月(\d+)日（(.)")
    checked = 0
    for sample in samples("dev"):
        for one in roll.find_stale(sample.document, years.parse(sample.new), sample.roster):
            for year, month, day, weekday in pattern.findall(one.suggestion):
                when = date(2018 + int(year), int(month), int(day))
                assert "月火水木金土日"[when.weekday()] == weekday, one
                checked += 1
    assert checked > 20


@pytest.mark.parametrize("half", ["dev", "heldout"])
def test_the_planted_stale_things_are_found_with_few_false_ones(half: str) -> None:
    found = missed = false = 0
    for sample in samples(half):
        hits, misses, wrong, _ = judge(sample)
        found, missed, false = found + len(hits), missed + len(misses), false + len(wrong)
    assert found + missed >= 100
    assert found / (found + missed) >= 0.95
    assert false / (found + false) <= 0.05


def test_the_samples_are_many_and_tempting() -> None:
    marks = [mark for half in ("dev", "heldout") for one in samples(half) for _, mark in one.marks]
    assert len(list(DATA.glob("*/*.txt"))) >= 16
    assert sum(mark.is_stale for mark in marks) >= 220
    assert sum(not mark.is_stale for mark in marks) >= 120


def test_a_series_counted_over_the_years_moves_on_also_behind_its_year() -> None:
    title, last = "令和8年度第12回講座の開催", "昨年度の第11回には多くの方が参加しました。"
    assert ("第12回", "第13回") in [(one.text, one.suggestion) for one in stale(title, last)]
    assert "第12回" not in [one.text for one in stale(title)]
    assert "第15回" in [one.text for one in stale("令和8年度第15回講座の開催")]
    assert "第2回" not in [one.text for one in stale("令和8年度第2回審議会の開催")]
