"""Every layout of a transcript becomes the same lines, and nothing that was said is lost."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot import BadInput
from skills.minutes.formats import speakers
from skills.minutes.formats.head import read_day
from skills.minutes.readers import LONGEST_LINE, Read, read, read_whole
from skills.minutes.transcript import Line

DATA = Path(__file__).parent / "data" / "transcripts"
WHOLE = (
    ("teams.vtt", "webvtt", 5, "サービス係 係内会議"),
    ("teams-loose.vtt", "webvtt", 5, "teams-loose"),
    ("english.vtt", "webvtt", 4, "english"),
    ("long.vtt", "webvtt", 7, "long"),
    ("recorder.srt", "srt", 5, "recorder"),
    ("teams-docx.txt", "teams", 6, "令和8年度第5回庁議"),
    ("zoom.txt", "zoom", 4, "zoom"),
    ("plain.txt", "typed", 6, "第3回ごみ減量等推進審議会"),
    ("assembly.txt", "typed", 8, "令和8年第2回市議会定例会 会議録"),
    ("word-minutes.txt", "typed", 9, "住民説明会 会議録"),
    ("no-speakers.txt", "typed", 0, "広報紙リニューアル打合せ"),
)


def _file(name: str) -> Read:
    return read_whole(name, (DATA / name).read_text(encoding="utf-8"))


def _line(whole: Read, words: str) -> Line:
    return next(line for line in whole.transcript.lines if words in line.text)


@pytest.mark.parametrize(("name", "layout", "count", "title"), WHOLE)
def test_every_layout_is_told_from_its_text(name: str, layout: str, count: int, title: str) -> None:
    whole = read_whole("記録", (DATA / name).read_text(encoding="utf-8"))
    assert whole.layout == layout
    assert len(whole.transcript.speakers) == count
    assert _file(name).transcript.title.endswith(title)


@pytest.mark.parametrize("name", [row[0] for row in WHOLE])
def test_a_whole_meeting_comes_out_as_numbered_lines_within_their_length(name: str) -> None:
    lines = _file(name).transcript.lines
    assert len(lines) >= (300 if name == "long.vtt" else 40)
    assert [line.number for line in lines] == list(range(1, len(lines) + 1))
    assert all(0 < len(line.text) <= LONGEST_LINE for line in lines)
    assert not any(re.search(r"<|-->|^\d+$|\d:\d\d:\d\d", line.text) for line in lines)


def test_a_voice_named_only_at_a_change_of_speaker_goes_on_until_the_next() -> None:
    whole = _file("teams.vtt")
    assert _line(whole, "おはようございます。それでは定例").speaker == "佐藤 花子"
    assert _line(whole, "287件").speaker == "鈴木 美咲"


def test_a_cue_without_voice_where_voices_are_closed_belongs_to_nobody() -> None:
    cues = "\n\n".join(
        f"00:00:{at:02}.000 --> 00:00:{at + 1:02}.000\n<v 佐藤>発言{at}です。</v>"
        for at in range(30)
    )
    text = f"WEBVTT\n\n{cues}\n\n00:00:40.000 --> 00:00:41.000\n名前のない発言です。\n"
    whole = read_whole("a.vtt", text)
    assert _line(whole, "名前のない発言").speaker == ""
    assert any("話した人の書かれていない字幕が1個" in problem for problem in whole.problems)


def test_loose_teams_times_are_read_as_seconds() -> None:
    lines = _file("teams-loose.vtt").transcript.lines
    assert lines[0].at == pytest.approx(3.1)
    times = [line.at for line in lines]
    assert None not in times
    assert times == sorted(set(times), key=lambda at: at or 0)


def test_cues_of_one_speaker_are_joined_into_one_speech() -> None:
    text = (
        "1\n00:00:01,000 --> 00:00:02,000\n木村: 保守の期限は\n\n"
        "2\n00:00:02,000 --> 00:00:04,000\n来年9月に\n切れます。\n\n"
        "3\n00:00:05,000 --> 00:00:06,000\n林: 困ります。\n"
    )
    lines = read("a.srt", text).lines
    assert [(line.speaker, line.text, line.at) for line in lines] == [
        ("木村", "保守の期限は来年9月に切れます。", 1.0),
        ("林", "困ります。", 5.0),
    ]


def test_the_older_teams_layout_names_the_speaker_under_the_time() -> None:
    whole = _file("teams-docx-old.txt")
    assert whole.transcript.speakers == ("渡辺 正", "斎藤 明")
    assert _line(whole, "市長が出張").at == 3.5


def test_teams_notices_about_the_recording_are_not_said_by_anybody() -> None:
    whole = _file("teams-docx.txt")
    assert not any("文字起こし" in line.text for line in whole.transcript.lines)
    assert any("文字起こしを開始" in line for line in whole.left_out)
    assert whole.transcript.date == date(2026, 5, 25)
    assert _line(whole, "186人").role == "総務部長"


def test_a_zoom_message_to_one_person_is_left_out_and_counted() -> None:
    whole = _file("zoom-chat.txt")
    assert [line.speaker for line in whole.transcript.lines] == [
        "森下 彩", "原 拓也", "石井 徹", "森下 彩",
    ]  # fmt: skip
    assert not any("少し話せますか" in line.text for line in whole.transcript.lines)
    assert any("個人あてのメッセージ1件" in problem for problem in whole.problems)


def test_zoom_times_of_day_count_from_the_first_also_past_midnight() -> None:
    lines = read("zoom.txt", "[原] 23:59:50\n始めます。\n[森] 00:00:10\nはい。\n").lines
    assert [line.at for line in lines] == [0.0, 20.0]


def test_an_assembly_record_keeps_names_and_offices_apart() -> None:
    whole = _file("assembly.txt")
    assert (_line(whole, "起立全員").speaker, _line(whole, "起立全員").role) == ("山田太郎", "議長")
    assert _line(whole, "28の事業所").speaker == "大塚恵美"
    assert _line(whole, "減収の見込みを伺います").role == "7番"
    assert ("前田 幸子", "3番") in whole.participants
    assert "午後3時12分　散会" in whole.left_out


def test_what_was_written_before_the_meeting_is_not_reported_as_said() -> None:
    for name in ("plain.txt", "word-minutes.txt", "assembly.txt", "broken-plain.txt"):
        whole = _file(name)
        said = "\n".join(line.text for line in whole.transcript.lines)
        for written in ("日時", "配付資料：", "出席者", "議事日程", "大会議室", "司会：中島"):
            assert written not in said, name
    assert ("福田", "施設課長") in _file("word-minutes.txt").participants


def test_an_agenda_with_names_but_no_speech_is_refused_in_words() -> None:
    with pytest.raises(BadInput, match="発言がありません") as caught:
        _file("head-only.txt")
    assert "会議が終わった後" in caught.value.remedy


def test_headings_of_word_minutes_become_the_points_of_the_agenda() -> None:
    segments = _file("word-minutes.txt").transcript.segments
    assert [segment.title for segment in segments] == [
        "開会",
        "整備計画の説明",
        "質疑応答(建物について)",
        "質疑応答(工事と交通について)",
        "今後の予定",
    ]


def test_text_without_speakers_is_read_and_says_so() -> None:
    whole = _file("no-speakers.txt")
    assert {line.speaker for line in whole.transcript.lines} == {""}
    assert any("発言者は空欄" in problem for problem in whole.problems)
    assert whole.left_out == ("広報紙リニューアル打合せ",)


def test_a_broken_cue_keeps_its_words_and_is_named_by_its_line() -> None:
    whole = _file("broken.vtt")
    assert [(line.speaker, line.text) for line in whole.transcript.lines] == [
        ("佐藤 花子", "それでは始めます。"),
        ("田中 一郎", "予約は312件でした。"),
        ("鈴木 美咲", "来庁率は92パーセントです。"),
        ("佐藤 花子", "では、試行は6月末まで延長することとします。お疲れさまでした。"),
        ("高橋 健", "料金は A&B 案の 500円 です"),
        ("伊藤 さくら", "はい。"),
    ]
    assert whole.problems == (
        "8行目：時刻が読めないため、発言だけを読みました。",
        "12行目：時刻が読めないため、発言だけを読みました。",
        "文字のない字幕が1個ありました。",
    )


def test_a_slip_in_a_speakers_line_puts_no_words_into_anothers_mouth() -> None:
    assert _line(_file("broken-teams-docx.txt"), "事故は14件").speaker == "西村 薫"
    assert _line(_file("broken-zoom.txt"), "仮押さえ").speaker == "原 拓也"
    assert _line(_file("broken.srt"), "来年9月").speaker == "木村"
    for name in ("broken-teams-docx.txt", "broken-zoom.txt", "broken.srt"):
        assert any("時刻が読めない" in problem for problem in _file(name).problems)


def test_a_colon_in_a_speech_does_not_make_a_speaker() -> None:
    whole = _file("broken-plain.txt")
    assert whole.transcript.speakers == ("中島", "平田", "小野")
    assert _line(whole, "10:30からの面談").speaker == "平田"
    assert _line(whole, "注意：個人名").text == "注意：個人名は書かないこと。"
    assert any("氏名だけの行" in problem for problem in whole.problems)


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("a.txt", "  \n", "文字がありません"),
        ("a.vtt", "WEBVTT\n\n佐藤\nはい。\n", "時刻の行"),
        ("a.srt", "佐藤: はい。\n", "時刻の行"),
        ("a.vtt", "WEBVTT\n\n00:01.000 --> 00:02.000\n\n", "発言の文字がありません"),
        ("a.docx", "佐藤 花子   0:03\n\n田中 一郎   0:09\n", "発言の文字がありません"),
        ("a.txt", "\ufffd\ufffd佐\ufffd" * 20, "文字コード"),
        ("a.txt", "{\\rtf1\\ansi はい。}", "リッチテキスト"),
        ("a.htm", "<!DOCTYPE html><p>はい。</p>", "Webページ"),
    ],
)
def test_a_file_that_is_no_transcript_is_refused_with_what_is_wrong_and_what_to_do(
    name: str, content: str, words: str
) -> None:
    with pytest.raises(BadInput, match=words) as caught:
        read(name, content)
    assert name in str(caught.value)
    assert "ください" in caught.value.remedy


def test_a_long_speech_is_cut_between_sentences_and_loses_nothing() -> None:
    speech = "".join(f"第{at}回の調査では、{at * 7}件の回答がありました。" for at in range(1, 80))
    lines = read("a.txt", f"佐藤：{speech}\n田中：はい。\n佐藤：以上です。\n").lines
    assert "".join(line.text for line in lines[:-2]) == speech
    assert all(line.text.endswith("。") for line in lines)
    assert all(len(line.text) <= LONGEST_LINE for line in lines)


def test_captions_without_any_full_stop_are_still_cut_with_nothing_lost() -> None:
    cues = [f"えーと{at}番目の話をしますけれども" for at in range(100)]
    text = "WEBVTT\n\n" + "\n\n".join(
        f"00:{at:02}.000 --> 00:{at + 1:02}.000\n<v 佐藤>{cue}</v>" for at, cue in enumerate(cues)
    )
    lines = read("a.vtt", text).lines
    assert "".join(line.text for line in lines) == "".join(cues)
    assert all(len(line.text) <= LONGEST_LINE for line in lines)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["佐藤", "田中", "鈴木"]),
            st.text(st.sampled_from("あ人。、「」12ＡＢ（）?！ -"), min_size=1, max_size=900),
        ),
        min_size=3,
        max_size=8,
    )
)
def test_no_letter_of_a_speech_is_lost_or_given_to_another(said: list[tuple[str, str]]) -> None:
    text = "WEBVTT\n\n" + "\n\n".join(
        f"0:0:{at}.0 --> 0:0:{at}.9\n<v {who}>。{words}</v>" for at, (who, words) in enumerate(said)
    )
    lines = read("a.vtt", text).lines
    for who in {who for who, _ in said}:
        before = "".join("。" + words for other, words in said if other == who)
        after = "".join(line.text for line in lines if line.speaker == who)
        assert "".join(before.split()) == "".join(after.split())


@settings(max_examples=150, deadline=None)
@given(st.text(max_size=400), st.sampled_from(["a.vtt", "a.srt", "a.txt", "a.docx"]))
def test_any_text_is_read_or_refused_in_words(text: str, name: str) -> None:
    for content in (text, f"WEBVTT\n\n00:01.0 --> 00:02.0\n{text}", f"佐藤：はい。\n{text}"):
        try:
            transcript = read(name, content)
        except BadInput:
            continue
        assert transcript.segments[0].first == 1
        assert transcript.segments[-1].last == len(transcript.lines)


@pytest.mark.parametrize(
    ("label", "name", "role"),
    [
        ("課長 佐藤", "佐藤", "課長"),
        ("佐藤課長", "佐藤", "課長"),
        ("福田施設課長", "福田", "施設課長"),
        ("総務課長", "総務課長", "総務課長"),
        ("総務課長　佐藤　花子", "佐藤 花子", "総務課長"),
        ("佐藤（総務課）", "佐藤", "総務課"),
        ("事務局（上田）", "上田", "事務局"),
        ("○議長（山田太郎君）", "山田太郎", "議長"),
        ("３番（前田幸子君）", "前田幸子", "３番"),
        ("西村 薫", "西村 薫", ""),
        ("市民部長 西村 薫", "西村 薫", "市民部長"),
        ("施設課 主任 内田", "内田", "施設課 主任"),
        ("村上委員", "村上", "委員"),
        ("住民A", "住民A", ""),
        ("Emily Carter", "Emily Carter", ""),
        ("Tom (Guest)", "Tom", "Guest"),
        ("佐藤さん", "佐藤", ""),
    ],
)
def test_a_name_and_a_role_are_told_apart(label: str, name: str, role: str) -> None:
    assert speakers.parse(label) == (name, role)


def test_a_very_long_run_of_spaces_is_read_like_a_short_one() -> None:
    text = f"佐藤：会場は{' ' * 100_000}市民ホールです。\n田中：{' ' * 100_000}はい。\n"
    lines = read("a.txt", text).lines
    assert [line.text.split() for line in lines] == [["会場は", "市民ホールです。"], ["はい。"]]


def test_a_name_above_its_speech_is_its_speaker() -> None:
    text = (
        "打合せ記録\n\n佐藤 花子\n始めます。よろしくお願いします。\n\n総務課長 林 薫\n"
        "予算は3件です。\n2件は新規です。\n\n佐藤 花子\n分かりました。\n"
    )
    whole = read_whole("a.docx", text)
    assert [(line.speaker, line.text) for line in whole.transcript.lines] == [
        ("佐藤 花子", "始めます。よろしくお願いします。"),
        ("林 薫", "予算は3件です。"),
        ("林 薫", "2件は新規です。"),
        ("佐藤 花子", "分かりました。"),
    ]
    assert whole.transcript.title == "打合せ記録"


def test_an_office_alone_is_the_one_person_named_with_it_elsewhere() -> None:
    text = (
        "○議長（山田太郎君）　開会します。\n○市長（木下修君）　答えます。\n"
        "○議長　次の方。\n○市長　重ねて答えます。\n"
    )
    lines = read("a.txt", text).lines
    assert [line.speaker for line in lines] == ["山田太郎", "木下修", "山田太郎", "木下修"]


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("令和8年6月11日(木)", date(2026, 6, 11)),
        ("令和元年5月7日", date(2019, 5, 7)),
        ("R8.6.11", date(2026, 6, 11)),
        ("平成30年 4月 2日", date(2018, 4, 2)),
        ("2026/5/25 10:00", date(2026, 5, 25)),
        ("May 12, 2026, 1:03PM", date(2026, 5, 12)),
        ("6月11日", None),
        ("令和8年度", None),
        ("令和8年2月30日", None),
    ],
)
def test_a_day_of_the_head_is_read_and_no_year_is_made_up(text: str, day: date | None) -> None:
    assert read_day(text) == day


def test_the_day_a_person_gives_goes_before_the_day_in_the_file() -> None:
    text = (DATA / "plain.txt").read_text(encoding="utf-8")
    assert read("plain.txt", text).date == date(2026, 9, 15)
    assert read("plain.txt", text, day=date(2026, 9, 16)).date == date(2026, 9, 16)


def test_the_day_a_file_was_made_is_not_the_day_of_the_meeting() -> None:
    assert _file("teams.vtt").transcript.date is None


def test_a_zoom_file_named_by_universal_time_is_dated_by_the_clock_here() -> None:
    text = (DATA / "zoom.txt").read_text(encoding="utf-8")
    assert read("GMT20260819-220002_Recording.txt", text).date == date(2026, 8, 20)
