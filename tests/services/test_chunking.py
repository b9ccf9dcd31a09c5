"""A document is cut where a reader would cut it, and each piece can be cited."""

from __future__ import annotations

from bot.japanese import sentences
from bot.ports import Passage
from bot.services.manuals.chunking import REMNANT, TARGET, chunk
from bot.services.manuals.headings import recognise
from bot.services.manuals.readers.document import Block, Document, table


def cut(*texts: str | Block, name: str = "手引.txt") -> list[Passage]:
    blocks = tuple(Block(text=text) if isinstance(text, str) else text for text in texts)
    return chunk(Document(name=name, revised="2026-04-01", blocks=blocks), workspace="city")


def headings(passages: list[Passage]) -> list[str]:
    return [passage.heading for passage in passages]


def test_a_rule_is_cut_by_its_articles_with_their_path() -> None:
    passages = cut(
        "第1編　総論",
        "第1章　通則",
        "第1節　目的",
        "（趣旨）",
        "第1条　この規程は、服務について定める。",
        "第２章　服務",
        "（出勤）",
        "第3条の2　職員は、定刻までに出勤する。",
        "2　遅れるときは、届け出る。",
        "(1)　病気のとき",
        "附　則",
        "この規程は、公布の日から施行する。",
        "別表第1（第3条関係）",
        "日当は2,000円とする。",
    )

    assert headings(passages) == [
        "第1編 総論 ＞ 第1章 通則 ＞ 第1節 目的 ＞ 第1条（趣旨）",
        "第1編 総論 ＞ 第２章 服務 ＞ 第3条の2（出勤）",
        "附 則",
        "別表第1（第3条関係）",
    ]
    assert passages[1].text == (
        "職員は、定刻までに出勤する。\n2　遅れるときは、届け出る。\n(1)　病気のとき"
    )


def test_a_caption_belongs_to_the_article_after_it() -> None:
    passages = cut("（目的）", "第1条　甲", "（定義）", "第2条　乙")

    assert [(p.heading, p.text) for p in passages] == [
        ("第1条（目的）", "甲"),
        ("第2条（定義）", "乙"),
    ]


def test_a_caption_beside_the_article_is_kept_once() -> None:
    assert headings(cut("第5条（休暇） 職員は、休暇を取る。")) == ["第5条（休暇）"]


def test_a_bracketed_line_without_an_article_after_it_stays_text() -> None:
    assert cut("（参考）", "これは本文です。")[0].text == "（参考）\nこれは本文です。"


def test_a_sentence_that_names_an_article_is_no_heading() -> None:
    for text in ("第5条の規定により届け出る。", "第9条から第11条まで関係", "別表のとおりとする。"):
        assert recognise(text, in_rule=False) is None


def test_a_notice_is_cut_by_its_numbering() -> None:
    passages = cut(
        "第1　趣旨", "通知の趣旨を述べます。",
        "第2　手続",
        "1　申請", "窓口に出してください。",
        "(1)　持ち物", "印鑑が必要です。",
        "ア　代理人の場合", "委任状も必要です。",
        "(ア)　家族", "続柄の分かるものが必要です。",
        "2　交付", "翌日に交付します。",
    )  # fmt: skip

    assert headings(passages) == [
        "第1 趣旨",
        "第2 手続 ＞ 1 申請",
        "第2 手続 ＞ 1 申請 ＞ (1) 持ち物",
        "第2 手続 ＞ 1 申請 ＞ (1) 持ち物 ＞ ア 代理人の場合",
        "第2 手続 ＞ 1 申請 ＞ (1) 持ち物 ＞ ア 代理人の場合 ＞ (ア) 家族",
        "第2 手続 ＞ 2 交付",
    ]


def test_a_numbered_list_is_not_taken_for_headings() -> None:
    passages = cut("次の順に行います。", "1 開錠", "2 点灯", "3 放送")

    assert [(p.heading, p.text) for p in passages] == [
        ("", "次の順に行います。\n1 開錠\n2 点灯\n3 放送")
    ]


def test_declared_headings_make_the_path_and_the_title_is_not_repeated() -> None:
    passages = cut(
        Block(text="公用車の手引", level=1),
        Block(text="予約", level=2),
        "前日までに予約します。",
        Block(text="変更", level=3),
        "変更は電話でします。",
        Block(text="返却", level=2),
        "鍵を返します。",
        name="公用車の手引.md",
    )

    assert headings(passages) == ["予約", "予約 ＞ 変更", "返却"]


def test_a_heading_with_nothing_under_it_is_still_found() -> None:
    passages = cut(Block(text="まとめ", level=1), Block(text="問い合わせは内線2134", level=1))

    assert [p.text for p in passages] == ["まとめ", "問い合わせは内線2134"]


def test_every_table_row_says_what_its_columns_are() -> None:
    rows = [["品目", "区分", "出し方"]] + [
        [f"品目その{number}", "資源ごみ", "洗ってから透明な袋に入れて出してください"]
        for number in range(20)
    ]
    passages = cut(*table(rows, page="シート「一覧」"))

    lines = [line for passage in passages for line in passage.text.split("\n")]
    assert lines[0] == (
        "品目：品目その0 ／ 区分：資源ごみ ／ 出し方：洗ってから透明な袋に入れて出してください"
    )
    assert len(lines) == 20
    assert len(passages) > 3
    assert {passage.page for passage in passages} == {"シート「一覧」"}


def test_pairs_without_a_header_read_as_pairs() -> None:
    assert (
        cut(*table([["担当者名", "山田"], ["内線", "2134"]]))[0].text
        == "担当者名：山田\n内線：2134"
    )


def test_a_title_over_a_table_is_not_its_header() -> None:
    passages = cut(
        *table([["家電の料金", "", ""], ["品目", "料金", "備考"], ["冷蔵庫", "3,300円", "収集"]])
    )

    assert [p.text for p in passages] == [
        "家電の料金",
        "品目：冷蔵庫 ／ 料金：3,300円 ／ 備考：収集",
    ]


def test_long_text_is_cut_between_sentences_only() -> None:
    text = "".join(f"これは{number}番目の文で、ある程度の長さがあります。" for number in range(80))
    passages = cut(Block(text="説明", level=1), text)

    assert "".join(p.text for p in passages) == text
    assert all(len(p.text) <= TARGET + REMNANT for p in passages)
    assert [s for p in passages for s in sentences(p.text)] == sentences(text)


def test_one_sentence_longer_than_a_passage_loses_nothing() -> None:
    text = "、".join(["長い列挙"] * 400)

    assert "".join(p.text for p in cut(text)) == text


def test_an_unchanged_document_keeps_its_ids_and_an_edit_changes_only_its_own() -> None:
    before = cut("第1条　甲", "第2条　乙", "第3条　丙")
    again = cut("第1条　甲", "第2条　乙", "第3条　丙")
    edited = cut("第1条　甲", "第2条　丁", "第3条　丙")

    assert [p.id for p in before] == [p.id for p in again]
    assert [a.id == b.id for a, b in zip(before, edited, strict=True)] == [True, False, True]


def test_the_same_words_twice_have_two_ids() -> None:
    passages = cut("第1条　削除", "第1条　削除")

    assert len({p.id for p in passages}) == 2


def test_the_same_document_in_two_workspaces_has_two_ids() -> None:
    document = Document(name="a.txt", blocks=(Block(text="甲"),))

    assert chunk(document, workspace="a")[0].id != chunk(document, workspace="b")[0].id


def test_twenty_thousand_hostile_characters_are_cut_at_once() -> None:
    for letters in ("第", "第1", "(1", "（", "「", "1-", "ア ", "附 ", "■", "#", " ", "一"):
        line = (letters * 20_000)[:20_000]
        assert "".join("".join(p.text for p in cut(line)).split()) == "".join(line.split())
