"""Text with a time at every speech: the layout of Teams' Word transcript, and Zoom's txt files."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from skills.minutes.formats import Parsed, Piece
from skills.minutes.formats.cues import seconds

_TEAMS = re.compile(
    r"(?P<name>[^\s\[(（](?:[^\n。:：]{0,58}?\S)?)[ \t\u00a0\u3000]+"
    r"(?:(?P<h>\d{1,2}):)?(?P<m>\d{1,3}):(?P<s>\d{2})(?:[ \t\u00a0\u3000]{1,9}(?P<text>\S.*))?"
)
_RECORDER = re.compile(
    r"\S.{0,60}?(?: ?が| has)? ?(?:文字起こし|トランスクリプト|レコーディング|started|stopped)"
    r".{0,20}(?:しました|transcription|recording)"
)
_CLOCK = r"(?P<h>\d{1,2}):(?P<m>\d{2}):(?P<s>\d{2})(?:\.\d{1,3})?(?: ?(?P<half>AM|PM|午前|午後))?"
_ZOOM = tuple(
    re.compile(pattern)
    for pattern in (
        rf"\[(?P<name>[^\[\]\n]{{1,60}})\][ \t]*{_CLOCK}(?:[ \t]+(?P<text>.*))?",
        rf"{_CLOCK}[ \t]*(?:From|from|開始|から|差出人)[ \t]+(?P<name>[^:：\n]{{1,60}}?)"
        r"(?:[ \t]+(?:to|To|宛先|に)[ \t]+(?P<to>[^:：\n]{1,60}?))?[ \t]*[:：](?P<text>.*)",
        rf"{_CLOCK}\t[ \t]*(?P<name>[^:：\t\n]{{1,60}}?)[:：]?\t(?P<text>.*)",
        rf"\[{_CLOCK}\][ \t]*(?P<name>[^:：\n]{{1,40}}?)[ \t]*[:：](?P<text>.*)",
        rf"{_CLOCK}[ \t]+(?P<name>[^:：\n\d][^:：\n]{{0,39}}?)[ \t]*[:：](?P<text>.*)",
        rf"(?P<name>[^:：\n\d（(]{{1,40}}?)[ \t]*[（(]{_CLOCK}[)）][ \t]*[:：]?(?P<text>.*)",
    )
)
# A speaker's line with a slip in it: read as a speaker without a time, or the words that follow
# would be put into the mouth of the one before.
_SLIPS = (
    re.compile(
        r"(?P<name>[^\s\[(（](?:[^\n。、:：]{0,38}?\S)?)"
        r"(?:[ \u00a0\u3000]{2,9}|\t)\d{1,3}[:.;]\S{0,8}"
    ),
    re.compile(r"\[(?P<name>[^\[\]\n。、:：\d]{1,40}?)[\]］ \t]{1,3}\d{1,2}[:.;]\S{1,9}"),
    re.compile(r"(?P<name>[^\[\]\n。、:：\d]{1,40}?)\][ \t]*\d{1,2}:\d{2}\S{0,6}"),
)
_EVERYONE = re.compile(r"everyone|all|全員|皆様|みんな|すべての|meeting group|会議グループ", re.I)
_DAY = 24 * 3600


def is_teams(lines: Sequence[str]) -> bool:
    """At least two lines 「氏名   0:03」."""
    return sum(1 for line in lines if _teams(line)) >= 2


def is_zoom(lines: Sequence[str]) -> bool:
    """At least two lines that begin a speech as one of Zoom's files does."""
    return sum(1 for line in lines if _zoom(line)) >= 2


def parse_teams(lines: Sequence[str]) -> Parsed:
    """Take apart what Teams' Word transcript says, paragraph by paragraph."""
    return _parse(lines, _teams, clock=False)


def parse_zoom(lines: Sequence[str]) -> Parsed:
    """Take apart Zoom's captions or chat. Times of day become seconds from the first one.

    A chat message to one person is no part of the meeting: it is left out, and counted.
    """
    return _parse(lines, _zoom, clock=True)


def _parse(
    lines: Sequence[str], match: Callable[[str], re.Match[str] | None], *, clock: bool
) -> Parsed:
    head: list[str] = []
    notes: list[str] = []
    pieces: list[Piece] = []
    slips: list[str] = []
    label, first, private, silent, names = "", 0.0, 0, 0, 0
    at: float | None = None
    spoken, open_to_all = True, True
    for number, line in enumerate(lines, 1):
        found = match(line)
        if found is None:
            if not line.strip():
                continue
            if slip := _slip(line):
                slips.append(f"{number}行目：時刻が読めないため、氏名と発言だけを読みました。")
                silent += not spoken
                label, at, names, spoken, open_to_all = slip, None, names + 1, False, True
            elif not clock and _RECORDER.fullmatch(line.strip()):
                notes.append(line.strip())
            elif not names:
                head.append(line.strip())
            elif open_to_all:
                pieces.append(Piece(line.strip(), label, at))
                spoken = True
            continue
        silent += not spoken
        clocked = _seconds(found)
        first = first if names else (clocked if clock else 0.0)
        at = (clocked - first) % _DAY if clock else clocked
        label, names = found["name"].strip(), names + 1
        to = found.groupdict().get("to")
        open_to_all = to is None or bool(_EVERYONE.search(to))
        private += not open_to_all
        text = (found["text"] or "").strip()
        spoken = bool(text) or not open_to_all
        if text and open_to_all:
            pieces.append(Piece(text, label, at))
    silent += not spoken
    problems = [f"発言のない見出し（氏名と時刻だけの行）が{silent}個ありました。"] * bool(silent)
    problems += [f"個人あてのメッセージ{private}件は、会議の発言ではないため除きました。"] * bool(
        private
    )
    return Parsed(tuple(pieces), tuple(head), tuple(notes), problems=(*slips, *problems))


def _slip(line: str) -> str:
    text = line.strip() if len(line) < 90 else ""
    found = next((found for slip in _SLIPS if (found := slip.fullmatch(text))), None)
    return found["name"].strip() if found else ""


def _teams(line: str) -> re.Match[str] | None:
    # Cheap test first: most lines are speech.
    if ":" not in line[:120] or "-->" in line:
        return None
    found = _TEAMS.fullmatch(line.strip())
    # With speech on the same line the gap must be a wide one, or 「開始は 9:30 です」 is a speaker.
    if found and found["text"] and not re.search(r"[ \u00a0\u3000]{2}|\t", found[0][:90]):
        return None
    return found


def _zoom(line: str) -> re.Match[str] | None:
    if ":" not in line[:90] or "-->" in line:
        return None
    text = line.strip("\ufeff \r\n")
    return next((found for pattern in _ZOOM if (found := pattern.fullmatch(text))), None)


def _seconds(found: re.Match[str]) -> float:
    at = seconds(found["h"], found["m"], found["s"])
    half = found.groupdict().get("half")
    if half in ("PM", "午後") and at < _DAY / 2:
        return at + _DAY / 2
    return at - _DAY / 2 if half in ("AM", "午前") and at >= _DAY / 2 else at
