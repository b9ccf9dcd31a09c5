"""The interactive map: one HTML file that needs nothing else and reaches no network.

Its own canvas script instead of a charting library: plotly's bundle adds 4.8 MB to every map, and
without a graphics card it took 330 ms a frame to pan 30,000 dots where this takes 17 (plotly 6,
scattergl; `tests/bench/opinions_map.py` measures this one). It holds masked texts only.
"""

from __future__ import annotations

import base64
import html
import json
import zlib
from collections import Counter
from collections.abc import Iterable, Mapping
from functools import cache
from hashlib import sha256
from pathlib import Path
from string import Template
from typing import Any

from skills.opinions.dots import (
    ALONE,
    COLOURS,
    PAPER,
    Dots,
    centres,
    colour_numbers,
    minorities,
    place,
)
from skills.opinions.model import (
    ISOLATED,
    ISOLATED_LABEL,
    STANCES,
    UNDECIDED,
    Analysis,
    Topic,
    voices,
)
from skills.opinions.picture import NO_POLL
from skills.opinions.report import FEW_VOICES

_PAGE = Path(__file__).with_name("page")
_SCRIPTS = ("canvas.js", "panel.js", "start.js")
# Beyond that a browser no longer moves smoothly, and the file outgrows what a chat takes.
MOST_DOTS = 100_000
_UNIT = 10_000
HIDDEN = "原文は公開していません。"
NO_TEXT = "文章はありません。"


def draw_html(analysis: Analysis, *, title: str = "意見の地図", is_public: bool = False) -> str:
    """Draw the map of an analysis.

    `is_public` leaves out what leads back to a row: its number, id and date.
    """
    dots = place(analysis, MOST_DOTS)
    data = _data(analysis, dots, is_public)
    written = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    style, script = _read("map.css"), "\n".join(_read(name) for name in _SCRIPTS)
    policy = (
        f"default-src 'none'; base-uri 'none'; form-action 'none'; "
        f"style-src '{_digest(style)}'; script-src '{_digest(script)}'"
    )
    return Template(_read("map.html")).substitute(
        policy=policy,
        title=html.escape(title),
        counts=html.escape(_counts(analysis, dots)),
        notice=NO_POLL,
        style=style,
        script=script,
        packed=base64.b64encode(zlib.compress(written.encode(), 6)).decode(),
    )


def _counts(analysis: Analysis, dots: Dots) -> str:
    source = analysis.source
    text = (
        f"{source.file}：入力 {source.input_rows:,}行 ＝ 意見 {len(analysis.opinions):,}件"
        f"＋読めなかった行 {len(analysis.errors):,}行。実質 {analysis.voices:,}件、"
        f"論点 {analysis.claims:,}件。"
    )
    days = sorted(opinion.date for opinion in analysis.opinions if opinion.date)
    if days:
        text += f"受付 {days[0]} から {days[-1]}。"
    if len(dots.claims) < analysis.claims:
        text += f"点が多いため、{len(dots.claims):,}件を等間隔に抜き出して表示しています。"
    return text


def _data(analysis: Analysis, dots: Dots, is_public: bool) -> dict[str, Any]:
    """Everything the page shows, column by column: half the size of a row each."""
    place_of = {topic.id: at for at, topic in enumerate(analysis.topics)}
    return {
        "isPublic": is_public,
        "hidden": HIDDEN if is_public else NO_TEXT,
        "paper": PAPER,
        "alone": ALONE,
        "colours": COLOURS,
        "stances": [stance or UNDECIDED for stance in STANCES],
        **_topics(analysis, dots, place_of),
        **_opinions(analysis, dots, is_public),
        **_dots(dots, place_of),
    }


class _Values:
    """A column with each value written once: `distinct`, and for every row its place there."""

    def __init__(self, column: Iterable[str]) -> None:
        known: dict[str, int] = {}
        self.places = [known.setdefault(value, len(known)) for value in column]
        self.distinct = list(known)


def _opinions(analysis: Analysis, dots: Dots, is_public: bool) -> dict[str, Any]:
    opinions = list({opinion.id: opinion for opinion, _ in dots.claims}.values())
    texts = _Values(opinion.masked for opinion in opinions)
    voiced = _Values(opinion.voice for opinion in opinions)
    sections = _Values(opinion.section for opinion in opinions)
    attributes = analysis.source.columns.attributes
    columns = [
        _Values(opinion.attributes.get(name, "") for opinion in opinions) for name in attributes
    ]
    repeats = Counter(opinion.voice for opinion in analysis.opinions)
    return {
        "names": attributes,
        "values": [column.distinct for column in columns],
        "sections": sections.distinct,
        "texts": texts.distinct,
        "repeats": [repeats[voice] for voice in voiced.distinct],
        "opinions": {
            "id": [] if is_public else [opinion.id for opinion in opinions],
            "row": [0 if is_public else opinion.row for opinion in opinions],
            "date": ["" if is_public else opinion.date for opinion in opinions],
            "text": texts.places,
            "voice": voiced.places,
            "section": sections.places,
            "attributes": [column.places for column in columns],
        },
    }


def _dots(dots: Dots, place_of: Mapping[int, int]) -> dict[str, Any]:
    number: dict[str, int] = {}
    return {
        "dots": {
            "opinion": [number.setdefault(item.id, len(number)) for item, _ in dots.claims],
            "start": _starts(dots),
            "length": [_utf16(claim.masked) for _, claim in dots.claims],
            "x": [round(float(x) * _UNIT) for x in dots.xy[:, 0]],
            "y": [round(float(y) * _UNIT) for y in dots.xy[:, 1]],
            "topic": [place_of.get(claim.topic, ISOLATED) for _, claim in dots.claims],
            "stance": [STANCES.index(claim.stance) for _, claim in dots.claims],
            "repeat": [int(repeat) for repeat in dots.is_repeat],
        },
    }


def _topics(analysis: Analysis, dots: Dots, place_of: Mapping[int, int]) -> dict[str, Any]:
    """Topics by their place in the list; `order` has the most voices first."""
    ranked = sorted(analysis.topics, key=lambda topic: (-topic.voices, topic.id))
    middles = centres(dots, ranked)
    colours = colour_numbers([topic for topic in ranked if topic.parent < 0], middles)

    def about(topic: Topic) -> dict[str, Any]:
        top = topic
        while top.parent >= 0:
            top = analysis.topic_by_id[top.parent]
        middle = middles.get(topic.id)
        return {
            "label": topic.label,
            "parent": place_of.get(topic.parent, ISOLATED),
            "count": topic.count,
            "voices": topic.voices,
            "excerpt": topic.excerpt,
            "colour": colours[top.id],
            "x": None if middle is None else round(middle[0] * _UNIT),
            "y": None if middle is None else round(middle[1] * _UNIT),
        }

    alone = analysis.members[ISOLATED]
    return {
        "topics": [about(topic) for topic in analysis.topics],
        "order": [place_of[topic.id] for topic in ranked],
        "few": [place_of[topic.id] for topic in minorities(analysis)],
        "fewHint": f"実質{FEW_VOICES}件までの話題と、どの話題にも入らない意見です。"
        "数が少ないことは、重要でないことを意味しません。",
        "isolated": {
            "label": ISOLATED_LABEL,
            "count": len(alone),
            "voices": voices(alone),
            "excerpt": "",
        },
    }


def _starts(dots: Dots) -> list[int]:
    """Where each claim begins in the masked text of its opinion, in UTF-16 as browsers count."""
    starts, last, end = [], "", 0
    for opinion, claim in dots.claims:
        end = end if opinion.id == last else 0
        at = max(0, opinion.masked.find(claim.masked, end))
        starts.append(_utf16(opinion.masked[:at]))
        last, end = opinion.id, at + len(claim.masked)
    return starts


def _utf16(text: str) -> int:
    return len(text) + sum(ord(letter) > 0xFFFF for letter in text)


@cache
def _read(name: str) -> str:
    return (_PAGE / name).read_text(encoding="utf-8")


def _digest(text: str) -> str:
    return f"sha256-{base64.b64encode(sha256(text.encode()).digest()).decode()}"
