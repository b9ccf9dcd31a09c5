"""A file in, a folder out, without a chat: what `shomu opinions` runs.

The files are read by the caller, in the child process that every document is read in.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bot import BadInput, Sheet
from skills.opinions.analysis import Options, analyse_table, analyse_vectors
from skills.opinions.clauses import read_clauses
from skills.opinions.columns import Guess, choose, look
from skills.opinions.departments import read_duties, read_past
from skills.opinions.export import EVERYTHING, PLACES, Draw, export
from skills.opinions.model import Analysis
from skills.opinions.report import write_report
from skills.opinions.waves import Comparison, compare

_BLOCK = 1_000


@dataclass(frozen=True, slots=True)
class Order:
    """What was asked for: the file's sheets, and what helps to sort its opinions.

    `past` and `duties` are sheets too, `plan` is the text of the draft plan. `before` are the
    sheets of the file of the wave before, named `before_file`.
    """

    file: str
    sheets: Sequence[Sheet]
    out: Path
    sheet: str = ""
    text_column: str = ""
    past: Sequence[Sheet] = ()
    duties: Sequence[Sheet] = ()
    plan: str = ""
    before_file: str = ""
    before: Sequence[Sheet] = ()


@dataclass(frozen=True, slots=True)
class Outcome:
    """What was made: the analysis, its files, and what a person should look at again.

    `comparison` is None when no earlier file was given.
    """

    analysis: Analysis
    files: dict[str, Path]
    doubts: tuple[str, ...] = field(default=())
    comparison: Comparison | None = None

    def figures(self) -> dict[str, Any]:
        """Counts and paths as JSON values."""
        analysis = self.analysis
        source = analysis.source
        return {
            "file": source.file,
            "sheet": source.sheet,
            "text_column": source.columns.text,
            "input_rows": source.input_rows,
            "output_rows": len(analysis.opinions),
            "error_rows": len(analysis.errors),
            "errors": [
                {"row": error.row, "what": error.what, "remedy": error.remedy}
                for error in analysis.errors
            ],
            "warnings": len(analysis.warnings),
            "claims": analysis.claims,
            "voices": analysis.voices,
            "topics": sum(topic.parent < 0 for topic in analysis.topics),
            "parts": sum(topic.parent >= 0 for topic in analysis.topics),
            "isolated": len(analysis.members[-1]),
            "urgent": len(analysis.urgent),
            "masks": dict(analysis.masks),
            "doubts": list(self.doubts),
            "comparison": asdict(self.comparison) if self.comparison else None,
            "files": {name: str(path) for name, path in self.files.items()},
        }


def triage(order: Order, progress: Callable[[str], None]) -> Outcome:
    """Sort the opinions of a file and write everything about them. Raises BadInput."""
    guess = choose(order.sheets, sheet=order.sheet, text_column=order.text_column)
    plan = read_clauses(order.plan)
    if order.plan and not plan:
        raise BadInput(
            "no clauses",
            remedy="計画案に見出し（「第1章」「施策1」「1-1」など）が見つかりません。"
            "見出しのある docx、md、txt を指定してください。",
        )
    options = Options(
        tuple(read_past(order.past)) if order.past else (),
        read_duties(order.duties) if order.duties else {},
        plan,
    )
    # Before the long work: a wrong file should be told at once.
    earlier = _earlier(order) if order.before_file else None
    analysis = analyse_table(order.file, guess, options, progress)
    comparison = None
    if earlier:
        progress(f"前回のファイル「{order.before_file}」を調べています…")
        comparison = compare(analyse_table(order.before_file, earlier), analysis)
    doubts = _doubts(order, guess)
    if earlier and not earlier.is_sure:
        doubts.append(
            f"前回の「{order.before_file}」では、意見の列を「{earlier.columns.text}」と判断しました。"
        )
    progress("ファイルに書き出しています…")
    files: dict[str, Draw] = {
        **EVERYTHING,
        "report.md": partial(write_report, comparison=comparison),
    }
    return Outcome(analysis, export(analysis, order.out, files=files), tuple(doubts), comparison)


def _earlier(order: Order) -> Guess:
    """Which columns of the earlier file are read: those of the new one, where it has them."""
    try:
        return choose(order.before, text_column=order.text_column)
    except BadInput as error:
        raise BadInput(
            "earlier file",
            remedy=f"前回のファイル「{order.before_file}」：{error.remedy}"
            "--before には、前回の意見のファイル（xlsx、CSV）を指定してください。",
        ) from error


def _doubts(order: Order, guess: Guess) -> list[str]:
    """What the program decided that a person might see differently."""
    doubts = []
    if not guess.is_sure:
        others = "、".join(guess.alternatives)
        doubts.append(
            f"意見の列は「{guess.columns.text}」と判断しました。"
            f"違うときは --text-column で指定してください（ほかの候補：{others}）。"
        )
    if not (order.sheet or order.text_column) and len(look(order.sheets)) > 1:
        doubts.append(
            f"シート「{guess.table.sheet}」を読みました。違うときは --sheet で指定してください。"
        )
    return doubts


def group_file(path: Path, out: Path, progress: Callable[[str], None]) -> Outcome:
    """Group the vectors of a .npy file, float32 (n, d). Raises BadInput."""
    vectors = _load(path)
    progress(f"{len(vectors):,}件のベクトルを話題に分けています…")
    analysis = analyse_vectors(path.name, vectors)
    progress("ファイルに書き出しています…")
    return Outcome(analysis, export(analysis, out, files=PLACES))


def _load(path: Path) -> NDArray[np.float32]:
    """Map the file into memory: it is read where it is needed."""
    try:
        # Never pickles: an array of objects would run code.
        vectors = np.load(path, mmap_mode="r", allow_pickle=False)
    except (ValueError, EOFError, OSError) as error:
        raise BadInput(
            "not an array",
            remedy=f"{path.name} は NumPy の .npy ファイルとして読めません。"
            "numpy.save で float32 の配列を保存してください。",
        ) from error
    if not isinstance(vectors, np.ndarray) or vectors.dtype != np.float32:
        kind = getattr(vectors, "dtype", "npz")
        raise BadInput(
            "not float32",
            remedy=f"{path.name} の型は {kind} です。"
            "astype(numpy.float32) で変えて、.npy に保存し直してください。",
        )
    if vectors.ndim != 2 or not vectors.size:
        raise BadInput(
            "not two axes",
            remedy=f"{path.name} の形は {vectors.shape} です。"
            "（件数, 次元数）の配列にしてください。",
        )
    for start in range(0, len(vectors), _BLOCK):
        sums = vectors[start : start + _BLOCK].sum(axis=1, dtype=np.float64)
        if not np.isfinite(sums).all():
            row = start + int(np.flatnonzero(~np.isfinite(sums))[0])
            raise BadInput(
                "not finite",
                remedy=f"{path.name} の {row + 1} 件目に NaN か無限大があります。"
                "取り除くか、計算し直してください。",
            )
    return vectors
