"""A file of a meeting into a transcript: which layout it is, who says what, lines to cite.

The words are kept as the source has them, digits and names too; only spaces around them go. A
line is one speech, or sentences of it up to 400 characters, so that a citation points at little
text. Lines never mix speakers.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Literal

from bot import BadInput
from bot.japanese import sentences
from skills.minutes import agenda as points
from skills.minutes import agenda_items
from skills.minutes.formats import Parsed, Piece, cues, head, speakers, speeches, stamped
from skills.minutes.transcript import Line, Transcript

LONGEST_LINE = 400
Layout = Literal["webvtt", "srt", "teams", "zoom", "typed", "thread"]

_TIMES = re.compile(r"\s*\d{1,3}:\d{1,2}(?::\d{1,2})?[.,]?\d{0,6}\s*-->")
_CUE_LABEL = re.compile(r"(?:[-–>]{1,2}\s?)?([^:：。、！？\n]{1,32}?)\s*[:：]\s*(?=\S)")
_ENDED = tuple("。！？!?」』)）.…")
# Marks without width or that turn the direction of writing: nobody says them.
_INVISIBLE = dict.fromkeys(
    map(ord, "\ufeff\u200b\u200c\u200d\u2060\u00ad\x00\u202a\u202b\u202c\u202d\u202e")
)
_SHOWN_PROBLEMS = 20
_HOW = (
    "Teams・Zoomの文字起こし（.vtt、.docx、.txt）、字幕（.srt）、または"
    "「氏名：発言」の形のテキストを渡してください。"
)


@dataclass(frozen=True, slots=True)
class Read:
    """A transcript and what a person should know about how it was read.

    `participants` are the (name, role) the head lists. `left_out` are the lines that nobody
    said: head, times of opening and closing. `problems` are sentences for the reader.
    """

    transcript: Transcript
    layout: Layout
    participants: tuple[tuple[str, str], ...] = ()
    left_out: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()


def read(name: str, content: str, *, agenda: str = "", day: date | None = None) -> Transcript:
    """Read a file's text (of a .docx its paragraphs). `agenda` is a file's or a message's text.

    Raises BadInput, saying what is wrong and what to do, when nothing said can be found.
    """
    return read_whole(name, content, agenda=agenda, day=day).transcript


def read_whole(name: str, content: str, *, agenda: str = "", day: date | None = None) -> Read:
    """As `read`, with the layout that was found, the people of the head and the problems."""
    text = unicodedata.normalize("NFC", content).translate(_INVISIBLE)
    # Patterns try a run of spaces in many ways; no layout needs a long one.
    text = re.sub(r"[^\S\r\n]{20,}", " " * 20, text)
    _refuse_other_files(name, content, text)
    rows = [line.rstrip() for line in re.split(r"\r\n|[\r\n\u2028\u2029\x85\x0b\x0c]", text)]
    layout = _layout(name, rows)
    parsed = _parse(layout, name, rows)
    if not parsed.pieces:
        raise _nothing_said(name, layout, parsed)
    people = head.find_people(parsed.head)
    who = _Speakers(parsed.pieces, people)
    lines, headings = _lines(parsed, who)
    listed = agenda_items.items(agenda) or agenda_items.items(
        "\n".join(head.agenda_lines(parsed.head))
    )
    transcript = Transcript(
        title=head.find_title(parsed.head, name),
        lines=lines,
        date=day or head.find_day(parsed.head, name),
        speakers=tuple(dict.fromkeys(line.speaker for line in lines if line.speaker)),
        segments=points.segment(lines, listed, headings=headings),
    )
    problems = list(parsed.problems)
    if not transcript.speakers:
        problems.append("話した人の名前がないため、発言者は空欄にしました。")
    return Read(transcript, layout, people, (*parsed.head, *parsed.notes), _short(problems))


def _refuse_other_files(name: str, content: str, text: str) -> None:
    if not text.strip():
        raise BadInput(
            f"{name}：文字がありません。", remedy=f"中身のあるファイルか確認してください。{_HOW}"
        )
    strange = content.count("\ufffd") + content.count("\x00")
    if strange > 10 and strange > len(content) / 100:
        raise BadInput(
            f"{name}：文字が正しく読めません（文字コードが違うようです）。",
            remedy="元のファイルを「UTF-8」のテキストで保存し直して、もう一度渡してください。",
        )
    start = text.lstrip()[:200].lower()
    kinds = {
        "{\\rtf": "リッチテキスト",
        "<!doctype html": "Webページ",
        "<html": "Webページ",
        "%pdf": "PDF",
    }
    for mark, kind in kinds.items():
        if start.startswith(mark):
            raise BadInput(f"{name}：{kind}の形式で、会議の記録として読めません。", remedy=_HOW)


def _layout(name: str, rows: Sequence[str]) -> Layout:
    """The layout, from the text first: a file's name may lie."""
    start = next((row for row in rows if row.strip()), "")
    timed = [row for row in rows if "-->" in row and _TIMES.match(row)]
    if start.startswith("WEBVTT"):
        return "webvtt"
    if timed:
        return "srt" if sum("," in row for row in timed) * 2 > len(timed) else "webvtt"
    if stamped.is_teams(rows):
        return "teams"
    if stamped.is_zoom(rows):
        return "zoom"
    ending = name.lower().rpartition(".")[2]
    return "webvtt" if ending == "vtt" else "srt" if ending == "srt" else "typed"


def _parse(layout: Layout, name: str, rows: Sequence[str]) -> Parsed:
    if layout in ("webvtt", "srt"):
        if not any("->" in row or "→" in row for row in rows):
            kind = "WebVTT" if layout == "webvtt" else "SRT"
            raise BadInput(
                f"{name}：{kind}の時刻の行"
                "（00:00:01.000 --> 00:00:04.000 の形）が一つもありません。",
                remedy="会議の画面から文字起こしをもう一度書き出すか、"
                "拡張子を .txt にして「氏名：発言」の形で渡してください。",
            )
        return _labelled(cues.parse(rows))
    if layout == "teams":
        return stamped.parse_teams(rows)
    if layout == "zoom":
        return stamped.parse_zoom(rows)
    return speeches.parse(rows)


def _labelled(parsed: Parsed) -> Parsed:
    """Speakers of cues without voices: 「氏名: 発言」, or the name on a line of its own."""
    if any(piece.label for piece in parsed.pieces):
        return parsed
    split = [_CUE_LABEL.match(piece.text) for piece in parsed.pieces]
    times = Counter(speakers.key(found[1]) for found in split if found)
    known = {
        speakers.key(found[1])
        for found in split
        if found
        and speakers.may_speak(found[1])
        and (times[speakers.key(found[1])] > 1 or len(times) > 1 or speakers.parse(found[1])[1])
    }
    if sum(times[label] for label in known) < 2:
        return replace(parsed, pieces=tuple(_named_above(parsed.pieces)))
    pieces: list[Piece] = []
    label = ""
    for piece, found in zip(parsed.pieces, split, strict=True):
        text = piece.text
        if found and speakers.key(found[1]) in known:
            label, text = found[1], text[found.end() :]
        pieces.append(Piece(text, label, piece.at))
    return replace(parsed, pieces=tuple(pieces))


def _named_above(pieces: Sequence[Piece]) -> Iterator[Piece]:
    """Teams' older Word transcript: under the times a name, under the name the speech."""
    halves = [piece.text.split("\n", 1) for piece in pieces]
    names = [half[0] for half in halves if len(half) == 2 and speakers.may_speak(half[0])]
    if len(names) < 2 or len(names) * 10 < len(pieces) * 9 or len(set(names)) * 2 > len(names) + 2:
        yield from pieces
        return
    for piece, half in zip(pieces, halves, strict=True):
        named = len(half) == 2 and speakers.may_speak(half[0])
        yield Piece(half[1], half[0], piece.at) if named else piece


class _Speakers:
    """Labels into names and roles, with what the rest of the file tells about them."""

    def __init__(self, pieces: Sequence[Piece], people: Sequence[tuple[str, str]]) -> None:
        labels = dict.fromkeys(piece.label for piece in pieces if piece.label)
        parsed = {label: speakers.parse(label) for label in labels}
        self._shown: dict[str, str] = {}
        roles: dict[str, str] = {}
        holders: dict[str, set[str]] = {}
        for name, role in (*parsed.values(), *people):
            key = speakers.key(name)
            self._shown.setdefault(key, name)
            if role and role != name:
                roles.setdefault(key, role)
                holders.setdefault(speakers.key(role), set()).add(key)
        self._found: dict[str, tuple[str, str]] = {"": ("", "")}
        for label, (name, role) in parsed.items():
            held = holders.get(speakers.key(name), set()) if role == name else set()
            # 「福祉部長」 alone is the one person the file elsewhere calls so.
            key = next(iter(held)) if len(held) == 1 else speakers.key(name)
            self._found[label] = (self._shown[key], role or roles.get(key, ""))

    def of(self, label: str) -> tuple[str, str]:
        """The name and role of a label."""
        return self._found[label]


def _lines(parsed: Parsed, who: _Speakers) -> tuple[tuple[Line, ...], dict[int, str]]:
    """Join the pieces of a speech and cut it into lines; find the line after each heading."""
    marks = dict(parsed.headings)
    headings: dict[int, str] = {}
    lines: list[Line] = []
    waiting: list[Piece] = []

    def close() -> None:
        if waiting:
            name, role = who.of(waiting[0].label)
            for text, at in _cut(waiting):
                lines.append(Line(len(lines) + 1, text, name, role, at))
            waiting.clear()

    for place, piece in enumerate(parsed.pieces):
        last = waiting[-1] if waiting else None
        same = last is not None and who.of(last.label) == who.of(piece.label)
        ended = not piece.label and last is not None and last.text.endswith(_ENDED)
        if not same or piece.starts or ended or place in marks:
            close()
        if place in marks:
            headings[len(lines) + 1] = marks[place]
        waiting.append(piece)
    close()
    return tuple(lines), headings


def _cut(pieces: Sequence[Piece]) -> Iterator[tuple[str, float | None]]:
    """One speech as lines of whole sentences; a new point of the agenda begins a new line."""
    whole, starts = _joined(pieces)
    begun = end = 0
    for sentence in sentences(whole):
        at = whole.index(sentence, end)
        if at > begun and (at + len(sentence) - begun > LONGEST_LINE or points.turns(sentence)):
            yield from _pieces_of(whole, begun, at, starts, pieces)
            begun = at
        end = at + len(sentence)
    yield from _pieces_of(whole, begun, len(whole), starts, pieces)


def _pieces_of(
    whole: str, begun: int, end: int, starts: Sequence[int], pieces: Sequence[Piece]
) -> Iterator[tuple[str, float | None]]:
    """The text from `begun` to `end`; a sentence longer than a line is cut where it breathes."""
    while end - begun > LONGEST_LINE:
        limit = begun + LONGEST_LINE
        cut = starts[bisect_right(starts, limit) - 1]
        if cut <= begun + LONGEST_LINE // 4:
            cut = max(whole.rfind(mark, begun + 1, limit) + 1 for mark in "、, 　")
        if cut <= begun + LONGEST_LINE // 4:
            cut = limit
        yield whole[begun:cut].strip(), pieces[bisect_right(starts, begun) - 1].at
        begun = cut
    if text := whole[begun:end].strip():
        yield text, pieces[bisect_right(starts, begun) - 1].at


def _joined(pieces: Sequence[Piece]) -> tuple[str, list[int]]:
    """The speech in one string and where its pieces start; a space only between Latin words."""
    parts: list[str] = []
    starts: list[int] = []
    length = 0
    for piece in pieces:
        text = " ".join(piece.text.split(" "))
        text = re.sub(r"(?<=[!-~])\s*\n\s*(?=[!-~])", " ", text)
        text = re.sub(r"\s*\n\s*", "", text).strip()
        if parts and text and parts[-1][-1:].isascii() and text[0].isascii():
            parts.append(" ")
            length += 1
        starts.append(length)
        parts.append(text)
        length += len(text)
    return "".join(parts), starts


def _nothing_said(name: str, layout: Layout, parsed: Parsed) -> BadInput:
    if layout == "typed" and parsed.head:
        return BadInput(
            f"{name}：次第や出席者などの事前の記載だけで、発言がありません。",
            remedy="会議が終わった後の文字起こしか発言の記録を渡してください。"
            "発言は「氏名：発言」の形か、「。」で終わる文で書いてください。",
        )
    kind = {"webvtt": "WebVTT", "srt": "SRT", "teams": "Teamsの文字起こし", "zoom": "Zoomの記録"}
    return BadInput(
        f"{name}：{kind.get(layout, '会議の記録')}の形ですが、時刻だけで発言の文字がありません。",
        remedy="文字起こしが有効だった会議か確認し、もう一度書き出してください。",
    )


def _short(problems: Sequence[str]) -> tuple[str, ...]:
    if len(problems) <= _SHOWN_PROBLEMS:
        return tuple(problems)
    more = len(problems) - _SHOWN_PROBLEMS
    return (*problems[:_SHOWN_PROBLEMS], f"ほかに{more}か所、読みにくい所がありました。")
