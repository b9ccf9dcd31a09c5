"""The shipped documents in LibreOffice, held against pictures that somebody has looked at."""

from __future__ import annotations

from pathlib import Path

import pytest

from skills.draft import drafting, forms, kinds, marks
from tests.draft import looks
from tests.draft.papers import NOW, TODAY, opened

NAMES = sorted({path.name.partition(".")[0] for path in looks.PICTURES.glob("*.json")})
pytestmark = pytest.mark.skipif(
    looks.OFFICE is None, reason="LibreOffice is not installed: see infra/e2e/install.sh"
)


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> dict[str, looks.Look]:
    folder = tmp_path_factory.mktemp("looks")
    files = looks.samples(folder / "own")
    assert sorted(files) == NAMES
    return looks.looks_of({**files, "moved": moved(folder / "own")}, folder)


def moved(own: Path) -> bytes:
    """A 通知 whose title stands at the left, as a broken template would have it."""
    kind = kinds.load("通知", own)
    draft = drafting.compose(kind, forms.usable(kind, kind.sample, {}), own, TODAY)
    word = opened(drafting.word_file(draft, NOW, is_confirmed=True))
    title = next(paragraph for paragraph in word.paragraphs if paragraph.text.endswith("（通知）"))
    title.style = word.styles["Normal"]
    return marks.packed(word)


@pytest.mark.parametrize("name", NAMES)
def test_a_document_looks_like_its_checked_picture(name: str, found: dict[str, looks.Look]) -> None:
    assert found[name].differs(looks.kept(name)) == []


def test_a_title_at_the_left_would_be_noticed(found: dict[str, looks.Look]) -> None:
    told = found["moved"].differs(looks.kept("通知"))
    assert len(told) == 1
    assert "（通知） stands at" in told[0]


def test_another_document_would_be_noticed(found: dict[str, looks.Look]) -> None:
    told = found["依頼"].differs(looks.kept("起案"))
    assert any("page 1 is" in difference for difference in told)
