"""What people write about minutes, and what is only talk."""

from __future__ import annotations

import pytest

from skills.minutes.requests import Request, parse


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("3の根拠", Request("evidence", 3)),
        ("１２番の根拠を見せて", Request("evidence", 12)),
        ("根拠 5", Request("evidence", 5)),
        ("2のもとの発言は？", Request("evidence", 2)),
        ("3を『鍵を借りる。』に直す", Request("change", 3, "text", "鍵を借りる。")),
        ("3は「鍵を借りる。」に変えてください", Request("change", 3, "text", "鍵を借りる。")),
        ("3の担当を『田中』に", Request("change", 3, "owner", "田中")),
        ("3の担当を田中さんにしてください", Request("change", 3, "owner", "田中さん")),
        ("3の期限を来週の金曜日にして", Request("change", 3, "due", "来週の金曜日")),
        ("3の期限は12月10日です", Request("change", 3, "due", "12月10日")),
        ("4を消して", Request("drop", 4)),
        ("4番は不要です", Request("drop", 4)),
        ("対応に『名簿を作る。』を追加して", Request("add", 0, "action", "名簿を作る。")),
        ("論点として「置き場所」を加えて", Request("add", 0, "open", "置き場所")),
        ("場所を『第1会議室』に直す", Request("row", 0, "場所", "第1会議室")),
        ("要約は「短い文。」にして", Request("row", 0, "要約", "短い文。")),
        ("3を直したい", Request("edit", 3)),
        ("AIの表示を外して 理由：様式にない", Request("undisclose", text="様式にない")),
        ("AIの表示を外して", Request("undisclose")),
    ],
)
def test_a_wish_is_understood(words: str, expected: Request) -> None:
    assert parse(words) == expected


@pytest.mark.parametrize(
    ("words", "verb"),
    [
        ("審議会の様式で", "template"),
        ("決定一覧にして", "template"),
        ("Wordで書き出して", "export"),
        ("マークダウンでください", "export"),
        ("変更点を見せて", "changes"),
        ("議事録を見せて", "show"),
    ],
)
def test_a_wish_about_the_whole_is_understood(words: str, verb: str) -> None:
    found = parse(words)
    assert found is not None
    assert found.verb == verb


@pytest.mark.parametrize(
    "words",
    [
        "3時からの会議に出ます",
        "来週また話しましょう",
        "要約して",
        "このスレッドを『簡単に』要約して",
        "11/20から11/25まで要約して",
        "ありがとうございます。10人で行きます。",
        "",
    ],
)
def test_talk_is_no_wish(words: str) -> None:
    assert parse(words) is None
