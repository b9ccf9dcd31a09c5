"""The heavy part, run in another process by `Context.compute`: bytes in, bytes and counts out.

An analysis travels packed, so that the bot itself never holds tens of thousands of opinions.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bot import BadInput, Sheet
from skills.opinions import crosstabs, editing, edits, publishing, waves
from skills.opinions.analysis import Options, analyse_table, distinct, excerpt, regroup
from skills.opinions.clauses import read_clauses
from skills.opinions.columns import Guess, choose, look
from skills.opinions.departments import read_duties, read_past
from skills.opinions.edits import Applied, Edit
from skills.opinions.map import draw_html
from skills.opinions.model import ISOLATED, UNDECIDED, Analysis
from skills.opinions.overview import Overview, Told, survey
from skills.opinions.picture import draw_png
from skills.opinions.report import write_report
from skills.opinions.table import draw_table

# Originals on a page, and how much of a long one is shown; the whole stands in the files.
PAGE, SHOWN = 10, 300
# So many originals of a topic are shown to a model.
READ = 12
MOST_COLUMNS = 30
MAP, PICTURE, TABLE, REPORT = "map.html", "map.png", "結果表.xlsx", "report.md"
PUBLIC_MAP, PUBLIC_PICTURE = "公開用の地図.html", "公開用の地図.png"
EditList = Sequence[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Choice:
    """What a person has said about the file; "" is left to the program, NONE is no column."""

    sheet: str = ""
    text: str = ""
    section: str = ""
    attributes: str = ""


NONE = "なし"


@dataclass(frozen=True, slots=True)
class Columns:
    """What the file has, and what the program takes for the opinions."""

    sheet: str
    sheets: tuple[str, ...]
    names: tuple[str, ...]
    text: str
    section: str
    attributes: tuple[str, ...]
    alternatives: tuple[str, ...]
    is_sure: bool


@dataclass(frozen=True, slots=True)
class Beside:
    """What stands beside the opinions: a plan's text, past assignments, the table of duties."""

    plan: str = ""
    past: tuple[Sheet, ...] = ()
    duties: tuple[Sheet, ...] = ()
    learnt: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Members:
    """One page of a topic's originals, and what is known of the topic as a whole."""

    rows: tuple[Told, ...]
    total: int
    stances: tuple[tuple[str, int], ...]
    departments: tuple[str, ...]


def guess(sheets: Sequence[Sheet], choice: Choice) -> Columns:
    """Say which columns would be read. Raises BadInput."""
    found = _guess(sheets, choice)
    others = [sheet.name for sheet in sheets if sheet.rows]
    is_sure = found.is_sure and (len(look(sheets)) == 1 if not choice.sheet else True)
    return Columns(
        found.table.sheet,
        tuple(others),
        found.table.names[:MOST_COLUMNS],
        found.columns.text,
        found.columns.section,
        found.columns.attributes,
        found.alternatives,
        is_sure or bool(choice.text),
    )


def _guess(sheets: Sequence[Sheet], choice: Choice) -> Guess:
    found = choose(sheets, sheet=choice.sheet, text_column=choice.text)
    columns = found.columns
    if choice.section:
        columns = replace(columns, section="" if choice.section == NONE else choice.section)
    if choice.attributes:
        named = () if choice.attributes == NONE else _names(choice.attributes)
        columns = replace(columns, attributes=named)
    for name in (columns.section, *columns.attributes):
        if name:
            found.table.place(name)
    return replace(found, columns=columns)


def _names(listed: str) -> tuple[str, ...]:
    parts = listed.replace("，", "、").replace(",", "、").split("、")
    return tuple(dict.fromkeys(name.strip() for name in parts if name.strip()))


def triage(
    file: str, sheets: Sequence[Sheet], choice: Choice, beside: Beside, changes: EditList
) -> tuple[bytes, Overview]:
    """Analyse a file; returns the packed analysis before any edit, and the overview after all."""
    past = (*(read_past(beside.past) if beside.past else ()), *beside.learnt)
    duties = read_duties(beside.duties) if beside.duties else {}
    options = Options(tuple(past), duties, read_clauses(beside.plan) if beside.plan else ())
    analysis = analyse_table(file, _guess(sheets, choice), options)
    return pack(analysis), survey(_apply(analysis, changes))


def texts(packed: bytes) -> list[str]:
    """What is grouped: every distinct claim, without personal data."""
    return distinct(unpack(packed))


def group_again(
    packed: bytes, vectors: NDArray[np.float32], engine: str, changes: EditList
) -> tuple[bytes, Overview]:
    """As `triage`, with topics by vectors of `texts`. Raises BadInput."""
    analysis = regroup(unpack(packed), vectors, engine)
    return pack(analysis), survey(_apply(analysis, changes))


def draw(packed: bytes, changes: EditList) -> dict[str, bytes]:
    """The files of a run, by name."""
    analysis = _open(packed, changes).analysis
    return {
        PICTURE: draw_png(analysis),
        MAP: draw_html(analysis).encode(),
        TABLE: draw_table(analysis),
        REPORT: write_report(analysis).encode(),
    }


def draw_public(packed: bytes, changes: EditList, scope: publishing.Scope) -> dict[str, bytes]:
    """The files that may be shown outside: a map, a picture, and cross-tabs without small cells."""
    analysis = _open(packed, changes).analysis
    public = publishing.clear(analysis, scope)
    files = {
        PUBLIC_MAP: draw_html(public, is_public=True).encode(),
        PUBLIC_PICTURE: draw_png(public),
    }
    for name in analysis.source.columns.attributes:
        try:
            table = crosstabs.hold_back(crosstabs.cross(analysis, name))
        except BadInput:
            # An attribute with too many values is no table, on paper as little as in public.
            continue
        files[f"公開用の集計_{name}.csv"] = crosstabs.as_csv(table)
    return files


def change(
    packed: bytes, changes: EditList, verb: str, values: dict[str, Any]
) -> tuple[list[dict[str, Any]], Overview]:
    """Make an edit of what a person asked for; returns the new edits and the overview with them."""
    analysis, earlier = unpack(packed), [Edit.from_json(change) for change in changes]
    made = _make(edits.apply(analysis, earlier), verb, values)
    after = edits.apply(analysis, [*earlier, *made])
    return [edit.to_json() for edit in made], survey(after)


def _make(applied: Applied, verb: str, values: dict[str, Any]) -> list[Edit]:
    topic = int(values.get("topic", ISOLATED))
    match verb:
        case "rename":
            return [editing.rename(applied, topic, values["label"])]
        case "names":
            named = values["labels"].items()
            return [editing.rename(applied, number, label) for number, label in named]
        case "merge":
            return editing.merge(applied, topic, values["others"])
        case "split":
            return [editing.split(applied, topic)]
        case "move":
            words = _row_words(applied.analysis, int(values["row"]))
            return [editing.move(applied, words, topic, values.get("label", ""))]
        case "lock":
            return [editing.lock(applied, topic)]
        case "unlock":
            return [editing.unlock(applied, topic)]
        case "inquire":
            asked = (values["department"], values["due"], values["reminder"])
            return [editing.inquire(applied, topic, *asked)]
        case "answer":
            told = (values["text"], values["handling"], values["changed"])
            return [editing.answer(applied, topic, *told)]
    raise BadInput("edit", remedy="もう一度ボタンを押してください。")


def _row_words(analysis: Analysis, row: int) -> str:
    for opinion in analysis.opinions:
        if opinion.row == row:
            return opinion.main.masked
    raise BadInput(
        "no row", remedy=f"{row}行目の意見はありません。行の番号は表計算ソフトの左端の番号です。"
    )


def look_over(packed: bytes, changes: EditList) -> Overview:
    return survey(_open(packed, changes))


def members(packed: bytes, changes: EditList, topic: int, start: int = 0) -> Members:
    """Originals of a topic, each text once; `topic` may be ISOLATED. Raises BadInput."""
    analysis = _open(packed, changes).analysis
    found = analysis.members.get(topic)
    if found is None:
        raise BadInput("no topic", remedy=editing.GONE)
    distinct: dict[str, list[int]] = {}
    departments: dict[str, float] = {}
    for opinion, claim in found:
        distinct.setdefault(claim.masked, []).append(opinion.row)
        for candidate in claim.departments:
            departments[candidate.name] = departments.get(candidate.name, 0.0) + candidate.score
    rows = [
        Told(places[0], f"ほか{len(places) - 1}件" if len(places) > 1 else "", excerpt(text, SHOWN))
        for text, places in distinct.items()
    ]
    told = {} if topic == ISOLATED else analysis.stances(topic)
    stances = tuple((name or UNDECIDED, count) for name, count in told.items() if count)
    best = sorted(departments, key=lambda name: (-departments[name], name))[:3]
    return Members(tuple(rows[start : start + PAGE]), len(rows), stances, tuple(best))


def samples(packed: bytes, changes: EditList, topics: Sequence[int]) -> dict[int, list[str]]:
    """Some originals of each topic for a model to read, spread over the members, each once."""
    members = _open(packed, changes).analysis.members
    found = {}
    for topic in topics:
        texts = list(dict.fromkeys(claim.masked for _, claim in members.get(topic, ())))
        step = max(1, len(texts) // READ)
        found[topic] = [excerpt(text) for text in texts[::step][:READ]]
    return found


def learn(packed: bytes, changes: EditList, topic: int) -> list[str]:
    """Words of a topic that teach to which department its like belongs."""
    found = _open(packed, changes).analysis.members.get(topic, ())
    said = dict.fromkeys(claim.masked for _, claim in found)
    return [excerpt(text) for text in list(said)[:PAGE]]


def cross(packed: bytes, changes: EditList, attribute: str) -> crosstabs.Crosstab:
    return crosstabs.cross(_open(packed, changes).analysis, attribute)


def compare(
    before: bytes, before_changes: EditList, after: bytes, after_changes: EditList
) -> waves.Comparison:
    earlier = _open(before, before_changes).analysis
    return waves.compare(earlier, _open(after, after_changes).analysis)


def pack(analysis: Analysis) -> bytes:
    return zlib.compress(analysis.dump().encode(), 6)


def unpack(packed: bytes) -> Analysis:
    return Analysis.from_json(json.loads(zlib.decompress(packed)))


def _open(packed: bytes, changes: EditList) -> Applied:
    return _apply(unpack(packed), changes)


def _apply(analysis: Analysis, changes: EditList) -> Applied:
    return edits.apply(analysis, [Edit.from_json(change) for change in changes])
