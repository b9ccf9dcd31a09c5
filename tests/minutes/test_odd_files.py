"""Files as they come from other people's machines: odd encodings, times, names and marks."""

from __future__ import annotations

import pytest

from bot.services.manuals.readers.text import decode
from skills.minutes.readers import read, read_whole


def spoken(name: str, content: str) -> list[tuple[str, str]]:
    return [(line.speaker, line.text) for line in read(name, content).lines]


def test_line_ends_of_every_system_in_one_file_are_read_alike() -> None:
    content = (
        "\ufeffWEBVTT\r\n\r00:00.000 --> 00:02.000\n<v 佐藤 花子>始めます。</v>\r\n\r\n"
        "00:03.000 --> 00:05.000\r<v 田中>はい。\n"
    )
    assert spoken("会議.vtt", content) == [("佐藤 花子", "始めます。"), ("田中", "はい。")]
    typed = "佐藤：一行目です。\u2028田中：二行目です。\x85高橋：三行目です。"
    assert [name for name, _ in spoken("会議.txt", typed)] == ["佐藤", "田中", "高橋"]


@pytest.mark.parametrize("encoding", ["cp932", "euc_jp", "iso2022_jp", "utf-16", "utf-8-sig"])
def test_a_transcript_in_an_older_encoding_is_read_as_it_was_written(encoding: str) -> None:
    content = "佐藤：備蓄の点検は10日までに終えます。\n田中：承知しました。\n"
    assert spoken("会議.txt", decode(content.encode(encoding))) == [
        ("佐藤", "備蓄の点検は10日までに終えます。"),
        ("田中", "承知しました。"),
    ]


def test_times_over_a_day_and_in_wide_digits_are_read() -> None:
    content = (
        "WEBVTT\n\n25:00:01.000 --> 25:00:05.000\n<v 佐藤>二日目です。</v>\n\n"
        "１２３：１０：００．０００ --> １２３：１０：０５．０００\n<v 田中>まだ続きます。</v>\n"
    )
    assert [line.at for line in read("会議.vtt", content).lines] == [90_001.0, 443_400.0]


def test_marks_of_the_printed_record_name_the_speaker_in_every_form() -> None:
    content = (
        "○議長（山田太郎君）　これより会議を開きます。\n"
        "◯福祉部長(佐藤　花子君)　お答えします。\n"
        "〇三番　鈴木一郎君　質問します。\n"
        "◎委員長（田中次郎）　以上です。\n"
    )
    assert [(line.speaker, line.role) for line in read("会議録.txt", content).lines] == [
        ("山田太郎", "議長"),
        ("佐藤 花子", "福祉部長"),
        ("鈴木一郎", "三番"),
        ("田中次郎", "委員長"),
    ]


def test_tags_and_readings_in_a_caption_are_not_said() -> None:
    content = (
        "WEBVTT\n\n00:00.000 --> 00:02.000\n"
        "<v.loud 佐藤><b>予算</b>は<i>三億</i>円です &amp; 案は&lt;甲&gt;です。</v>\n\n"
        "00:02.000 --> 00:03.000\n"
        "<v 田中><c.yellow>色つき</c><00:02.500>の<ruby>漢字<rt>かんじ</rt></ruby>です。</v>\n"
    )
    assert spoken("会議.vtt", content) == [
        ("佐藤", "予算は三億円です & 案は<甲>です。"),
        ("田中", "色つきの漢字です。"),
    ]


def test_a_script_in_a_caption_stays_words() -> None:
    content = "WEBVTT\n\n00:00.000 --> 00:02.000\n<v 佐藤><script>alert(1)</script>始めます。</v>\n"
    assert spoken("会議.vtt", content) == [("佐藤", "<script>alert(1)</script>始めます。")]


def test_cues_without_words_are_counted_and_nothing_else_is_lost() -> None:
    content = (
        "WEBVTT\n\n00:00.000 --> 00:02.000\n\n00:03.000 --> 00:04.000\n<v 佐藤>  </v>\n\n"
        "00:05.000 --> 00:06.000\n<v 佐藤>これだけです。</v>\n"
    )
    found = read_whole("会議.vtt", content)
    assert [line.text for line in found.transcript.lines] == ["これだけです。"]
    assert "文字のない字幕" in found.problems[0]


def test_two_people_in_one_caption_are_two_lines() -> None:
    content = "WEBVTT\n\n00:00.000 --> 00:02.000\n- 始めます。\n- はい。\n"
    assert spoken("会議.vtt", content) == [("", "始めます。"), ("", "はい。")]


def test_a_table_of_names_and_speech_pasted_as_text_is_read() -> None:
    assert spoken("会議.txt", "佐藤\t始めます。\n田中\tはい、お願いします。\n") == [
        ("佐藤", "始めます。"),
        ("田中", "はい、お願いします。"),
    ]


def test_pictures_and_invisible_marks_in_a_name_hide_nobody() -> None:
    content = "佐藤😀：始めます👍。\n田中👨‍👩‍👧：はい。\n高橋\u202e：以上です。\n"
    assert spoken("会議.txt", content) == [
        ("佐藤", "始めます👍。"),
        ("田中", "はい。"),
        ("高橋", "以上です。"),
    ]


def test_an_office_two_posts_and_a_latin_name_leave_the_persons_name() -> None:
    content = (
        "WEBVTT\n\n00:00.000 --> 00:02.000\n"
        "<v 総務部総務課 課長補佐兼庶務係長 佐藤 花子（SATO Hanako）>始めます。</v>\n"
    )
    [line] = read("会議.vtt", content).lines
    assert (line.speaker, line.role) == ("佐藤 花子", "総務部総務課 課長補佐兼庶務係長")


def test_english_names_with_points_and_titles_are_speakers() -> None:
    content = (
        "John Smith: Let's start with the budget.\nMary O'Neil: I'll send the report by Friday.\n"
        "Dr. Lee (Chair): Agreed.\n"
    )
    assert [name for name, _ in spoken("meeting.txt", content)] == [
        "John Smith",
        "Mary O'Neil",
        "Dr. Lee",
    ]
