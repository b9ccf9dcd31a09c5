"""The points of a meeting are found from its agenda and from the chair's words."""

from __future__ import annotations

import json
from pathlib import Path
from typing import NamedTuple

import pytest

from skills.minutes import agenda
from skills.minutes.agenda_items import AgendaItem, items
from skills.minutes.readers import read
from skills.minutes.transcript import Line, Transcript

DATA = Path(__file__).parent / "data" / "transcripts"
ROWS = [
    json.loads(row) for row in (DATA / "boundaries.jsonl").read_text(encoding="utf-8").splitlines()
]


class Score(NamedTuple):
    recall: float
    precision: float


def _score(half: str, *, with_agenda: bool) -> Score:
    """How many labelled first lines begin a segment, and how many segments are labelled ones."""
    hit = labelled = found = 0
    for row in ROWS:
        if row["half"] != half:
            continue
        text = (DATA / row["file"]).read_text(encoding="utf-8")
        transcript = read(row["file"], text, agenda="\n".join(row["agenda"]))
        segments = transcript.segments if with_agenda else agenda.segment(transcript.lines)
        wanted = {_first(transcript, start["quote"]) for start in row["starts"]}
        begun = {segment.first for segment in segments if segment.first > 1 or 1 in wanted}
        hit += len(wanted & begun)
        labelled += len(wanted)
        found += len(begun)
    return Score(hit / labelled, hit / found)


def _first(transcript: Transcript, quote: str) -> int:
    return next(line.number for line in transcript.lines if quote in line.text)


@pytest.mark.parametrize(
    ("half", "with_agenda", "recall", "precision"),
    [
        ("dev", True, 0.95, 0.95),
        ("dev", False, 0.95, 0.95),
        ("held-out", True, 0.9, 0.9),
        ("held-out", False, 0.85, 0.85),
    ],
)
def test_the_points_of_labelled_meetings_begin_where_people_say_they_do(
    half: str, with_agenda: bool, recall: float, precision: float
) -> None:
    score = _score(half, with_agenda=with_agenda)
    assert score.recall >= recall
    assert score.precision >= precision


@pytest.mark.parametrize("row", ROWS, ids=[row["file"] for row in ROWS])
def test_segments_cover_every_line_once_and_in_order(row: dict[str, str]) -> None:
    text = (DATA / row["file"]).read_text(encoding="utf-8")
    transcript = read(row["file"], text, agenda="\n".join(row["agenda"]))
    covered = [
        number
        for segment in transcript.segments
        for number in range(segment.first, segment.last + 1)
    ]
    assert covered == [line.number for line in transcript.lines]


@pytest.mark.parametrize(
    ("text", "titles"),
    [
        ("1. 予約の試行\n2. 混雑対応", ["予約の試行", "混雑対応"]),
        ("議題１　総合計画について\n報告１　交通安全", ["総合計画", "交通安全"]),
        (
            "1 開会\n2 議題\n(1) 総合計画\n(2) 電力契約\n3 その他",
            ["開会", "総合計画", "電力契約", "その他"],
        ),
        ("一 開会\n二 議事\n三 閉会", ["開会", "議事", "閉会"]),
        ("①予約 10分\n②混雑 20分", ["予約", "混雑"]),
        ("## 議題\n- 予約\n- 混雑", ["予約", "混雑"]),
        ("10:00-10:20 予約\n10:20-10:40 混雑", ["予約", "混雑"]),
        ("議事録を作って。議題は、1. 予約 2. 混雑です", ["予約", "混雑"]),
        ("議事録を作って。議題は予約の件と混雑対応の2つです。", ["予約", "混雑対応"]),
        ("アジェンダ：予約、混雑、その他", ["予約", "混雑", "その他"]),
        ("Agenda:\n1. Summer visit\n2. Budget", ["Summer visit", "Budget"]),
        ("日程第1　署名議員の指名\n日程第2　一般質問", ["署名議員の指名", "一般質問"]),
        ("この会議の議事録を作ってください。", []),
        ("", []),
    ],
)
def test_an_agenda_is_read_from_a_file_or_a_message(text: str, titles: list[str]) -> None:
    assert [item.title for item in items(text)] == titles


def test_a_report_and_a_matter_of_the_same_number_are_not_mixed_up() -> None:
    lines = _lines(
        "議長|これより会議を開きます。",
        "議長|それでは議題1、計画をお願いします。",
        "部長|説明します。",
        "議長|続いて報告1、計画の進み具合をお願いします。",
        "課長|報告します。",
    )
    listed = (AgendaItem("計画の策定", 1, "議題"), AgendaItem("計画の進捗", 1, "報告"))
    found = agenda.segment(lines, listed)
    assert [(segment.title, segment.first) for segment in found] == [
        ("", 1), ("計画の策定", 2), ("計画の進捗", 4),
    ]  # fmt: skip


def test_a_point_that_was_never_reached_has_no_segment() -> None:
    lines = _lines(
        "司会|まず、窓口の予約について報告をお願いします。",
        "佐藤|312件でした。",
        "司会|時間ですので、本日は終わります。",
    )
    found = agenda.segment(lines, ("1. 窓口の予約", "2. プラスチックの分別収集"))
    assert [segment.title for segment in found] == ["窓口の予約"]


def test_an_agenda_of_another_meeting_does_not_hide_what_the_chair_says() -> None:
    text = (DATA / "recorder.srt").read_text(encoding="utf-8")
    transcript = read("a.srt", text, agenda="1. 花火大会の警備\n2. 屋台の配置\n3. 仮設の便所")
    assert len(transcript.segments) >= 4


def test_a_decision_that_opens_with_dewa_is_no_new_point() -> None:
    lines = _lines(
        "司会|それでは、会場について話し合います。",
        "原|市民ホールを押さえました。",
        "司会|では、市民ホールで決定です。",
        "原|分かりました。",
        "司会|次に、受付時間についてです。",
    )
    assert [segment.first for segment in agenda.segment(lines)] == [1, 5]


def test_a_new_point_in_the_middle_of_a_speech_begins_a_line_of_its_own() -> None:
    text = (
        "司会：80人で結構です。最後に、その他で何かありますか。\n林：ありません。\n司会：はい。\n"
    )
    assert [line.text for line in read("a.txt", text).lines][:2] == [
        "80人で結構です。",
        "最後に、その他で何かありますか。",
    ]


def test_without_an_agenda_a_point_is_called_by_the_chairs_words() -> None:
    text = (DATA / "zoom.txt").read_text(encoding="utf-8")
    titles = [segment.title for segment in read("zoom.txt", text).segments]
    assert titles == ["", "会場と時間割", "ブースの割り当て", "記念品"]


def test_no_lines_have_no_segments() -> None:
    assert agenda.segment((), ("1. 予約",)) == ()


def _lines(*said: str) -> tuple[Line, ...]:
    parts = [row.split("|") for row in said]
    return tuple(
        Line(number, text, who, who if who in ("議長", "司会") else "")
        for number, (who, text) in enumerate(parts, 1)
    )
