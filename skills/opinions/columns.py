"""Which column of a table holds the opinions, guessed from its heading and from its cells.

A guess comes with its confidence and the other columns it may have been: a person confirms it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from bot import BadInput, Sheet
from skills.opinions.model import Columns
from skills.opinions.reading import Table, as_table

SURE = 0.65
MOST_ATTRIBUTES = 12
_SAMPLE = 500
_PLAUSIBLE = 0.25

_TEXT = re.compile(
    r"意見|コメント|自由記述|自由回答|自由記入|感想|要望|提案|お聞かせ|ご記入|本文|投稿|opinion|comment",
    re.IGNORECASE,
)
_MAYBE_TEXT = re.compile(r"内容|理由|記述|その他|回答|備考|詳細|質問|text|body", re.IGNORECASE)
_NO_TEXT = re.compile(
    r"件名|題名|タイトル|市の考え|考え方|対応|担当|ステータス|氏名|番号|日時|日付|種別|区分|方法|人数|件数"
)
_ID = re.compile(
    r"(?:受付|整理|管理|回答|レコード|通し|意見|投稿)?(?:番号|No\.?|№|ID)$|^#$|^id$", re.IGNORECASE
)
_DATE = re.compile(
    r"日時|日付|タイムスタンプ|(?:受付|提出|回答|投稿|受理)日|timestamp|date", re.IGNORECASE
)
_SECTION = re.compile(
    r"該当|箇所|対象(?:の)?(?:章|項目|ページ)|^(?:章|条|項目|ページ|頁|施策|分野|テーマ)(?:名|番号)?$"
)
_PERSONAL = re.compile(
    r"氏名|お?名前|フリガナ|ふりがな|住所|電話|TEL|FAX|メール|mail|連絡先|郵便|生年月日|更新者|作成者"
    r"|IPアドレス|会社名|勤務先",
    re.IGNORECASE,
)
_ATTRIBUTE = re.compile(
    r"年代|年齢|性別|職業|居住|お住まい|住まい|地区|校区|学年|立場|属性|世帯|在住|ご?職種|家族|所属|提出方法"
)
_DATE_CELL = re.compile(r"(?:\d{4}|令和|R)\s?\d{0,2}\s?[-/年.]\s?\d{1,2}\s?[-/月.]\s?\d{1,2}")
_HIRAGANA = re.compile(r"[ぁ-ん]")


@dataclass(frozen=True, slots=True)
class Guess:
    """What the columns of a table are. `confidence` in 0..1 is that of the text column.

    `alternatives` are other columns that may hold the text, best first.
    """

    table: Table
    columns: Columns
    confidence: float
    alternatives: tuple[str, ...] = ()

    @property
    def is_sure(self) -> bool:
        return self.confidence >= SURE


def look(sheets: Sequence[Sheet]) -> list[Guess]:
    """Every sheet that may hold opinions, the likeliest first.

    Raises BadInput when none does: the person names the column.
    """
    tables = [as_table(sheet) for sheet in sheets]
    found = [guess for table in tables if (guess := _guess(table)) is not None]
    if not found:
        if not any(table.rows for table in tables):
            raise BadInput(
                "only a heading",
                remedy="見出しだけで、意見の行がありません。ファイルを確認してください。",
            )
        names = "、".join(name for table in tables for name in table.names[:20])
        raise BadInput(
            "no text column", remedy=f"意見の列が分かりません。列を指定してください。列：{names}"
        )
    return sorted(found, key=lambda guess: -_volume(guess))


def choose(sheets: Sequence[Sheet], *, sheet: str = "", text_column: str = "") -> Guess:
    """The sheet and columns to read, as far as a person has named them.

    Raises BadInput when there is no such sheet or column, or nothing looks like opinions.
    """
    if sheet:
        names = "、".join(item.name for item in sheets)
        sheets = [item for item in sheets if item.name == sheet]
        if not sheets:
            raise BadInput(
                "no such sheet", remedy=f"シート「{sheet}」はありません。シート：{names}"
            )
    if not text_column:
        return look(sheets)[0]
    tables = sorted((as_table(item) for item in sheets), key=lambda table: -len(table.rows))
    fitting = [table for table in tables if text_column in table.names] or tables
    return with_text(fitting[0], text_column)


def with_text(table: Table, text_column: str) -> Guess:
    """The other columns, when the one with the text is known. Raises BadInput."""
    name = table.names[table.place(text_column)]
    return Guess(table, _roles(table, name), 1.0)


def _volume(guess: Guess) -> float:
    """How much of an opinion sheet it is: text in quantity, and a heading that says so."""
    text = guess.table.column(guess.columns.text)
    return guess.confidence * sum(min(len(cell), 200) for cell in text)


def _guess(table: Table) -> Guess | None:
    fits = sorted(
        ((_text_fit(name, cells), at, name) for at, (name, cells) in enumerate(_columns(table))),
        key=lambda item: (-item[0], item[1]),
    )
    plausible = [(fit, name) for fit, _, name in fits if fit >= _PLAUSIBLE]
    if not plausible:
        return None
    best, name = plausible[0]
    second = fits[1][0] if len(fits) > 1 else 0.0
    others = tuple(other for fit, other in plausible[1:4])
    return Guess(table, _roles(table, name), round(best / (best + second), 3), others)


def _columns(table: Table) -> list[tuple[str, list[str]]]:
    step = max(1, len(table.rows) // _SAMPLE)
    sample = [cells for _, cells in table.rows[::step]]
    return [(name, [row[at] for row in sample]) for at, name in enumerate(table.names)]


def _text_fit(name: str, cells: Sequence[str]) -> float:
    """0..1: half what the heading says, half how much the cells read like sentences."""
    written = [cell for cell in cells if cell]
    if not written or _PERSONAL.search(name):
        return 0.0
    reading = sum(len(cell) >= 8 and bool(_HIRAGANA.search(cell)) for cell in written)
    sentences = reading / len(written) * min(1.0, 2 * len(set(written)) / len(written))
    length = min(1.0, sum(map(len, written)) / len(written) / 40)
    content = sentences * (0.5 + 0.5 * length) * (0.3 + 0.7 * len(written) / len(cells))
    named = 1.0 if _TEXT.search(name) else 0.4 if _MAYBE_TEXT.search(name) else 0.0
    if _NO_TEXT.search(name) and not re.search(r"自由|お聞かせ|ご記入", name):
        return 0.3 * content
    # A heading alone is not enough: 「ご意見の有無」 has short cells.
    return 0.5 * content + 0.5 * named * min(1.0, content * 3) if named else 0.7 * content


def _roles(table: Table, text: str) -> Columns:
    """What the columns beside the text are."""
    columns = Columns(text)
    attributes: list[str] = []
    personal: list[str] = []
    for name, cells in _columns(table):
        written = [cell for cell in cells if cell]
        if name == text or not written:
            continue
        distinct = len(set(written))
        is_place = re.search(r"居住|お住まい|在住|地区|校区", name)
        if _PERSONAL.search(name) and not (is_place and distinct <= max(20, len(written) // 5)):
            personal.append(name)
        elif not columns.id and _ID.search(name) and distinct >= 0.95 * len(written):
            columns = replace(columns, id=name)
        elif not columns.date and _is_date(name, written):
            columns = replace(columns, date=name)
        elif not columns.section and _SECTION.search(name):
            columns = replace(columns, section=name)
        elif _is_attribute(name, written):
            attributes.append(name)
    return replace(
        columns, attributes=tuple(attributes[:MOST_ATTRIBUTES]), personal=tuple(personal)
    )


def _is_date(name: str, written: Sequence[str]) -> bool:
    return bool(_DATE.search(name)) and 2 * sum(
        bool(_DATE_CELL.search(cell)) for cell in written
    ) >= len(written)


def _is_attribute(name: str, written: Sequence[str]) -> bool:
    """Named like one, or a few short values over and over."""
    if max(map(len, written)) > 40:
        return False
    distinct = len(set(written))
    if _ATTRIBUTE.search(name):
        return True
    is_free = re.search(r"ステータス|担当|対応|考え方|タイトル|件名", name) or _ID.search(name)
    return not is_free and len(written) >= 10 and distinct <= max(2, min(20, len(written) // 4))
