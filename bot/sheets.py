"""Tables of cells, as they come out of a spreadsheet or CSV, and what may go into one."""

from __future__ import annotations

from dataclasses import dataclass

# Without the mark, spreadsheets in Japan read UTF-8 as Shift_JIS.
BOM = "\ufeff"
# A cell that begins so is run as a formula; the wide forms are turned into narrow ones first.
STARTS_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


@dataclass(frozen=True, slots=True)
class Sheet:
    """One sheet as it is: every row, also the empty ones, of cells as the sheet shows them.

    Row n of the file is `rows[n - 1]`; rows may differ in length. `merges` are
    (top, left, bottom, right), from 0 and inclusive; only the first cell of a merge has text.
    `problems` are (row, column, what is wrong) of cells whose value is not there, from 0.
    """

    name: str
    rows: tuple[tuple[str, ...], ...]
    merges: tuple[tuple[int, int, int, int], ...] = ()
    problems: tuple[tuple[int, int, str], ...] = ()


def safe_cell(text: str) -> str:
    """A text that no spreadsheet takes for a formula: an apostrophe goes before the others."""
    return f"'{text}" if text.startswith(STARTS_FORMULA) else text
