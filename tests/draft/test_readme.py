"""skills/draft/README.md: what it shows an office works, and every key is there."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from bot.app import ROOT
from skills.draft import document, drafting, flow, forms, kinds, wording
from tests.draft.papers import add_kind, drafted, opened, text_of, word
from tests.test_docs import parse, typed_lines

README = ROOT / "skills" / "draft" / "README.md"
TEXT = README.read_text(encoding="utf-8")
EXAMPLES = dict(
    re.findall(r"<!-- example: (\S+) -->\n```[a-z]*\n(.*?)^```$", TEXT, re.MULTILINE | re.DOTALL)
)


def explained(heading: str) -> set[str]:
    """What stands in the first column of the tables under a heading."""
    section = TEXT.partition(f"### {heading}\n")[2].partition("\n#")[0]
    return set(re.findall(r"^\| `([^`]+)`", section, re.MULTILINE))


@pytest.fixture
def own(tmp_path: Path) -> Path:
    """The folder of an office that copied everything."""
    template = word(*EXAMPLES["template"].strip().split("\n"))
    add_kind(tmp_path, "貸出書", EXAMPLES["form.yaml"], template)
    for name in ("office.yaml", "wording.yaml", "flow.yaml"):
        (tmp_path / name).write_text(EXAMPLES[name], encoding="utf-8")
    return tmp_path


def test_every_key_of_a_form_is_explained() -> None:
    keys = {*kinds.KEYS, *kinds.FIELD_KEYS}
    assert explained("form.yaml のキー") == keys


def test_everything_a_template_may_hold_is_explained() -> None:
    names = {name.strip("{}").partition(":")[0] for name in explained("ひな形に書けるもの")}
    assert {*drafting.BUILT_IN, "あれば"} - {"季節"} <= names
    formats = {name.strip("{}").partition(":")[2] for name in explained("ひな形に書けるもの")}
    assert set(drafting.FORMATS) <= formats


def test_the_example_is_a_kind_that_makes_a_document(own: Path) -> None:
    values = {
        "件名": "スクリーンの貸出し",
        "返す日": "2026-12-11",
        "物品": "スクリーン\n延長コード",
    }
    draft = drafted("貸出し", own, values)
    assert draft.text.split("\n") == [
        "【要記入】（貸す日）", "【要記入】（借りる人）　様", "スクリーンの貸出しについて",
        "１　スクリーン", "２　延長コード", "令和8年12月11日までに、窓口へお返しください。",
    ]  # fmt: skip
    assert draft.missing == ("貸す日", "借りる人")


def test_the_other_files_of_the_example_are_read(own: Path) -> None:
    assert forms.office_values(own) == yaml.safe_load(EXAMPLES["office.yaml"])
    assert flow.load(own) == flow.Flow(("担当", "係長", "課長"), different=True)
    words = wording.load(own)
    assert words.seasons["時候"] == {11: "向寒の候、"}
    assert words.pairs["丁寧"] == {"お願いします。": "お願い申し上げます。"}
    assert words.pairs["短く"]


def test_the_commands_are_commands() -> None:
    lines = typed_lines(README)
    assert lines
    for line in lines:
        parse(line, whole=True)


def test_the_shipped_templates_are_those_that_the_script_makes(tmp_path: Path) -> None:
    script = ROOT / "infra" / "draft-kinds" / "build.py"
    subprocess.run([sys.executable, str(script), str(tmp_path)], check=True, timeout=60)
    made = sorted(path.relative_to(tmp_path) for path in tmp_path.rglob("*.docx"))
    shipped = sorted(path.relative_to(kinds.SHIPPED) for path in kinds.SHIPPED.rglob("*.docx"))
    assert made == shipped
    for path in made:
        one, other = (opened((folder / path).read_bytes()) for folder in (tmp_path, kinds.SHIPPED))
        assert document.lines(one) == document.lines(other)
        assert text_of((tmp_path / path).read_bytes())
