"""The table of rules, and what an office changes in its own."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from bot import BadInput
from skills.draft.checks import check, load_rules
from skills.draft.checks.rules import KEYS, SHIPPED, endless

README = SHIPPED.with_name("README.md")


def office(folder: Path, text: str) -> Path:
    (folder / "rules.yaml").write_text(text, encoding="utf-8")
    return folder


def ids(text: str, folder: Path) -> list[str]:
    return [finding.rule for finding in check(text, load_rules(folder))]


def test_an_office_switches_a_rule_off(tmp_path: Path) -> None:
    assert ids("手続きを行なう。", tmp_path) == ["okurigana-noun", "okurigana-verb"]
    office(tmp_path, "okurigana-noun: off\n")
    assert ids("手続きを行なう。", tmp_path) == ["okurigana-verb"]


def test_an_office_switches_on_what_is_shipped_switched_off(tmp_path: Path) -> None:
    assert ids("理由は、3つある。", tmp_path) == []
    office(tmp_path, "numeral-tsu: on\n")
    assert ids("理由は、3つある。", tmp_path) == ["numeral-tsu"]


def test_an_office_adds_words_and_exceptions_to_a_shipped_rule(tmp_path: Path) -> None:
    office(
        tmp_path,
        "katakana-spelling:\n  words: {クリーンセンタ: クリーンセンター}\n"
        "conjunction-kana:\n  except: [但し受領した]\n",
    )
    assert ids("クリーンセンタのウィルス対策", tmp_path).count("katakana-spelling") == 2
    assert ids("但し受領した。", tmp_path) == []


def test_an_office_writes_a_rule_of_its_own(tmp_path: Path) -> None:
    office(
        tmp_path,
        "our-names:\n  title: 市の言い方\n  message: 市では「{fix}」と書きます。\n"
        "  words: {市役所本館: 本庁舎}\n",
    )
    (finding,) = check("市役所本館で行う。", load_rules(tmp_path))
    assert (finding.text, finding.fix) == ("市役所本館", "本庁舎")
    assert finding.message == "市では「本庁舎」と書きます。"


def test_an_office_sets_the_longest_sentence(tmp_path: Path) -> None:
    text = f"　{'計画を見直し、' * 8}報告する。"
    assert ids(text, tmp_path) == []
    office(tmp_path, "sentence-length: {limit: 50}\n")
    assert ids(text, tmp_path) == ["sentence-length"]


def test_an_office_allows_a_kind_of_text_what_others_may_not(tmp_path: Path) -> None:
    office(tmp_path, "can-do:\n  unless: [やさしい日本語]\n")
    assert ids("出来る。", tmp_path) == ["can-do"]
    assert ids("やさしい日本語のお知らせ。出来る。", tmp_path) == []


def test_every_mistake_in_the_table_of_an_office_is_told_at_once(tmp_path: Path) -> None:
    office(
        tmp_path,
        """
okurigana-nuon: off
can-do: 5
weekday: {serverity: error}
sentence-length: {limit: 0}
period: {severity: bad}
redundancy: {words: [一]}
our-a: {title: あ}
our-b: {words: {い: ろ}}
our-c: {title: は, check: weekdya}
our-d: {title: に, patterns: [{find: '(あ+)+$'}]}
our-e: {title: ほ, patterns: [{find: '[あ'}]}
our-f: {title: へ, patterns: [{find: 'あ?'}]}
our-g: {title: と, patterns: [{find: あ, fixx: い}]}
our-h: {title: ち, words: {1: 2}}
our-i: {title: り, words: {ぬ: る}, except: を, enabled: 3}
""",
    )
    with pytest.raises(BadInput) as refused:
        load_rules(tmp_path)
    told = refused.value.remedy
    for name, words in {
        "okurigana-nuon": "「okurigana-noun」のことですか",
        "can-do": "off か",
        "weekday": "「severity」のことですか",
        "sentence-length": "limit は1以上",
        "period": "severity は error、warning、note",
        "redundancy": "words は",
        "our-a": "words（誤り: 正しい語）か patterns",
        "our-b": "title（題名）",
        "our-c": "「weekday」のことですか",
        "our-d": "{0,20} のように",
        "our-e": "正規表現として読めません",
        "our-f": "何もない所",
        "our-g": "「fixx」は書けません",
        "our-h": "左右とも文字",
        "our-i": "except は",
    }.items():
        lines = [line for line in told.splitlines() if line.startswith(f"- {name}：")]
        assert any(words in line for line in lines), name
    assert "enabled は true か false" in told


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"a:\n\t- b: c\n", "字下げは空白"),
        ("規則: あ".encode("cp932"), "UTF-8"),
        (b"- a\n- b\n", "「規則の名前: 内容」"),
    ],
)
def test_a_table_that_cannot_be_read_says_how_to_mend_it(
    tmp_path: Path, content: bytes, words: str
) -> None:
    (tmp_path / "rules.yaml").write_bytes(content)
    with pytest.raises(BadInput) as refused:
        load_rules(tmp_path)
    assert words in refused.value.remedy


def test_an_empty_table_changes_nothing(tmp_path: Path) -> None:
    assert load_rules(office(tmp_path, "# まだありません\n")) == load_rules()


def test_no_shipped_pattern_can_take_longer_than_its_line() -> None:
    rules = load_rules()
    assert len(rules) >= 25
    assert [
        p.find.pattern for rule in rules for p in rule.patterns if endless(p.find.pattern)
    ] == []


def test_every_shipped_rule_says_what_to_do() -> None:
    shipped = yaml.safe_load(SHIPPED.read_text(encoding="utf-8"))
    for name, about in shipped.items():
        assert about["title"], name
        assert about["group"], name
        assert about["message"].endswith("。"), name
        assert set(about) <= set(KEYS), name


def test_every_key_is_explained_and_the_example_loads(tmp_path: Path) -> None:
    text = README.read_text(encoding="utf-8")
    explained = {line.split("`")[1] for line in text.splitlines() if line.startswith("| `")}
    assert explained == set(KEYS)
    example = text.partition("```yaml\n")[2].partition("```")[0]
    rules = {rule.id: rule for rule in load_rules(office(tmp_path, example))}
    assert "our-names" in rules
    assert set(rules) < {rule.id for rule in load_rules()} | {"our-names"}
