"""The map as a file and as a picture: what is in it, and what is not."""

from __future__ import annotations

import base64
import io
import json
import re
import zlib
from dataclasses import replace
from itertools import combinations
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from skills.opinions import dots
from skills.opinions import map as opinion_map
from skills.opinions.map import draw_html
from skills.opinions.model import ISOLATED, Analysis
from skills.opinions.picture import draw_png
from tests.opinions.invented import TEMPLATE, invent

# Linear RGB as people without one kind of cone see it.
# Source: Machado, Oliveira and Fernandes 2009, table 1, severity 1.0.
SIGHTS = {
    "usual": np.eye(3),
    "protanopia": np.array(
        [
            [0.152286, 1.052583, -0.204868],
            [0.114503, 0.786281, 0.099216],
            [-0.003882, -0.048116, 1.051998],
        ]
    ),
    "deuteranopia": np.array(
        [
            [0.367322, 0.860646, -0.227968],
            [0.280085, 0.672501, 0.047413],
            [-0.011820, 0.042940, 0.968881],
        ]
    ),
    "tritanopia": np.array(
        [
            [1.255528, -0.076749, -0.178779],
            [-0.078411, 0.930809, 0.147602],
            [0.004733, 0.691367, 0.303900],
        ]
    ),
}
# Distances in CIELAB: about 2 can just be seen side by side.
LEAST_APART = 15.0


def packed(page: str) -> dict[str, Any]:
    """The data of a page."""
    found = re.search(r'id="packed">([^<]+)<', page)
    assert found
    unpacked: dict[str, Any] = json.loads(zlib.decompress(base64.b64decode(found[1])))
    return unpacked


def test_every_opinion_is_a_dot_with_its_row_and_its_words() -> None:
    analysis = invent(300)
    data = packed(draw_html(analysis))
    assert len(data["dots"]["x"]) == analysis.claims == 300
    texts = [data["texts"][at] for at in data["opinions"]["text"]]
    assert texts == [opinion.masked for opinion in analysis.opinions]
    assert data["opinions"]["row"] == [opinion.row for opinion in analysis.opinions]


def test_what_was_masked_is_not_in_the_file() -> None:
    analysis = invent(30)
    first = replace(
        analysis.opinions[0], text="電話は 03-1234-5678 です。", masked="電話は〔電話〕です。"
    )
    first = replace(first, claims=(replace(first.claims[0], masked=first.masked),))
    page = draw_html(replace(analysis, opinions=(first, *analysis.opinions[1:])))
    whole = json.dumps(packed(page), ensure_ascii=False)
    assert "1234" not in whole + page
    assert "電話は〔電話〕です。" in whole


def test_the_second_claim_of_an_opinion_is_marked_where_it_stands() -> None:
    analysis = invent(30)
    text = "𠮷田橋を直してください。道が暗いです。道が暗いです。"
    first = analysis.opinions[0]
    said = ("𠮷田橋を直してください。", "道が暗いです。", "道が暗いです。")
    claims = tuple(replace(first.claims[0], masked=words) for words in said)
    first = replace(first, text=text, masked=text, claims=claims)
    data = packed(draw_html(replace(analysis, opinions=(first, *analysis.opinions[1:]))))
    # As a browser counts: 𠮷 is two units of UTF-16.
    assert data["dots"]["start"][:3] == [0, 13, 20]
    assert data["dots"]["length"][:3] == [13, 7, 7]


def test_repeated_words_stand_beside_each_other_and_not_on_one_place() -> None:
    analysis = invent(200)
    placed = dots.place(analysis)
    same = [at for at, (_, claim) in enumerate(placed.claims) if claim.masked == TEMPLATE]
    assert len(same) == 10
    assert len({tuple(place) for place in placed.xy[same].tolist()}) == 10
    assert placed.is_repeat[same].tolist() == [False] + [True] * 9


def test_small_topics_and_isolated_opinions_are_listed_not_dropped() -> None:
    analysis = invent(300)
    small = replace(analysis.topics[0], voices=2)
    data = packed(draw_html(replace(analysis, topics=(small, *analysis.topics[1:]))))
    assert data["few"] == [0]
    alone = len(analysis.members[ISOLATED])
    assert alone > 0
    assert data["isolated"]["count"] == alone == data["dots"]["topic"].count(-1)


def test_a_public_map_names_no_row_number_and_no_date() -> None:
    data = packed(draw_html(invent(30), is_public=True))
    assert data["opinions"]["id"] == []
    assert set(data["opinions"]["row"]) == {0}
    assert set(data["opinions"]["date"]) == {""}


def test_the_page_may_load_nothing_and_send_nothing() -> None:
    page = draw_html(invent(30))
    found = re.search(r'http-equiv="Content-Security-Policy" content="([^"]+)"', page)
    assert found
    rules = dict(rule.strip().split(" ", 1) for rule in found[1].split(";"))
    assert rules.pop("default-src") == "'none'"
    assert rules.pop("form-action") == rules.pop("base-uri") == "'none'"
    assert set(rules) == {"style-src", "script-src"}
    for source in rules.values():
        assert re.fullmatch(r"'sha256-[\w+/]{43}='", source)
    assert not re.search(r"https?://|//cdn|@import|url\(", page)


def test_a_hostile_name_of_a_file_stays_text() -> None:
    analysis = invent(30)
    name = "</title><script>alert(1)</script>.csv"
    source = replace(analysis.source, file=name)
    page = draw_html(replace(analysis, source=source), title=name)
    assert "<script>alert" not in page
    assert page.count("<script>") == 1


def test_the_same_analysis_gives_the_same_bytes() -> None:
    assert draw_html(invent(300)) == draw_html(invent(300))
    assert draw_png(invent(300)) == draw_png(invent(300))


def test_counts_say_that_they_are_no_poll_and_that_all_rows_are_there() -> None:
    page = draw_html(invent(300))
    assert "入力 300行 ＝ 意見 300件＋読めなかった行 0行" in page
    assert "世論を表すものではありません" in page


def test_more_dots_than_a_browser_moves_are_thinned_out_and_that_is_said(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(opinion_map, "MOST_DOTS", 100)
    page = draw_html(invent(300))
    assert len(packed(page)["dots"]["x"]) == 100
    assert "100件を等間隔に抜き出して" in page


def test_an_analysis_without_topics_or_opinions_is_drawn() -> None:
    empty = Analysis(replace(invent(30).source, input_rows=0), ())
    assert packed(draw_html(empty))["dots"]["x"] == []
    assert draw_png(empty).startswith(b"\x89PNG")


def test_the_picture_is_large_enough_to_read_in_a_thread() -> None:
    assert Image.open(io.BytesIO(draw_png(invent(300)))).size == (1600, 1000)


def test_letters_the_font_lacks_and_formulas_are_drawn_without_a_warning() -> None:
    analysis = invent(60)
    odd = replace(analysis.topics[0], label="$x^2$ 👨‍👩‍👧\u202e\u0000 _街灯_")
    source = replace(analysis.source, file="意見$\\frac{1}{2}$🙂.xlsx")
    drawn = draw_png(replace(analysis, topics=(odd, *analysis.topics[1:]), source=source))
    assert Image.open(io.BytesIO(drawn)).size == (1600, 1000)


@pytest.mark.parametrize("theme", [0, 1])
def test_no_two_colours_look_alike_to_any_eye(theme: int) -> None:
    for sight, matrix in SIGHTS.items():
        seen = {colour: _lab(matrix @ _linear(colour)) for colour in dots.COLOURS[theme]}
        for first, second in combinations(seen, 2):
            apart = float(np.linalg.norm(seen[first] - seen[second]))
            assert apart >= LEAST_APART, (sight, first, second, apart)


@pytest.mark.parametrize("theme", [0, 1])
def test_every_dot_stands_out_from_the_paper(theme: int) -> None:
    for colour in (*dots.COLOURS[theme], dots.ALONE[theme]):
        # WCAG 2.2, 1.4.11: 3 : 1 for parts of graphics.
        assert _contrast(colour, dots.PAPER[theme]) >= 3, colour


def test_every_text_can_be_read_on_its_ground() -> None:
    style = opinion_map._read("map.css")
    light, dark = (
        dict(re.findall(r"--(\w[\w-]*): (#\w{6})", part))
        for part in style.split("@media (prefers-color-scheme: dark)")
    )
    for colours in (light, dark):
        for ink in ("ink", "quiet", "danger"):
            for ground in ("paper", "sheet", "soft"):
                assert _contrast(colours[ink], colours[ground]) >= 4.5, (ink, ground)
        assert _contrast(colours["accent-ink"], colours["accent"]) >= 4.5
        assert _contrast(colours["ink"], colours["marker"]) >= 4.5


def _linear(colour: str) -> NDArray[np.float64]:
    values = np.array([int(colour[at : at + 2], 16) for at in (1, 3, 5)]) / 255
    return np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4)


def _luminance(colour: str) -> float:
    return float(_linear(colour) @ (0.2126, 0.7152, 0.0722))


def _contrast(first: str, second: str) -> float:
    low, high = sorted((_luminance(first), _luminance(second)))
    return (high + 0.05) / (low + 0.05)


def _lab(linear: NDArray[np.float64]) -> NDArray[np.float64]:
    """CIELAB of linear sRGB, white D65."""
    to_xyz = np.array(
        [
            [0.4124564, 0.3575761, 0.1804375],
            [0.2126729, 0.7151522, 0.0721750],
            [0.0193339, 0.1191920, 0.9503041],
        ]
    )
    xyz = to_xyz @ np.clip(linear, 0, 1) / (0.95047, 1, 1.08883)
    x, y, z = np.where(xyz > 0.008856, np.cbrt(xyz), 7.787 * xyz + 16 / 116)
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])
