"""Small tables of opinions, as offices send them."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path

from bot import Sheet
from skills.opinions.analysis import Options, analyse_table
from skills.opinions.columns import choose
from skills.opinions.model import Analysis

DATA = Path(__file__).parent / "data"
HEADER = ("受付番号", "受付日", "氏名", "年代", "該当箇所", "ご意見")
TEXTS = (
    "中央図書館の開館時間を夜八時まで延ばしてほしいです。",
    "図書館の学習席が足りず、いつも満席です。",
    "コミュニティバスの本数を増やしてください。",
    "バス停が遠く、通院に困っています。",
    "公園の遊具が古く、子どもが遊べません。",
    "ごみの分別が細かすぎて覚えられません。",
)


def sheet(
    texts: Sequence[str] = TEXTS, *, header: Sequence[str] = HEADER, name: str = "意見"
) -> Sheet:
    """A sheet with a heading in its first row and one opinion a row below it."""
    rows = [
        (f"A-{at}", "2026-10-01", "みはらし花子", "60代", "第1章", text)
        for at, text in enumerate(texts, 1)
    ]
    return Sheet(name, (tuple(header), *rows))


def analysed(
    texts: Sequence[str] = TEXTS, *, options: Options | None = None, made: Sheet | None = None
) -> Analysis:
    """The analysis of a few opinions."""
    return analyse_table("意見.xlsx", choose([made or sheet(texts)]), options)


def sentences(name: str) -> list[tuple[str, str]]:
    """(label, sentence) of one half of the hand-written data."""
    lines = (DATA / f"{name}.tsv").read_text("utf-8").splitlines()
    return [(label, text) for label, _, text in (line.partition("\t") for line in lines)]


def pairs(name: str) -> list[tuple[str, str]]:
    """The two columns of a CSV under its heading."""
    with (DATA / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return [(first, second) for first, second in list(csv.reader(file))[1:]]
