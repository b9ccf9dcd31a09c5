"""前年踏襲: last year's document into this year's.

`read` the old document, `find_stale` lists what no longer holds, `apply` writes the new one from
it. What nobody answered stands as 【要記入】: an old value that is left in place is what goes wrong
in a roll-forward.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from bot import BadInput
from skills.draft import comparison as tables
from skills.draft import word
from skills.draft.roster import Roster
from skills.draft.stale import Line, Provision, Stale
from skills.draft.stale import find_stale as find_in_lines
from skills.draft.stale import year_of as year_in_lines

BLANK = "【要記入】"
TEXTS = (".txt", ".md")
# Words that a person may find to hold as they are: they stay, with the mark behind them.
MAY_STAND = ("相対表現", "規程", "リンク")


@dataclass(frozen=True, slots=True)
class Document:
    """An old document: its file, and its lines as they are counted by `Stale.index`."""

    name: str
    content: bytes = field(repr=False)
    lines: tuple[Line, ...]

    @property
    def is_word(self) -> bool:
        return _suffix(self.name) not in TEXTS


def read(name: str, content: bytes) -> Document:
    """Read a docx, txt or md. Raises BadInput for anything else, with what to do."""
    kind = _suffix(name)
    if not content.strip(b"\x00\r\n\t "):
        raise BadInput("empty", remedy=f"「{name}」の中身が空です。ファイルを確認してください。")
    if kind in TEXTS:
        lines = _text_lines(name, content)
    elif kind == ".docx":
        lines = word.lines(name, content)
    else:
        raise BadInput(
            "kind of file",
            remedy=f"「{name}」から新しい文書は作れません。"
            "元になった Word（docx）か、txt、md のファイルを使ってください。",
        )
    if not any(line.text.strip() for line in lines):
        raise BadInput(
            "no text",
            remedy=f"「{name}」に文字がありません。"
            "文章が画像で貼られているときは、文字で入力し直してください。",
        )
    return Document(name, content, lines)


def find_stale(
    document: Document,
    year: int,
    roster: Roster | None = None,
    provisions: Sequence[Provision] = (),
) -> tuple[Stale, ...]:
    """What goes stale when the document is used in the fiscal year `year`, such as 2027.

    Raises BadInput when the year is not later than the document's own.
    """
    return find_in_lines(document.lines, year, roster, provisions)


def apply(document: Document, answers: Mapping[Stale, str]) -> bytes:
    """The new document: each stale thing replaced by its answer, 【要記入】 for an empty one.

    The file stays of its kind: a docx keeps its formatting, a text comes back as UTF-8.
    """
    changes: dict[int, list[word.Change]] = defaultdict(list)
    for stale, answer in answers.items():
        blank = stale.text + BLANK if stale.kind in MAY_STAND else BLANK
        changes[stale.index].append((stale.start, stale.end, answer.strip() or blank))
    if document.is_word:
        return word.changed(document.name, document.content, changes)
    lines = [line.text for line in document.lines]
    for at, parts in changes.items():
        for start, end, text in sorted(parts, reverse=True):
            lines[at] = lines[at][:start] + text + lines[at][end:]
    return "\n".join(lines).encode()


def year_of(document: Document) -> int:
    """The fiscal year a document belongs to; 0 when it names none."""
    return year_in_lines(document.lines)


def suggested(stale: Sequence[Stale]) -> dict[Stale, str]:
    """Every stale thing with its suggestion, empty where only a person can say."""
    return {one: one.suggestion for one in stale}


def comparison(old: Document, new: Document) -> bytes:
    """The two texts side by side as a Word document (新旧対照表)."""
    title = PurePosixPath(old.name).stem
    return tables.as_docx(changes(old, new), title)


def changes(old: Document, new: Document) -> list[tables.Change | None]:
    """The changed lines; None for a run of lines that stayed the same."""
    return tables.compare(_rows(old), _rows(new))


def _rows(document: Document) -> list[str]:
    """Paragraphs as they are, and each row of a table as one line: a cell alone says too little."""
    texts: list[str] = []
    last = ""
    for line in document.lines:
        row = line.place.rpartition("・")[0] if line.row else ""
        if not row:
            texts.append(line.text)
        elif row != last:
            texts.append(tables.CELLS.join(cell.replace("\n", " ") for cell in line.row))
        last = row
    return texts


def _text_lines(name: str, content: bytes) -> tuple[Line, ...]:
    for encoding in ("utf-8-sig", "cp932"):
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        return tuple(
            Line(line, f"{number}行目") for number, line in enumerate(text.splitlines(), 1)
        )
    raise BadInput(
        "encoding",
        remedy=f"「{name}」の文字コードが分かりません。UTF-8 で保存し直してください。",
    )


def _suffix(name: str) -> str:
    return PurePosixPath(name).suffix.lower()
