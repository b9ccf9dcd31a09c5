"""Names of topics."""

from __future__ import annotations

from skills.opinions.grouping import group_texts
from skills.opinions.labels import LONGEST, UNNAMED, name
from tests.opinions.consultation import opinions

NURSERY = [
    "保育園の待機児童を減らしてください。",
    "保育園の待機児童が多くて働けません。",
    "保育園の待機児童の数を公表してほしい。",
]
PARK = [
    "公園の遊具が壊れています。",
    "公園の遊具を直してほしい。",
    "公園の遊具で子どもがけがをした。",
]


def test_a_topic_has_the_words_its_opinions_use() -> None:
    assert name({(0, -1): NURSERY, (1, -1): PARK}) == {
        (0, -1): "保育園の待機児童",
        (1, -1): "公園の遊具",
    }


def test_opinions_that_share_only_their_field_are_named_after_it() -> None:
    texts = [
        "保育士の給料が低い。",
        "学童を7時まで開けて。",
        "待機児童をなくして。",
        "育休の間も預けたい。",
    ]
    assert name({(0, -1): texts, (1, -1): PARK})[0, -1] == "子育て"


def test_no_two_topics_have_the_same_name() -> None:
    names = name({(0, -1): NURSERY, (1, -1): list(NURSERY), (2, -1): NURSERY[:1]})
    assert len(set(names.values())) == 3


def test_no_two_parts_of_a_topic_have_the_same_name() -> None:
    names = name({(0, -1): NURSERY, (0, 0): NURSERY[:2], (0, 1): NURSERY[1:], (0, 2): NURSERY[:1]})
    parts = [given for (_, second), given in names.items() if second >= 0]
    assert len(set(parts)) == 3


def test_a_number_takes_its_counter_with_it() -> None:
    names = name(
        {(0, -1): ["2050年ゼロカーボンの道筋を。", "2050年ゼロカーボンは遠い。"], (1, -1): PARK}
    )
    assert names[0, -1].startswith("ゼロカーボン")


def test_what_every_consultation_speaks_of_names_no_topic() -> None:
    names = name(
        {
            (0, -1): ["市の計画の猫カフェ。", "市の計画に猫カフェを。", "猫カフェの計画は必要。"],
            (1, -1): PARK,
        }
    )
    assert "計画" not in names[0, -1]
    assert "猫カフェ" in names[0, -1]


def test_texts_without_a_noun_are_named_by_their_first_whole_words() -> None:
    assert (
        name({(0, -1): ["とても楽しかったです。ありがとうございました。"]})[0, -1]
        == "とても楽しかったです。"
    )


def test_texts_without_a_word_have_a_name_too() -> None:
    assert name({(0, -1): ["", ""]})[0, -1] == UNNAMED


def test_names_of_a_whole_consultation_fit_and_stand_in_its_texts() -> None:
    texts = [row.text for row in opinions("dev")]
    grouping = group_texts(texts)
    tops = [given for (_, second), given in grouping.labels.items() if second == -1]
    assert len(set(tops)) == len(tops)
    assert all(0 < len(given) <= LONGEST for given in grouping.labels.values())
    for (topic, second), given in grouping.labels.items():
        if second >= 0:
            of = [t for t, n in zip(texts, grouping.topic, strict=True) if n == topic]
            assert all(any(part in text for text in of) for part in given.split("・")), given
