"""A comment that says several things is cut into its claims; each is a span of the comment.

Carefully: two things under one heading cost an officer a minute, one thing in two pieces costs
the opinion its sense. So a piece must be marked as one, and share no words with the one before.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise

from skills.opinions.bigrams import terms

Span = tuple[int, int]

SHORTEST = 6
_ITEM = re.compile(
    r"^[ \t\u3000]{0,8}(?:(?P<circled>[①-⑳])|(?P<number>[0-9０-９]{1,2})[.．、)）:：]"
    r"|[(（](?P<bracketed>[0-9０-９]{1,2})[)）]|(?P<dot>[・●○■□◆◇▼])|(?P<kana>[ア-オ])[.．)）])",
    re.MULTILINE,
)
_CIRCLED = re.compile(r"[①-⑳]")
_TURN = re.compile(
    r"(?:また|次に|つぎに|さらに|それから|それと|加えて|最後に|その他|別件で?すが|別の話で?すが|あわせて|併せて"
    r"|もう[一１1ひと]{1,2}[点つ件]|[二三四2-4２-４]{1}[点つ]目|第[二三四2-4])[、は,でに]"
)
_PLACE = re.compile(
    r"[【「『(（]?(?:第[0-9０-９一二三四五六七八九十]{1,3}[章節条項]|(?:P|p|Ｐ|ｐ)[.．]?\s?[0-9０-９]{1,3}"
    r"|[0-9０-９]{1,3}(?:ページ|頁)|施策[0-9０-９]{1,2}(?:[-－ー][0-9０-９]{1,2})?)"
)
_ENDS = re.compile(r"[。！？!?](?=[^」』）)。！？!?])|\n+")


def split(text: str) -> list[Span]:
    """Spans (start, end) of the claims of a text, in order; one span when it says one thing."""
    cuts = _listed(text) or _turns(text)
    starts = [0, *cuts]
    spans = list(zip(starts, [*cuts, len(text)], strict=True))
    return [_trimmed(text, span) for span in _long_enough(spans)]


def _listed(text: str) -> list[int]:
    """Where the items of a list begin, but the first: what leads to a list belongs to its top."""
    kinds: dict[str, list[re.Match[str]]] = {}
    for match in _ITEM.finditer(text):
        kinds.setdefault(match.lastgroup or "", []).append(match)
    for kind, matches in kinds.items():
        if len(matches) >= 2 and (kind == "dot" or _counts_up([m[kind] for m in matches])):
            return [match.start() for match in matches[1:]]
    circled = list(_CIRCLED.finditer(text))
    if len(circled) >= 2 and _counts_up([match[0] for match in circled]):
        return [match.start() for match in circled[1:]]
    return []


def _counts_up(marks: list[str]) -> bool:
    return all(_value(later) == _value(mark) + 1 for mark, later in pairwise(marks))


def _value(mark: str) -> int:
    if mark.isdecimal():
        return int(mark)
    return ord(mark) // 2 if "ア" <= mark <= "オ" else ord(mark)


def _turns(text: str) -> list[int]:
    """Where a sentence turns to something else and shares no word with what went before."""
    if not (_TURN.search(text) or _PLACE.search(text)):
        return []
    cuts: list[int] = []
    said: set[str] = set()
    place = ""
    for start, sentence in _sentences(text):
        words = set(terms(sentence))
        named = _PLACE.match(sentence)
        is_turn = _TURN.match(sentence) is not None
        is_elsewhere = named is not None and bool(place) and named[0] != place
        if start and (is_elsewhere or (is_turn and not said & words)):
            cuts.append(start)
            said = set()
        said |= words
        if named is not None:
            place = named[0]
    return cuts


def _sentences(text: str) -> Iterator[tuple[int, str]]:
    start = 0
    for match in _ENDS.finditer(text):
        yield start, text[start : match.end()]
        start = match.end()
    if start < len(text):
        yield start, text[start:]


def _long_enough(spans: list[Span]) -> list[Span]:
    """A piece too short to stand alone goes to the one before; a short first one to the next."""
    made: list[Span] = []
    for start, end in spans:
        if made and (end - start < SHORTEST or made[-1][1] - made[-1][0] < SHORTEST):
            made[-1] = (made[-1][0], end)
        else:
            made.append((start, end))
    return made


def _trimmed(text: str, span: Span) -> Span:
    start, end = span
    piece = text[start:end]
    return start + len(piece) - len(piece.lstrip()), end - (len(piece) - len(piece.rstrip()))
