"""The head of minutes: title, day, who takes part. Written before the meeting, never said."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from pathlib import PurePath

from skills.minutes.formats import speakers

_ERAS = {"令和": 2018, "R": 2018, "平成": 1988, "H": 1988, "昭和": 1925, "S": 1925}
_WAREKI = re.compile(
    r"(令和|平成|昭和|(?<![A-Za-z])[RHS])\s?(\d{1,2}|元)(?:年\s?|[./])(\d{1,2})(?:月\s?|[./])(\d{1,2})"
)
_DATE = re.compile(r"(?<!\d)(20\d\d|19\d\d)(?:年\s?|[-/.])(\d{1,2})(?:月\s?|[-/.])(\d{1,2})(?!\d)")
_PACKED = re.compile(r"(?<!\d)(20\d\d)(0[1-9]|1[0-2])([0-3]\d)(?!\d)")
_ZOOM_NAME = re.compile(r"GMT(\d{8}-\d{6})")
_MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
_ENGLISH = re.compile(
    r"\b([A-Z][a-z]{2,8})\.? (\d{1,2}),? (20\d\d)\b|\b(\d{1,2}) ([A-Z][a-z]{2,8}) (20\d\d)\b"
)
_NOT_THE_DAY = re.compile(r"作成|更新|次回|締切|期限|発行|印刷|提出|版|created|updated|next", re.I)
_WHEN = re.compile(r"日\s?時|開催日|期\s?日|日付|とき|date|time|when", re.I)
_LABEL = re.compile(
    r"\s*(?:[(]?\d{1,2}(?:[).、]|(?=\s))|[・■●○◆【\[])?\s*"
    r"([^\s:】\]]{1,10}(?:\s[^\s:】\]]{1,4}){0,4}?)\s*(?:[:】\]]|\s|$)\s*(.*)"
)
_PEOPLE = frozenset(
    [
        "出席者",
        "出席",
        "参加者",
        "参加",
        "出席委員",
        "出席議員",
        "出席職員",
        "メンバー",
        "構成員",
        "attendees",
        "participants",
        "present",
    ]
)
_ONE = frozenset(
    [
        "司会",
        "司会者",
        "進行",
        "進行役",
        "議長",
        "座長",
        "会長",
        "委員長",
        "事務局",
        "書記",
        "記録",
        "chair",
        "facilitator",
    ]
)
_SEATS = re.compile(r"(\d{1,2}番)\s+(\S{1,8}\s\S{1,8})")
_BETWEEN = re.compile(r"[、,，・／/;；\t]|\s{2,}|　")
_TITLE_END = re.compile(
    r"(?:会議録|議事録|会議|委員会|審議会|協議会|検討会|説明会|打合せ|打ち合わせ|部会|庁議|ミーティング|定例会|meeting|minutes)",
    re.I,
)
_RECORDING = re.compile(
    r"[-_ ](?:20\d{6}[-_]\d{4,6}).*$"
    r"|[-_ ](?:会議の録音|会議の録画|Meeting Recording|transcript).*$",
    re.I,
)
_FILE_WORDS = re.compile(
    r"^GMT\d.*|(?:transcript|closed_caption|meeting_saved|recording|文字起こし|議事録用)", re.I
)


def find_day(head: Sequence[str], name: str) -> date | None:
    """The day of the meeting as the head states it, else as the file's name does; None if neither.

    A day without a year stays unknown: a year is never made up.
    """
    usable = [plain for line in head if not _NOT_THE_DAY.search(plain := _nfkc(line))]
    for lines in ([line for line in usable if _WHEN.search(line)], usable):
        for line in lines:
            if found := read_day(line):
                return found
    if zoom := _ZOOM_NAME.search(name):
        # Zoom names its files by universal time; an office here is nine hours ahead.
        try:
            return (datetime.strptime(zoom[1], "%Y%m%d-%H%M%S") + timedelta(hours=9)).date()  # noqa: DTZ007 - shifted by hand
        except ValueError:
            return None
    return read_day(_nfkc(PurePath(name).stem))


def read_day(text: str) -> date | None:
    """The first whole date of a text in NFKC: 和暦, 西暦, 20260525 or English."""
    for found in _WAREKI.finditer(text):
        years = 1 if found[2] == "元" else int(found[2])
        if day := _day(_ERAS[found[1]] + years, int(found[3]), int(found[4])):
            return day
    for pattern in (_DATE, _PACKED):
        for found in pattern.finditer(text):
            if day := _day(int(found[1]), int(found[2]), int(found[3])):
                return day
    for found in _ENGLISH.finditer(text):
        month, of_month, year = (
            (found[1], found[2], found[3]) if found[1] else (found[5], found[4], found[6])
        )
        if month[:3].lower() in _MONTHS:
            return _day(int(year), _MONTHS.index(month[:3].lower()) + 1, int(of_month))
    return None


def find_title(head: Sequence[str], name: str) -> str:
    """The first line of the head that reads like a title, else the file's name without its end."""
    for line in head[:6]:
        text = " ".join(_RECORDING.sub("", line).replace("　", " ").split()).lstrip("#■◆● ")
        if field := _field(text):
            if field[0] in ("会議名", "会議", "件名", "名称", "タイトル", "title", "subject"):
                return field[1]
            if speakers.clean(field[0]) in speakers.table("not-speakers.txt"):
                continue
        if not text or len(text) > 80 or text.endswith("。") or text.startswith("::"):
            continue
        if _NOT_THE_DAY.search(text) or (read_day(_nfkc(text)) and not _TITLE_END.search(text)):
            continue
        if _TITLE_END.search(text) or line == head[0]:
            return text
    stem = _RECORDING.sub("", PurePath(name).stem).strip("-_ ")
    return "" if _FILE_WORDS.search(stem) else stem


def find_people(head: Sequence[str]) -> tuple[tuple[str, str], ...]:
    """(name, role) of everybody the head lists as taking part, and of 「司会：佐藤」."""
    found: dict[str, tuple[str, str]] = {}
    leading: list[tuple[str, str]] = []
    listing = False
    for line in head:
        field = _field(line)
        if field and field[0] in _ONE:
            name, _ = speakers.parse(field[1])
            if name:
                leading.append((name, "" if field[0] == "記録" else field[0]))
            continue
        if field and field[0] in _PEOPLE:
            listing, names = True, field[1]
        elif field and speakers.clean(field[0]) in speakers.table("not-speakers.txt"):
            listing = False
            continue
        else:
            names = line
        if listing and (seats := _SEATS.findall(_nfkc(names))):
            for seat, name in seats:
                found.setdefault(speakers.key(name), (" ".join(name.split()), seat))
            continue
        if not listing or not line.strip():
            listing = listing and bool(line.strip())
            continue
        for part in _BETWEEN.split(names):
            name, role = speakers.parse(part)
            if name and len(name) <= 20 and speakers.may_speak(part):
                found.setdefault(speakers.key(name), (name, role))
    for name, role in leading:
        found.setdefault(speakers.key(name), (name, role))
    return tuple(found.values())


def agenda_lines(head: Sequence[str]) -> tuple[str, ...]:
    """The lines of the head under 議題, 次第 and the like, with that word's own line first."""
    found: list[str] = []
    inside = False
    for line in head:
        field = _field(line)
        word = speakers.clean(field[0]) if field else _nfkc(line).strip("■◆●【】[] :")
        bare = re.sub(r"^[\d.()]+\s*", "", word)
        if bare in _AGENDA:
            inside = True
            if field and field[1]:
                found.append(field[1])
        elif inside and (bare.lower() in speakers.table("not-speakers.txt") and bare != "その他"):
            inside = bare in _AGENDA
        elif inside and line.strip():
            found.append(line)
    return tuple(found)


_AGENDA = frozenset(
    [
        "議題",
        "議事",
        "次第",
        "会議次第",
        "議事次第",
        "議事日程",
        "日程",
        "協議事項",
        "報告事項",
        "審議事項",
        "検討事項",
        "案件",
        "アジェンダ",
        "agenda",
        "Agenda",
    ]
)


def _field(line: str) -> tuple[str, str] | None:
    found = _LABEL.fullmatch(_nfkc(line))
    if not found:
        return None
    return re.sub(r"\(\d+[名人]\)$", "", "".join(found[1].split())), found[2].strip()


def _day(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


def _nfkc(text: str) -> str:
    return unicodedata.normalize("NFKC", text)
