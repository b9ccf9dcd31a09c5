"""Templates that officers edit: what is shipped, what an office changes, which mistakes."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from bot import BadInput
from bot.app import ROOT
from skills.minutes import templates, workflow
from tests.minutes.office import COUNCIL, kit, own_file

OWN = (
    "meeting: 図書館協議会\nwords: 図書館協議会\nrecords:\n  要点記録:\n    sections: 決定、対応\n"
)


def own(tmp_path: Path, text: str, name: str = "templates/図書館.yaml") -> Path:
    own_file(tmp_path, name, text)
    return tmp_path / "workspaces" / "main" / "minutes"


def test_four_kinds_of_meeting_have_three_forms_each(tmp_path: Path) -> None:
    known = templates.load(tmp_path)
    assert set(known.kinds) == {"庁議", "係内会議", "審議会", "住民説明会"}
    for kind in known.kinds.values():
        assert set(kind.records) == {"全文記録", "要点記録", "決定一覧"}
        assert kind.record in kind.records
        assert {"会議名", "日時", "場所", "出席者"} <= set(kind.head)
        for record in kind.records.values():
            assert all(part in templates.PARTS for part, _ in record.sections)


@pytest.mark.parametrize(
    ("title", "expected"),
    [
        ("第3回ごみ減量等推進審議会", "審議会"),
        ("令和8年度第2回　庁議", "庁議"),
        ("南地区コミュニティセンター整備に関する住民説明会　会議録", "住民説明会"),
        ("子ども・子育て会議 検討会", "審議会"),
        ("窓口サービス係 係内会議", "係内会議"),
        ("GMT20261122-010000_Recording", "係内会議"),
    ],
)
def test_the_title_tells_the_kind_of_meeting(title: str, expected: str, tmp_path: Path) -> None:
    assert templates.load(tmp_path).guess(title).meeting == expected


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("審議会の様式で議事録にして", ("審議会", "")),
        ("決定だけの一覧にして", ("", "決定一覧")),
        ("庁議の全文で", ("庁議", "全文記録")),
        ("議事録にして", ("", "")),
    ],
)
def test_a_kind_and_a_form_can_be_named(
    words: str, expected: tuple[str, str], tmp_path: Path
) -> None:
    assert templates.load(tmp_path).named(words) == expected


def test_an_own_file_adds_a_kind_or_takes_the_place_of_a_shipped_one(tmp_path: Path) -> None:
    known = templates.load(own(tmp_path, OWN))
    assert known.guess("第1回図書館協議会").meeting == "図書館協議会"
    assert known.kinds["図書館協議会"].record == "要点記録"
    known = templates.load(own(tmp_path, OWN.replace("図書館協議会", "庁議"), "templates/a.yml"))
    assert list(known.kinds["庁議"].records) == ["要点記録"]


def test_every_mistake_of_every_file_is_listed_at_once(tmp_path: Path) -> None:
    own(
        tmp_path,
        "meting: 庁議\nnames: 匿名\nrecord: 全文\nrecords:\n  要点記録:\n"
        "    titel: 議事録\n    sections: 決定、対応事項、議題\n",
        "templates/一.yaml",
    )
    own(tmp_path, "meeting: 部会\nrecords: [決定\n", "templates/二.yaml")
    own(tmp_path, "ただの文", "templates/三.yaml")
    folder = own(tmp_path, "meeting: 部会\n", "templates/四.yaml")
    with pytest.raises(BadInput) as caught:
        templates.load(folder)
    for words in (
        "一.yaml：「meting」というキーはありません。「meeting」のことですか。",
        "一.yaml：meeting がありません。",
        "一.yaml：names は 氏名・職名・参加者 のどれかにしてください。",
        "一.yaml：record の「全文」が records にありません。",
        "一.yaml：「要点記録」の「titel」というキーはありません。「title」のことですか。",
        "一.yaml：「要点記録」の sections に「対応事項」は使えません。「対応」のことですか。",
        "二.yaml：3行目のあたりの書き方が違います。",
        "三.yaml：「meeting: 会議の種類」の形で始めてください。",
        "四.yaml：records がありません。",
    ):
        assert words in caught.value.remedy


def test_a_file_that_is_no_text_or_too_large_is_a_mistake_too(tmp_path: Path) -> None:
    folder = own(tmp_path, "# " + "あ" * 40_000, "templates/大.yaml")
    (folder / "templates" / "絵.yaml").write_bytes(b"\xff\xd8\xff\xe0")
    with pytest.raises(BadInput) as caught:
        templates.load(folder)
    assert "大.yaml：大きすぎます" in caught.value.remedy
    assert "絵.yaml：文字が読めません" in caught.value.remedy


async def test_a_person_meets_the_mistakes_instead_of_a_wrong_document(tmp_path: Path) -> None:
    own(tmp_path, "meeting: 審議会\n")
    reply = await kit(tmp_path).say("議事録にして", files=COUNCIL)
    assert reply.status == "failed"
    assert "図書館.yaml：records がありません。" in reply.text


@pytest.mark.parametrize(
    ("meeting", "record", "expected"),
    [("町議", "", "庁議・係内会議"), ("庁議", "議決一覧", "全文記録・要点記録・決定一覧")],
)
def test_a_kind_or_form_that_there_is_not_is_explained(
    meeting: str, record: str, expected: str, tmp_path: Path
) -> None:
    with pytest.raises(BadInput) as caught:
        templates.load(tmp_path).find(meeting, record)
    if meeting == "町議":
        assert all(kind in caught.value.remedy for kind in expected.split("・"))
    else:
        assert expected in caught.value.remedy


def test_the_guide_for_officers_is_true(tmp_path: Path) -> None:
    guide = (ROOT / "skills" / "minutes" / "README.md").read_text(encoding="utf-8")
    examples = re.findall(r"<!-- example: (\S+) -->\n```yaml\n(.*?)^```$", guide, re.S | re.M)
    for name, content in examples:
        folder = own(tmp_path, content, name)
    assert {name for name, _ in examples} == {"templates/図書館協議会.yaml", "flow.yaml"}
    template, record = templates.load(folder).find("図書館協議会")
    assert record == "要点記録"
    assert template.records[record].sections[2] == ("決定", "決定事項")
    rules = workflow.load(folder)
    assert [(step.name, step.by) for step in rules.steps] == [
        ("係長", ()),
        ("課長", ("U0123ABCD",)),
    ]
    assert rules.delete_transcript
    explained = set(re.findall(r"^\| `([a-z_]+)` \|", guide, re.M))
    assert explained == {*templates.KEYS, *workflow.KEYS}
    assert all(part in guide for part in templates.PARTS)
    assert all(f"`{names}`" in guide for names in templates.NAMES)
