"""The map as a picture for the thread. The only file that imports matplotlib."""

from __future__ import annotations

import io
from functools import cache
from typing import Any

import numpy as np

from skills.opinions.dots import (
    ALONE,
    COLOURS,
    PAPER,
    Dots,
    centres,
    colour_numbers,
    place,
    whole_topics,
)
from skills.opinions.model import ISOLATED, ISOLATED_LABEL, Analysis, Topic

WIDTH, HEIGHT, DPI = 1600, 1000, 100
# Share of the width that the map takes; the rest is the list of topics.
MAP_WIDTH = 0.72
MOST_NAMED, MOST_LISTED = 30, 16
CROWD = 1_000
INK, QUIET = "#1e2422", "#5a625f"
NO_POLL = "点の数は届いた意見の数です。賛否の割合や世論を表すものではありません。"


def draw_png(analysis: Analysis) -> bytes:
    """Draw the topics with their counts, 1600 by 1000: the same analysis, the same bytes."""
    # Loading matplotlib takes half a second, which other commands need not wait for.
    import matplotlib_fontja  # noqa: F401 (registers the Japanese font)
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    dots = place(analysis)
    topics = whole_topics(analysis)
    middles = centres(dots, topics)
    colours = colour_numbers(topics, middles)
    figure = Figure(figsize=(WIDTH / DPI, HEIGHT / DPI), dpi=DPI, facecolor=PAPER[0])
    canvas = FigureCanvasAgg(figure)
    axes = figure.add_axes((0.01, 0.04, MAP_WIDTH - 0.01, 0.86))
    axes.set_axis_off()
    _draw_dots(axes, dots, colours)
    _draw_head(figure, analysis)
    _draw_list(figure, analysis, topics, colours)
    _name_topics(axes, canvas, topics[:MOST_NAMED], middles)
    written = io.BytesIO()
    # Without the metadata, which names the version of the library.
    figure.savefig(written, format="png", metadata={"Software": None})
    return written.getvalue()


def _draw_dots(axes: Any, dots: Dots, colours: dict[int, int]) -> None:
    """First what stands alone, then the topics; repeats are lighter."""
    size = float(np.clip(60_000 / max(1, len(dots.claims)), 4, 40))
    palette = np.array([*COLOURS[0], ALONE[0]])
    number = np.array([colours.get(int(top), len(COLOURS[0])) for top in dots.top], dtype=int)
    for repeats, opacity in ((True, 0.35), (False, 0.75)):
        chosen = dots.is_repeat == repeats
        alone = dots.top == ISOLATED
        for which, marker in ((chosen & ~alone, "o"), (chosen & alone, "D")):
            x, y = dots.xy[which, 0], dots.xy[which, 1]
            axes.scatter(
                x, y, s=size, c=palette[number[which]], marker=marker, alpha=opacity, linewidths=0
            )
    xy = dots.xy if len(dots.xy) else np.array([[-1.0, -1.0], [1.0, 1.0]])
    low, high = xy.min(axis=0), xy.max(axis=0)
    axes.set_xlim(low[0] - 0.03, high[0] + 0.03)
    axes.set_ylim(low[1] - 0.03, high[1] + 0.03)


def _draw_head(figure: Any, analysis: Analysis) -> None:
    left = 0.02
    figure.text(left, 0.95, "意見の地図", fontsize=22, color=INK, va="center")
    counts = (
        f"{analysis.source.file}　意見 {len(analysis.opinions):,}件"
        f"（実質 {analysis.voices:,}件）　論点 {analysis.claims:,}件"
    )
    figure.text(left + 0.13, 0.95, _literal(counts), fontsize=13, color=INK, va="center")
    figure.text(left, 0.022, NO_POLL, fontsize=11, color=QUIET, va="center")


def _draw_list(
    figure: Any, analysis: Analysis, topics: list[Topic], colours: dict[int, int]
) -> None:
    """The largest topics in words: a colour alone tells nobody anything."""
    x, y = MAP_WIDTH + 0.015, 0.95
    figure.text(x, y, "話題　実質件数（件数）", fontsize=13, color=INK, va="center")
    rows = [
        (COLOURS[0][colours[topic.id]], "●", topic.label, topic.voices, topic.count)
        for topic in topics[:MOST_LISTED]
    ]
    alone = analysis.members[ISOLATED]
    if alone:
        heard = len({opinion.voice for opinion, _ in alone})
        rows.append((ALONE[0], "◆", ISOLATED_LABEL, heard, len(alone)))
    for colour, mark, label, voices, count in rows:
        y -= 0.047
        figure.text(x, y, mark, fontsize=13, color=colour, va="center")
        figure.text(x + 0.015, y, _literal(label), fontsize=13, color=INK, va="center")
        counts = f"{voices:,}（{count:,}）"
        figure.text(0.985, y, counts, fontsize=13, color=INK, va="center", ha="right")
    if len(topics) > MOST_LISTED:
        rest = topics[MOST_LISTED:]
        text = f"ほか{len(rest)}話題（すべて結果表と地図にあります）"
        figure.text(x, y - 0.047, text, fontsize=12, color=QUIET, va="center")


def _name_topics(
    axes: Any, canvas: Any, topics: list[Topic], middles: dict[int, tuple[float, float]]
) -> None:
    """Names at their topics, the largest first; one that finds no room is left to the list."""
    # Over a crowd a name hides nothing; among a few dots it stands above or below them.
    crowded = sum(topic.count for topic in topics) > CROWD
    shifts = (0.0, 1.0, -1.0, 2.0, -2.0) if crowded else (1.0, -1.0, 0.0, 2.0, -2.0)
    renderer = canvas.get_renderer()
    frame = axes.get_window_extent(renderer)
    taken: list[Any] = []
    for topic in topics:
        if topic.id not in middles:
            continue
        name = axes.text(
            *middles[topic.id],
            _literal(topic.label),
            fontsize=14,
            color=INK,
            ha="center",
            va="center",
            bbox={"boxstyle": "round,pad=0.25", "fc": PAPER[0], "ec": "none", "alpha": 0.82},
        )
        box = name.get_window_extent(renderer).expanded(1.08, 1.5)
        height = box.height
        for shift in shifts:
            moved = box.translated(0, shift * height)
            inside = frame.x0 <= moved.x0 and moved.x1 <= frame.x1
            if inside and not any(moved.overlaps(other) for other in taken):
                middle = axes.transData.inverted().transform(
                    ((moved.x0 + moved.x1) / 2, (moved.y0 + moved.y1) / 2)
                )
                name.set_position(tuple(middle))
                taken.append(moved)
                break
        else:
            name.remove()


def _literal(text: str) -> str:
    """A text in which matplotlib sees no formula and no letter that its font lacks."""
    letters = _letters()
    return "".join(letter if ord(letter) in letters else "□" for letter in text).replace("$", r"\$")


@cache
def _letters() -> frozenset[int]:
    from matplotlib.font_manager import findfont, get_font

    return frozenset(get_font(findfont("IPAexGothic")).get_charmap())
