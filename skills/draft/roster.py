"""The office's current staff list, from a table in xlsx or csv.

Needed columns: 所属, 職名, 氏名 (部署, 役職, 名前 … are understood). 電話, 内線 and 備考 are used
when they are there; 「旧生涯学習課」 in 備考 says what a section was called before.
openpyxl is imported here as well as in the reader of documents, which skills cannot see.
"""

from __future__ import annotations

import csv
import io
import re
import unicodedata
import zipfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import openpyxl
from openpyxl.utils.exceptions import InvalidFileException

from bot import BadInput

COLUMNS = {
    "所属": ("所属", "部署", "所属名", "組織", "所属課", "所属部署"),
    "部": ("部", "部名", "部局", "部局名"),
    "課": ("課", "課名", "課室", "課室名"),
    "係": ("係", "係名", "担当", "班"),
    "職名": ("職名", "役職", "職", "役職名", "補職"),
    "氏名": ("氏名", "名前", "職員氏名", "職員名"),
    "電話": ("電話", "電話番号", "直通"),
    "内線": ("内線", "内線番号"),
    "備考": ("備考", "異動", "状態", "在籍", "摘要"),
    "旧称": ("旧称", "旧課名", "旧名称", "旧組織名"),
    "姓": ("姓", "名字"),
    "名": ("名",),
}
# A list may keep those who left.
_LEFT = re.compile(r"退職|転出|離職|死亡|(?<!育児)休職")
NEEDED = ("所属", "職名", "氏名")
MOST_ROWS = 20_000
_UNIT = re.compile(r"[^\s]+?(?:委員会|センター|部|局|課|室|係|[班館署所園校]$)(?![長員])")
_FORMER = re.compile(r"旧\s?([一-龥ァ-ヶーぁ-ん]+?(?:部|局|課|室|係|班|館|所|センター))")


@dataclass(frozen=True, slots=True)
class Member:
    """One person: `units` are the names of the person's department, section and team in order."""

    department: str
    title: str
    name: str
    phone: str = ""
    extension: str = ""
    former: str = ""

    @property
    def units(self) -> tuple[str, ...]:
        return split(self.department)

    @property
    def plain(self) -> str:
        """The name without spaces, as it is compared."""
        return squeeze(self.name)

    @property
    def surname(self) -> str:
        """What stands before the space; the whole name when it is written without one."""
        return re.split(r"\s", self.name.strip())[0]

    def is_called(self, name: str) -> bool:
        """Whether a full name or a surname may be this person's."""
        name = squeeze(name)
        if name in (self.plain, self.surname):
            return True
        # 「山田太郎」 without a space: a given name has one to three letters.
        begins = self.surname == self.plain and self.plain.startswith(name)
        return begins and len(name) > 1 and 1 <= len(self.plain) - len(name) <= 3

    def written_like(self, written: str, *, is_surname: bool) -> str:
        """The name spaced as another is written, or the surname alone."""
        if is_surname:
            return self.surname
        gap = re.search(r"\s+", written)
        return (gap[0] if gap else "").join(self.name.split())


@dataclass(frozen=True, slots=True)
class Roster:
    """Who works where now; empty when the office gave none."""

    members: tuple[Member, ...] = ()

    @property
    def units(self) -> frozenset[str]:
        """Every department, section and team there is."""
        return frozenset(unit for member in self.members for unit in member.units)

    def renamed(self) -> dict[str, str]:
        """Former name of a unit → what it is called now."""
        return {
            member.former: member.units[-1]
            for member in self.members
            if member.former and member.units
        }

    def named(self, name: str) -> list[Member]:
        """Everybody of that full name."""
        return [member for member in self.members if member.plain == squeeze(name)]

    def holders(self, unit: str, title: str) -> list[Member]:
        """Who holds a post: `unit` "総務課", `title` "課長"; without a unit only a title held once.

        Heads of one unit are not those of what is below it: 総務部長 is no 総務課長.
        """
        holders = [member for member in self.members if squeeze(member.title) == title]
        if not unit:
            return holders if len(holders) == 1 else []
        return [member for member in holders if member.units and member.units[-1] == unit]

    def of(self, unit: str) -> list[Member]:
        """Everybody of a unit and of what is below it."""
        return [member for member in self.members if unit in member.units]


def split(department: str) -> tuple[str, ...]:
    """「総務部財政課財政係」 → 総務部, 財政課, 財政係; also with spaces between."""
    plain = unicodedata.normalize("NFKC", department)
    found = [unit for part in plain.split() for unit in _UNIT.findall(part)]
    return tuple(found) or ((squeeze(plain),) if plain.strip() else ())


def squeeze(text: str) -> str:
    return "".join(unicodedata.normalize("NFKC", text).split())


def load(name: str, content: bytes) -> Roster:
    """Read a staff list. Raises BadInput with everything that is wrong with it at once."""
    rows = [[_shown(cell) for cell in row] for row in _rows(name, content)]
    at, columns = _header(rows)
    missing = [column for column in NEEDED if column not in columns]
    if "所属" in missing and {"部", "課"} & set(columns):
        missing.remove("所属")
    if "氏名" in missing and {"姓", "名"} <= set(columns):
        missing.remove("氏名")
    if missing:
        seen = "、".join(cell for cell in rows[at] if cell) if rows else "なし"
        raise BadInput(
            "roster columns",
            remedy=f"職員名簿「{name}」に{'、'.join(f'「{column}」' for column in missing)}の列が"
            f"ありません（見出し：{seen}）。1行目の見出しを直してください。",
        )
    members = tuple(_members(rows[at + 1 :], columns))
    if not members:
        raise BadInput("roster empty", remedy=f"職員名簿「{name}」に氏名が一人もありません。")
    return Roster(members)


def _members(rows: Iterable[Sequence[str]], columns: dict[str, int]) -> Iterable[Member]:
    for row in rows:
        values = {name: row[at] if at < len(row) else "" for name, at in columns.items()}
        name = values.get("氏名") or " ".join(
            part for part in (values.get("姓"), values.get("名")) if part
        )
        notes = values.get("備考", "")
        if not name or _LEFT.search(notes):
            continue
        former = _FORMER.search(notes)
        path = (values.get(part, "") for part in ("部", "課", "係"))
        yield Member(
            department=values.get("所属") or "".join(path),
            title=values["職名"],
            name=name,
            phone=values.get("電話", ""),
            extension=values.get("内線", ""),
            former=former[1] if former else values.get("旧称", ""),
        )


def _header(rows: Sequence[Sequence[str]]) -> tuple[int, dict[str, int]]:
    """The row among the first ten that names most columns, and where each stands."""
    best: tuple[int, dict[str, int]] = (0, {})
    for at, row in enumerate(rows[:10]):
        columns: dict[str, int] = {}
        for place, cell in enumerate(row):
            title = squeeze(cell)
            known = next((name for name, words in COLUMNS.items() if title in words), "")
            if known:
                columns.setdefault(known, place)
        if len(columns) > len(best[1]):
            best = (at, columns)
    return best


def _rows(name: str, content: bytes) -> list[Sequence[object]]:
    if not content.strip():
        raise BadInput("roster", remedy=f"職員名簿「{name}」の中身が空です。")
    if name.lower().endswith((".csv", ".tsv", ".txt")):
        return _csv_rows(name, content)
    if not name.lower().endswith(".xlsx"):
        raise BadInput("roster", remedy=f"職員名簿「{name}」は xlsx か csv で保存してください。")
    try:
        book = openpyxl.load_workbook(io.BytesIO(content), read_only=True, data_only=True)
        rows = [row for row, _ in zip(book.worksheets[0].values, range(MOST_ROWS), strict=False)]
        book.close()
    except (zipfile.BadZipFile, KeyError, ValueError, TypeError, IndexError,
            InvalidFileException) as error:  # fmt: skip
        raise BadInput(
            "roster",
            remedy=f"職員名簿「{name}」を開けません。壊れているか、パスワードが付いています。"
            "Excel で開き、パスワードなしの xlsx で保存し直してください。",
        ) from error
    return list(rows)


def _csv_rows(name: str, content: bytes) -> list[Sequence[object]]:
    for encoding in ("utf-8-sig", "cp932"):
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        delimiter = "\t" if name.lower().endswith(".tsv") else ","
        return [*csv.reader(io.StringIO(text), delimiter=delimiter)][:MOST_ROWS]
    raise BadInput(
        "roster", remedy=f"職員名簿「{name}」の文字コードが分かりません。UTF-8 で保存してください。"
    )


def _shown(cell: object) -> str:
    if isinstance(cell, float) and cell.is_integer():
        cell = int(cell)
    return "" if cell is None else str(cell).strip()
