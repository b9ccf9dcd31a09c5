"""The points of a meeting, found in what was said.

A boundary is missed at a price (decisions end up under the wrong point) and costs little when
there is one too many, so the rules lean to finding them.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Mapping, Sequence

from bot.japanese import words
from skills.minutes.agenda_items import DIGITS, KINDS, AgendaItem, bare, item_of, nfkc, value
from skills.minutes.transcript import Line, Segment

_OPENERS = (
    r"(?:(?:それ)?では(?!あり|なく|ない)|じゃあ?|続きまして|続いて|続けて|引き続きまして|次に|次[はがの、,]|つぎに|それから"
    r"|まずは?|初めに|はじめに|最初[にの]?|最後[にのは]|ここから|早速です?が?|[0-9]番目|残る"
    r"|let's (?:start|move|begin|turn|go|look)|next|finally|first(?:ly)?"
    r"|the (?:first|second|third|fourth|fifth|sixth|next|last|final) (?:item|topic|point)"
    r"|moving on|turning to|now)"
)
_OPENING = re.compile(
    rf"(?:[、, ]|それでは|では|はい|えー|えっと|さて|ok|so|and|then){{0,3}}{_OPENERS}",
    re.I,
)
# 「では」 opens anything; these come after 「次に」 only, not after 「では」.
_LOOSE = re.compile(
    r"^[、, ]*(?:はい|えー|さて)?[、, ]*(?:(?:それ)?では|じゃあ?|それから|now|ok)[、, ]*"
    r"(?!次|続|最後|最初|早速|まず|初め)",
    re.I,
)
_TURNING = re.compile(
    r"に(?:移|入|進|参り|まいり|いき|行き)|を議題|の件|について|に関し|から(?:お願い|説明|報告|いき|話し)"
    r"|をご?説明|の話|start with|move on|turn to|item|let's (?:start|move|turn)",
    re.I,
)
_SOFT = re.compile(
    r"です|であります|でございます|をお願い|その他|ありますか|next|finally|let's", re.I
)
_MOVE = re.compile(
    r"(?!.{0,8}(?:質疑|討論|採決|休憩)).{2,20}に(?:移|入|進|参|まい)(?:り|みま|める|めて|ろう)"
)
_SAID_NUMBER = re.compile(
    rf"(?:(?P<kind>{KINDS})(?:事項)?の?第?[(]?(?P<number>{DIGITS})(?:[)号]|つ目|番目?|点目)?"
    rf"|(?P<ordinal>[1-9一二三四五六七八九])(?:番目|番に|番の|点目|つ目の|つめの)|[(](?P<bare>\d{{1,2}})[)])"
)
_ENGLISH_ORDER = re.compile(r"\b(first|second|third|fourth|fifth|sixth) (?:item|topic|point)", re.I)
_ORDER = ["first", "second", "third", "fourth", "fifth", "sixth"]
_TOPIC = re.compile(
    r"(?:まず|次に|続いて|続きまして|初めに|はじめに|最初に|最後に|また)(?:は|、|,)?.{2,60}?"
    r"(?:について|に関して?|につきまして)(?:であります|でございます|です|(?:お|ご)?(?:答え|伺|尋|質問|説明|報告))"
)
_CLOSING = re.compile(
    r"(?:以上で|以上をもち|これで|本日は).{0,24}(?:終わ|終了|閉会|閉じ|散会)|お疲れさま"
)
_CHAIRS = re.compile(r"議長|委員長|会長|座長|司会|進行|部会長|chair|facilitator", re.I)
_SEAT = re.compile(r"\d{1,2}番")
_TITLE = re.compile(
    rf"^(?:[、, ]|{_OPENERS}|はい|えー|さて|早速ですが|これより|議事の"
    rf"|(?:{KINDS})(?:事項)?の?第?[(]?(?:{DIGITS})(?:[)号]|つ目|番目?)?(?=[、,のは ]))*"
    r"(?P<title>.{2,40}?)(?:について|に関|につきまして|の件|に移|に入|に進|に参|にまい|にいき|を議題|から"
    r"|ですが|です|であります|をお願い|をご?説明|の話|を行|[。、,.?])",
    re.I,
)
_WINDOW = 90
_SPLIT = 2.0
_MATCH = 1.2
_UNLISTED = 3.0


def turns(sentence: str) -> bool:
    """Whether a sentence turns to another point, whoever says it."""
    plain = nfkc(sentence[:_WINDOW])
    return bool(
        (_OPENING.match(plain) and (_turning(plain) or _SAID_NUMBER.search(plain[:40])))
        or _MOVE.match(plain)
        or _TOPIC.match(plain)
        or re.match(r"日程第\d", plain)
    )


def segment(
    lines: Sequence[Line],
    agenda_items: Sequence[AgendaItem | str] = (),
    *,
    headings: Mapping[int, str] | None = None,
) -> tuple[Segment, ...]:
    """Cut a meeting into its points. Segments cover every line, in order.

    Boundaries come from headings between the lines (line number to words), else from the agenda
    matched in its order by number and by words, and from the chair's words where there is no
    agenda. What precedes the first point is a segment without a title.
    """
    if not lines:
        return ()
    listed = [item if isinstance(item, AgendaItem) else item_of(item) for item in agenda_items]
    starts: dict[int, str] = {}
    if headings:
        starts = {number: bare(words_) for number, words_ in headings.items()}
    if len(starts) < 2:
        cues = _Cues(lines, listed)
        starts = cues.found() | starts
    first = lines[0].number
    starts.setdefault(first, "")
    order = sorted(number for number in starts if first <= number <= lines[-1].number)
    ends = [number - 1 for number in order[1:]] + [lines[-1].number]
    return tuple(
        Segment(starts[number], number, end) for number, end in zip(order, ends, strict=True)
    )


class _Cues:
    """The lines that may begin a point, and how well each fits each listed item."""

    def __init__(self, lines: Sequence[Line], listed: Sequence[AgendaItem]) -> None:
        self._lines = lines
        self._items = listed
        self._plain = [nfkc(line.text[:_WINDOW]) for line in lines]
        self._chairs = _chairs(lines, self._plain)
        # In an assembly one point, 一般質問, holds many; each question is worth its own.
        self._assembly = any(line.role == "議長" or _SEAT.match(line.role) for line in lines)
        self._unnamed = not any(line.speaker for line in lines)
        self._strength = [self._cue(at) for at in range(len(lines))]
        self._vocabulary = [set(words(item.title)) for item in listed]
        self._weights = _weights(self._vocabulary)
        self._taken: set[int] = set()

    def found(self) -> dict[int, str]:
        """Where each point begins. An agenda that fits badly does not silence the chair's words."""
        listed = self.listed()
        fits = len(listed) * 2 > len(self._items)
        return self.unlisted(_UNLISTED if fits else _SPLIT) | listed

    def listed(self) -> dict[int, str]:
        """Line number and title of each listed item that is found, in the agenda's order."""
        if not self._items:
            return {}
        # An item with words may also open where the chair names it without a word of turning.
        chosen = _align(self._scores(), len(self._items))
        return {self._lines[at].number: self._items[item].title for item, at in chosen}

    def unlisted(self, need: float) -> dict[int, str]:
        """Line number and title of the turns that no agenda is needed for."""
        found: dict[int, str] = {}
        for at, strength in enumerate(self._strength):
            if strength >= need:
                found[self._lines[at].number] = _title(self._plain[at])
        return found

    def _cue(self, at: int) -> float:
        """How much a line sounds like turning to another point: 0 to about 4."""
        text = self._plain[at]
        if _CLOSING.search(text):
            return 0.0
        if re.match(r"(?:次に、?)?日程第\d", text):
            return 4.0
        topic = (_UNLISTED if self._assembly else 2.5) if _TOPIC.match(text) else 0.0
        opening = _OPENING.match(text)
        number = _SAID_NUMBER.search(text[:40])
        chair = self._lines[at].speaker in self._chairs
        if not opening:
            moves = 2.0 if chair and _MOVE.match(text) else 0.0
            return max(topic, moves, 1.5 if number and number["kind"] and chair else 0.0)
        strength = 0.5 if _LOOSE.match(text) else 1.0
        strength += _turning(text) * 0.75 + bool(number) * 1.25
        strength += 0.75 if chair else 0.5 * self._unnamed
        return max(topic, strength)

    def _scores(self) -> dict[tuple[int, int], float]:
        """(item, line) to how well they fit, where they fit at all."""
        found: dict[tuple[int, int], float] = {}
        for at, text in enumerate(self._plain):
            chair = self._lines[at].speaker in self._chairs
            if not (self._strength[at] > 0.4 or (chair and len(text) >= 4)):
                continue
            said = set(words(text))
            for place, item in enumerate(self._items):
                score = self._fit(place, item, text, said)
                if score <= 0:
                    continue
                score += min(self._strength[at], 2.0) * 0.5 + chair * 0.25
                if score >= _MATCH:
                    found[place, at] = score
        return found

    def _fit(self, place: int, item: AgendaItem, text: str, said: set[str]) -> float:
        """Shared words weighted by how rare they are in the agenda; numbers that agree or not."""
        weights = self._weights
        vocabulary = self._vocabulary[place]
        whole = sum(weights[word] for word in vocabulary) or 1.0
        shared = sum(weights[word] for word in vocabulary & said) / whole
        if not vocabulary and item.title[:3] in text:
            shared = 1.0
        number, kind = _number_said(text)
        if number is None:
            last = place == len(self._items) - 1 and text[:12].find("最後") >= 0
            return shared * 1.5 + last * 0.4
        if item.kind and kind and item.kind != kind:
            return shared
        wanted = item.number if item.number is not None else place + 1
        return shared * 1.5 + (0.9 if number == wanted else -0.6)


def _turning(text: str) -> bool:
    """Whether a line that opens with 「次に」 or 「では」 goes on as a turn does."""
    start = text[:60]
    return bool(_TURNING.search(start) or (_SOFT.search(start) and not _LOOSE.match(text)))


def _align(scores: Mapping[tuple[int, int], float], count: int) -> list[tuple[int, int]]:
    """The items' lines, ascending, with the highest sum; an item may be left out."""
    ordered = sorted(scores, key=lambda pair: (pair[1], -pair[0]))
    # best[i]: the best chain whose last item is i, as (sum, last line, chain).
    best: list[tuple[float, int, tuple[tuple[int, int], ...]]] = [(0.0, -1, ())] * count
    for place, at in ordered:
        before = max(
            (chain for chain in ((0.0, -1, ()), *best[:place]) if chain[1] < at),
            key=lambda chain: chain[0],
        )
        total = before[0] + scores[place, at]
        if total > best[place][0]:
            best[place] = (total, at, (*before[2], (place, at)))
    return list(max(best, key=lambda chain: chain[0])[2])


def _chairs(lines: Sequence[Line], plain: Sequence[str]) -> frozenset[str]:
    """Who leads: those with such a role, and who turns to another point most often."""
    named = {line.speaker for line in lines if line.speaker and _CHAIRS.search(line.role)}
    turning = Counter(
        line.speaker
        for line, text in zip(lines, plain, strict=True)
        if line.speaker and _OPENING.match(text)
    )
    most = turning.most_common(1)
    if most and most[0][1] >= 2:
        named.add(most[0][0])
    return frozenset(named)


def _weights(vocabulary: Sequence[set[str]]) -> dict[str, float]:
    times = Counter(word for found in vocabulary for word in found)
    return {word: math.log(1 + len(vocabulary) / count) for word, count in times.items()}


def _number_said(text: str) -> tuple[int | None, str]:
    if order := _ENGLISH_ORDER.search(text[:60]):
        return _ORDER.index(order[1].lower()) + 1, ""
    found = _SAID_NUMBER.search(text[:40])
    if not found:
        return None, ""
    return value(found["number"] or found["ordinal"] or found["bare"]), found["kind"] or ""


def _title(text: str) -> str:
    """The words a turning line names its point by; empty when it names none."""
    found = _TITLE.match(text)
    title = found["title"].strip(" 、,「」のはをが") if found else ""
    if title.startswith("その他"):
        return "その他"
    return title if len(title) > 1 else ""
