"""Long runs of words that stand in a source which is not the office's own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from skills.draft.checks.document import Document
from skills.draft.checks.finding import Finding

RULE = "copied"
# A title or a common phrase is shorter; a copied sentence is not.
LEAST = 40


def copied(text: str, sources: Mapping[str, str], *, least: int = LEAST) -> list[Finding]:
    """Runs of at least `least` characters that a source holds word for word, in order.

    `sources` are texts by the name people know them by. Spaces, line ends and the width of
    characters do not count. A run that goes over several lines is one finding, at its first line.
    Each place of the text is compared with the sources once: linear in all of them.
    """
    document = Document.read(text)
    letters, places = _letters(document)
    originals = {name: _letters(Document.read(source))[0] for name, source in sources.items()}
    starts: dict[str, tuple[str, int]] = {}
    for name, original in originals.items():
        for at in range(len(original) - least + 1):
            starts.setdefault(original[at : at + least], (name, at))
    return [
        _finding(document, places[start], places[end - 1] + 1, name, end - start)
        for start, end, name in _runs(letters, originals, starts, least)
    ]


def _runs(
    letters: str,
    originals: Mapping[str, str],
    starts: Mapping[str, tuple[str, int]],
    least: int,
) -> Iterator[tuple[int, int, str]]:
    at = 0
    while at <= len(letters) - least:
        found = starts.get(letters[at : at + least])
        if found is None:
            at += 1
            continue
        name, place = found
        original, length = originals[name], least
        while (
            at + length < len(letters)
            and place + length < len(original)
            and letters[at + length] == original[place + length]
        ):
            length += 1
        yield at, at + length, name
        at += length


def _letters(document: Document) -> tuple[str, list[int]]:
    """The text without spaces, and where each letter stands in it."""
    places = [at for at, letter in enumerate(document.plain) if not letter.isspace()]
    return "".join(document.plain[at] for at in places), places


def _finding(document: Document, start: int, end: int, name: str, length: int) -> Finding:
    line = document.line_at(start)
    return Finding(
        line=line.number,
        column=start - line.start + 1,
        rule=RULE,
        text=document.text[start : min(end, line.end)],
        message=f"「{name}」と{length}字が同じです。引用なら出典を示し、"
        "そうでなければ自分の言葉に直してください。（著作権法第32条）",
    )
