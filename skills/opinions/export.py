"""Everything an analysis is handed out as: one table of file names and what draws each.

The folder and its files are for its owner only: opinions.jsonl holds the originals.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterator, Mapping
from itertools import chain
from pathlib import Path
from typing import Any

from bot import BOM, safe_cell
from skills.opinions import rows
from skills.opinions.map import draw_html
from skills.opinions.model import VECTORS, Analysis, Opinion
from skills.opinions.picture import draw_png
from skills.opinions.report import write_report
from skills.opinions.table import draw_table

# A long file comes in pieces, so that a million opinions are never one string.
Draw = Callable[[Analysis], str | bytes | Iterator[str]]


def export(analysis: Analysis, folder: Path, *, files: Mapping[str, Draw]) -> dict[str, Path]:
    """Write files into a folder, which is made when it is missing; returns their paths."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    written = {}
    for name, draw in files.items():
        content = draw(analysis)
        path = folder / name
        path.touch(mode=0o600)
        with path.open("wb") as file:
            for piece in [content] if isinstance(content, str | bytes) else content:
                file.write(piece.encode() if isinstance(piece, str) else piece)
        written[name] = path
    return written


def opinion_lines(analysis: Analysis) -> Iterator[str]:
    """opinions.jsonl: one line an opinion, in the order of the file."""
    make = _placed if analysis.engine == VECTORS else _whole
    for opinion in analysis.opinions:
        yield json.dumps(make(analysis, opinion), ensure_ascii=False) + "\n"


def topic_list(analysis: Analysis) -> str:
    """topics.json: topics with their counts, the errors, and how it all adds up."""
    value = {
        "source": {
            "file": analysis.source.file,
            "sheet": analysis.source.sheet,
            "input_rows": analysis.source.input_rows,
        },
        "opinions": len(analysis.opinions),
        "claims": analysis.claims,
        "voices": analysis.voices,
        "isolated": len(analysis.members[-1]),
        "topics": [
            {
                "id": topic.id,
                "parent": topic.parent,
                "label": topic.label,
                "path": analysis.path(topic.id),
                "count": topic.count,
                "voices": topic.voices,
                "representative": topic.representative,
                "excerpt": topic.excerpt,
                "stances": {
                    name or "undecided": n for name, n in analysis.stances(topic.id).items()
                },
            }
            for topic in analysis.topics
        ],
        "errors": [
            {"row": error.row, "what": error.what, "remedy": error.remedy}
            for error in analysis.errors
        ],
    }
    return json.dumps(value, ensure_ascii=False, indent=1) + "\n"


def opinion_csv(analysis: Analysis) -> Iterator[str]:
    """意見一覧 for a spreadsheet: no cell is run as a formula."""
    header = (*rows.LISTED, *analysis.source.columns.attributes)
    yield from _csv(header, rows.listed(analysis))


def table_csv(analysis: Analysis) -> str:
    """結果表 for a spreadsheet."""
    lines = (
        (
            at,
            line.place,
            line.topic,
            line.summary,
            line.count,
            line.voices,
            line.answer or rows.TO_WRITE,
            line.handling,
            line.changed,
        )
        for at, line in enumerate(rows.results(analysis), 1)
    )
    return "".join(_csv(rows.RESULT, lines))


def _csv(header: tuple[str, ...], lines: Iterator[tuple[str | int, ...]]) -> Iterator[str]:
    yield BOM
    for line in chain([header], lines):
        text = io.StringIO(newline="")
        cells = [safe_cell(cell) if isinstance(cell, str) else cell for cell in line]
        csv.writer(text, quoting=csv.QUOTE_ALL).writerow(cells)
        yield text.getvalue()


def _placed(analysis: Analysis, opinion: Opinion) -> dict[str, Any]:
    claim = opinion.claims[0]
    return {
        "id": opinion.id,
        "row": opinion.row,
        "topic": analysis.path(claim.topic),
        "topic_id": claim.topic,
        "x": claim.x,
        "y": claim.y,
    }


def _whole(analysis: Analysis, opinion: Opinion) -> dict[str, Any]:
    main = opinion.main
    return {
        "id": opinion.id,
        "row": opinion.row,
        "text": opinion.text,
        "masked": opinion.masked,
        "duplicate_of": opinion.duplicate_of or None,
        "campaign": opinion.campaign if opinion.campaign >= 0 else None,
        "topic": analysis.path(main.topic),
        "topic_id": main.topic,
        "urgent": opinion.urgent or None,
        "urgency": opinion.urgency,
        "stance": main.stance or None,
        "departments": [
            {"name": found.name, "score": found.score, "reason": found.reason}
            for found in main.departments
        ],
        "unsent": main.unsent or None,
        "section": opinion.section,
        "date": opinion.date,
        "attributes": dict(opinion.attributes),
        "claims": [
            {
                "start": claim.start,
                "end": claim.end,
                "topic": analysis.path(claim.topic),
                "topic_id": claim.topic,
                "stance": claim.stance or None,
                "clause": claim.clause.name if claim.clause else None,
            }
            for claim in opinion.claims
        ],
        "clause": main.clause.name if main.clause else None,
        "x": main.x,
        "y": main.y,
    }


PLACES: Mapping[str, Draw] = {
    "opinions.jsonl": opinion_lines,
    "topics.json": topic_list,
    "map.html": draw_html,
    "map.png": draw_png,
}
EVERYTHING: Mapping[str, Draw] = {
    **PLACES,
    "table.xlsx": draw_table,
    "table.csv": table_csv,
    "opinions.csv": opinion_csv,
    "report.md": write_report,
}
