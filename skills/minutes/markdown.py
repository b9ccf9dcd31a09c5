"""Minutes as Markdown, and an edited copy read back."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from skills.minutes.paper import Paper, Part

_KEY = re.compile(r"<!-- shomu:minutes ([0-9A-Za-z-]{1,64}) (\d{1,4}) -->")
_HEADING = re.compile(r"(#{1,3})\s+(.*)")
_LIST = re.compile(r"(?:\d+\.|[-*])\s+(.*)")
_CELL = re.compile(r"(?<!\\)\|")


def write(paper: Paper) -> str:
    """The document as text. A comment of its first line says which minutes it is."""
    lines = [
        f"<!-- shomu:minutes {paper.key} {paper.version} -->",
        f"# {paper.mark}{paper.title}",
        "",
    ]
    lines += _table(("項目", "内容"), paper.rows)
    for part in paper.parts:
        if part.heading:
            lines += ["", f"{'#' * (part.level + 1)} {part.heading}"]
        lines += ["", *_body(part)] if part.lines or part.rows or part.speech else []
    if paper.notes:
        lines += ["", "---", "", *paper.notes]
    return "\n".join(lines) + "\n"


def _body(part: Part) -> Iterator[str]:
    if part.header:
        yield from _table(part.header, part.rows)
        return
    for position, line in enumerate(part.lines, 1):
        mark = f"{position}. " if part.is_list else ""
        yield mark + _flat(line)
        if not part.is_list:
            yield ""
    for speaker, words, at in part.speech:
        name = f"**{_flat(speaker)}**{f'（{at}）' if at else ''}　" if speaker or at else ""
        yield name + _flat(words)
        yield ""


def _table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    yield _row(header)
    yield "|" + " --- |" * len(header)
    for row in rows:
        yield _row(row)


def _row(cells: Sequence[str]) -> str:
    return "| " + " | ".join(_flat(cell).replace("|", "\\|") for cell in cells) + " |"


def _flat(text: str) -> str:
    return " ".join(text.splitlines())


def key_of(text: str) -> str:
    """Which minutes a text is an edited copy of; empty when it is none of ours."""
    found = _KEY.search(text[:2_000])
    return found[1] if found else ""


def read(text: str) -> Paper:
    """Read an edited copy: rows, headings with their lists and tables."""
    title, rows = "", []
    parts: list[Part] = []
    found: list[str] = []
    table: list[tuple[str, ...]] = []

    def close() -> None:
        nonlocal rows
        header, body = (table[0], tuple(table[1:])) if table else ((), ())
        if parts:
            last = parts.pop()
            parts.append(
                Part(last.name, last.heading, last.level, tuple(found), header=header, rows=body)
            )
        else:
            rows = [(row[0], row[1]) for row in body if len(row) == 2]
        found.clear()
        table.clear()

    for line in text.split("\n---\n")[0].splitlines():
        line = line.strip()
        heading = _HEADING.fullmatch(line)
        if heading and len(heading[1]) == 1:
            title = heading[2]
        elif heading:
            close()
            parts.append(Part("", heading[2].strip(), len(heading[1]) - 1))
        elif line.startswith("|"):
            cells = [cell.strip().replace("\\|", "|") for cell in _CELL.split(line.strip("|"))]
            if not all(re.fullmatch(r":?-{2,}:?", cell) for cell in cells):
                table.append(tuple(cells))
        elif line and not line.startswith("<!--"):
            item = _LIST.fullmatch(line)
            found.append(item[1] if item else line)
    close()
    marked = _KEY.search(text[:2_000])
    key, version = (marked[1], int(marked[2])) if marked else ("", 0)
    return Paper(key, title, "", tuple(rows), tuple(parts), version=version)
