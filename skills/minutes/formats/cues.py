"""WebVTT and SRT: times, voice spans and text, forgiving about everything but the words.

A cue whose time cannot be read keeps its words: they were said. Teams writes `0:0:0.0`.
"""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Iterator, Sequence

from skills.minutes.formats import Parsed, Piece

_CLOCK = r"(?:(\d{1,3})[:：])?(\d{1,3})[:：](\d{1,2})(?:[.,](\d{1,6}))?"
_TIMES = re.compile(rf"\s*{_CLOCK}\s*-->\s*{_CLOCK}(?:\s.*)?")
_BROKEN = re.compile(r"[\d:.,;?A-Za-z \t]{3,30}?(?:-{1,2}>|–>|→|--)[\d:.,;?A-Za-z \t]{3,30}")
_VOICE = re.compile(r"<v(?:\.[\w.\-]{1,40})?[ \t　]+([^<>\n]{1,80})>")
_TAG = re.compile(r"</?(?:v|c|b|i|u|ruby|rt|lang|font)?(?:[. ][^<>]{0,80})?>|<[\d:.]{5,16}>")
_READING = re.compile(r"<r[tp]>[^<]{0,80}(?:</r[tp]>)?")
# Two people in one cue: 「- 始めます。」「- はい。」
_DASHED = re.compile(r"(?m)^[-–—‐][ 　]?(?=\S)")
_ASS = re.compile(r"\{\\[^{}]{0,40}\}")
_NUMBER = re.compile(r"\s*\d{1,7}\s*")
_ID = re.compile(r"[\w\-/.]{1,80}")
_SKIPPED = ("NOTE", "STYLE", "REGION")
# Where voices are closed and nearly every cue has one, a cue without one is by somebody unknown.
_RARELY_UNTAGGED = 0.1


def parse(lines: Sequence[str]) -> Parsed:
    """Take WebVTT or SRT apart. Speakers come from voice spans only; labels are read later."""
    head: list[str] = []
    problems: list[str] = []
    found: list[tuple[float | None, list[str]]] = []
    for number, block in _blocks(lines):
        first = block[0].strip("\ufeff ")
        if first.startswith("WEBVTT"):
            words = first[6:].strip(" -–\t")
            head += [word for word in (words, *block[1:]) if word and not _times(word)]
            if not any(_times(line) for line in block):
                continue
        elif first.split(" ")[0].split("\t")[0] in _SKIPPED and not any(map(_times, block[:2])):
            if first.startswith("NOTE"):
                head += [line for line in (first[4:].strip(), *block[1:]) if line]
            continue
        _read_block(number, block, found, problems)
    spoken = [(at, text) for at, said in found if (text := "\n".join(said).strip())]
    empty = len(found) - len(spoken)
    if empty:
        problems.append(f"文字のない字幕が{empty}個ありました。")
    return Parsed(tuple(_voices(spoken, problems)), tuple(head), problems=tuple(problems))


def seconds(hours: str | None, minutes: str, rest: str, fraction: str | None = None) -> float:
    """Seconds of a clock's parts; `fraction` is the digits after the point."""
    whole = int(hours or 0) * 3600 + int(minutes) * 60 + int(rest)
    return whole + (float(f"0.{int(fraction):0{len(fraction)}d}") if fraction else 0.0)


def _times(line: str) -> re.Match[str] | None:
    return _TIMES.fullmatch(unicodedata.normalize("NFKC", line)) if "-->" in line else None


def _blocks(lines: Sequence[str]) -> Iterator[tuple[int, list[str]]]:
    """Runs of lines that are not blank, with the number of the first."""
    block: list[str] = []
    for number, line in enumerate([*lines, ""], 1):
        if line.strip():
            block.append(line)
        elif block:
            yield number - len(block), block
            block = []


def _read_block(
    number: int,
    block: Sequence[str],
    found: list[tuple[float | None, list[str]]],
    problems: list[str],
) -> None:
    """Add the cues of a block: usually one, several where the blank line is missing."""
    said: list[str] | None = None
    for at, line in enumerate(block):
        times = _times(line)
        if times or _is_broken(line):
            if said and _NUMBER.fullmatch(said[-1]):
                said.pop()
            said = []
            start = seconds(*times.groups()[:4]) if times else None
            found.append((start, said))
            if times is None:
                problems.append(f"{number + at}行目：時刻が読めないため、発言だけを読みました。")
        elif said is not None:
            said.append(line.strip())
        elif _is_identifier(block, at):
            continue
        elif found:
            # A blank line inside a cue: its second half belongs to the cue before.
            said = found[-1][1]
            said.append(line.strip())
        else:
            problems.append(f"{number + at}行目：時刻のない文字です。発言として読みました。")
            said = [line.strip()]
            found.append((None, said))


def _is_identifier(block: Sequence[str], at: int) -> bool:
    if _NUMBER.fullmatch(block[at]) and (at == 0 or len(block) == 1):
        return True
    timed = at == 0 and len(block) > 1 and (_times(block[1]) or _is_broken(block[1]))
    return bool(timed and _ID.fullmatch(block[at]))


def _is_broken(line: str) -> bool:
    """Whether a line was meant to be the times of a cue."""
    marked = any(mark in line for mark in ("--", "->", "→"))
    return marked and ":" in line and line.lstrip()[:1].isdigit() and bool(_BROKEN.fullmatch(line))


def _voices(spoken: Sequence[tuple[float | None, str]], problems: list[str]) -> Iterator[Piece]:
    """Give each piece of a cue its voice; one voice goes on until the next is named."""
    untagged = sum(1 for _, text in spoken if "<v" not in text)
    closed = sum(1 for _, text in spoken if "</v>" in text)
    tagged = len(spoken) - untagged
    goes_on = closed < tagged or untagged > _RARELY_UNTAGGED * len(spoken)
    if tagged and untagged and not goes_on:
        problems.append(f"話した人の書かれていない字幕が{untagged}個ありました。")
    voice = ""
    for at, text in spoken:
        if "<v" not in text and not goes_on:
            voice = ""
        if "<v" not in text and len(_DASHED.findall(text)) > 1:
            for one in filter(None, map(_plain, _DASHED.split(text))):
                yield Piece(one, "", at, starts=True)
            continue
        before = 0
        for tag in _VOICE.finditer(text):
            if plain := _plain(text[before : tag.start()]):
                yield Piece(plain, voice, at)
            voice, before = html.unescape(tag[1]).strip(), tag.end()
        if plain := _plain(text[before:]):
            yield Piece(plain, voice, at)


def _plain(text: str) -> str:
    return html.unescape(_ASS.sub("", _TAG.sub("", _READING.sub("", text)))).strip()
