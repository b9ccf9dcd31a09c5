"""Minutes as people type them: 「氏名：発言」, 「○議長（山田太郎君）」, Word minutes, bare text."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Sequence

from skills.minutes.formats import Parsed, Piece, speakers

_COLON = re.compile(r"\s*([^:：。、！？\n]{1,32}?)\s*[:：]\s*(.*)")
_MARKED = re.compile(
    r"\s*[○◯〇◎●]\s*([^\s（(。、]{1,16}(?:[（(][^（()）]{1,24}[)）])?)(?:[\s　:：]+(.*))?"
)
# 「〇三番　鈴木一郎君　質問します。」
_NAMED_NEXT = re.compile(r"([^\s　。、（(]{2,10})(?:君|議員|委員|さん)[\s　]+(\S.*)")
_TABBED = re.compile(r"\s*([^\t。、]{1,32}?)[ 　]*\t+(\S.*)")
_BRACKETS = re.compile(r"\s*[【［\[]([^【】［\]\[\]]{1,24})[】］\]]\s*[:：]?\s*(.*)")
_SPACED = re.compile(r"([^\s　：:。、]{1,16}(?:[（(][^（()）]{1,16}[)）])?)[ 　]+(\S.{3,})")
_STAGE = re.compile(
    r"[\s　〔［（(【]*(?:(?:午前|午後|正午)[\d:時分\s　]{0,10})?[\s　]*"
    r"(?:開議|開会|再開|休憩|散会|延会|閉会|閉議|以上|終了|了)[\s　〕］）)】。]*"
)
_HEADING = re.compile(
    r"[\s　]*(?:#{1,4}\s?|[■◆□◇▼●・]\s?|【)?"
    r"(?:(?:議題|議案|案件|議事|報告|協議|審議|日程|項目|アジェンダ|agenda item)"
    r"(?:事項)?[\s　]*第?[\s　]*[(（]?[\d一二三四五六七八九十]{1,3}[)）号]?"
    r"|[(（]?[\dⅠ-Ⅹ①-⑳]{1,2}[)）.．、]?|第[\d一二三四五六七八九十]{1,2})"
    r"[.．、:：]?[\s　]*(\S[^。！？]{0,59})"
)
_MARKED_HEADING = re.compile(
    r"[\s　]*(?:#{1,4}\s?|[■◆□◇▼]\s?)(\S[^。！？]{0,59})|【([^【】]{2,40})】"
)
_LONGEST_NAME = 20
_SAID = re.compile(r"[。！？!?]|[ぁ-ん]{3}")


def parse(lines: Sequence[str]) -> Parsed:
    """Take typed minutes apart; text without any speaker comes out with empty labels."""
    lines = _with_names_above(lines)
    labels = [_label(line) for line in lines]
    known = _speaking(labels, sum(1 for line in lines if line.strip()))
    styles = Counter(found[2] for found in labels if found and speakers.key(found[0]) in known)
    if sum(styles.values()) < 2:
        return _without_speakers(lines)
    head: list[str] = []
    notes: list[str] = []
    pieces: list[Piece] = []
    headings: list[tuple[int, str]] = []
    label = ""
    for line, found in zip(lines, labels, strict=True):
        text = line.strip().strip("　")
        if not text:
            continue
        if found and speakers.key(found[0]) in known and (pieces or _begins(found)):
            if not pieces and head and (last := _heading(head[-1])) and not _is_field(last):
                headings.append((0, last))
            label = speakers.clean(found[0])
            pieces.append(Piece(found[1].strip(), label, starts=True))
        elif _STAGE.fullmatch(text):
            (notes if pieces else head).append(text)
        elif not pieces:
            head.append(text)
        elif heading := _heading(text):
            headings.append((len(pieces), heading))
        else:
            pieces.append(Piece(text, label, starts=True))
    kept = [piece for piece in pieces if piece.text]
    gone = len(pieces) - len(kept)
    problems = (f"発言のない行（氏名だけの行）が{gone}個ありました。",) if _lost(pieces) else ()
    places = _shifted(headings, pieces)
    return Parsed(tuple(kept), tuple(head), tuple(notes), places, problems)


def _with_names_above(lines: Sequence[str]) -> list[str]:
    """A name alone on its line, its speech on the next, becomes 「氏名：発言」."""
    times = Counter(speakers.key(line) for line in lines if len(line) <= _LONGEST_NAME)
    found: list[str] = []
    above = ""
    for line in lines:
        speech = line.strip().endswith(("。", "？", "！", ".", "?")) and not _label(line)
        if above and speech:
            found[-1] = f"{above}：{line.strip()}"
        else:
            found.append(line)
        alone = 0 < len(line.strip()) <= _LONGEST_NAME and not re.search(r"[。：:、]", line)
        named = alone and speakers.may_speak(line)
        sure = named and (times[speakers.key(line)] > 1 or speakers.parse(line)[1])
        above = line.strip() if sure else ""
    return found


def _lost(pieces: Sequence[Piece]) -> bool:
    """A name alone on its line is only a problem when nothing of that speaker follows."""
    return any(
        not piece.text and (at + 1 == len(pieces) or pieces[at + 1].label != piece.label)
        for at, piece in enumerate(pieces)
    )


def _shifted(
    headings: Sequence[tuple[int, str]], pieces: Sequence[Piece]
) -> tuple[tuple[int, str], ...]:
    """Headings counted in pieces that have text; headings that follow each other are joined."""
    kept = [0]
    for piece in pieces:
        kept.append(kept[-1] + bool(piece.text))
    found: dict[int, str] = {}
    for at, words in headings:
        place = kept[at]
        found[place] = f"{found[place]}　{words}" if place in found else words
    return tuple(found.items())


def _label(line: str) -> tuple[str, str, str] | None:
    """(label, speech, style) when a line may begin a speech."""
    if len(line) > 2 and (found := _MARKED.fullmatch(line)):
        speech = found[2] or ""
        if named := None if "(" in found[1] or "（" in found[1] else _NAMED_NEXT.fullmatch(speech):
            return f"{found[1]}（{named[1]}）", named[2], "mark"
        return found[1], speech, "mark"
    if (found := _TABBED.fullmatch(line)) and speakers.may_speak(found[1]):
        return found[1], found[2], "tab"
    if (found := _BRACKETS.fullmatch(line)) and speakers.may_speak(found[1]):
        return found[1], found[2], "bracket"
    if (found := _COLON.fullmatch(line)) and speakers.may_speak(found[1]):
        return found[1], found[2], "colon"
    if (found := _SPACED.match(line)) and _SAID.search(found[2]):
        _, role = speakers.parse(found[1])
        if role:
            return found[1], line[found.start(2) :], "space"
    return None


def _speaking(labels: Sequence[tuple[str, str, str] | None], rows: int) -> frozenset[str]:
    """The labels that speak: said twice, with a role, or in a style that much of the text has."""
    times = Counter(speakers.key(found[0]) for found in labels if found)
    styles = Counter(found[2] for found in labels if found)
    return frozenset(
        speakers.key(found[0])
        for found in labels
        if found
        and (
            times[speakers.key(found[0])] > 1
            or bool(speakers.parse(found[0])[1])
            or styles[found[2]] > min(2, rows / 2)
        )
    )


def _begins(found: tuple[str, str, str]) -> bool:
    """Whether the first speech begins here: 「司会：佐藤」 in the head only says who chairs."""
    return found[2] in ("mark",) or bool(_SAID.search(found[1])) or found[1].isascii()


def _heading(text: str) -> str:
    """The words of a heading between speeches; empty when the line is speech."""
    if len(text) > 70 or text.endswith(("。", "？", "！", "?")):
        return ""
    plain = unicodedata.normalize("NFKC", text)
    if marked := _MARKED_HEADING.fullmatch(plain):
        return (marked[1] or marked[2]).strip("【】 ")
    found = _HEADING.fullmatch(plain)
    if not found or (plain[0].isalnum() and plain[0].isascii() and found[1][:1].isdigit()):
        return ""
    return plain.strip("【】■◆□◇▼●・# ").strip()


def _is_field(heading: str) -> bool:
    """「5 会議の内容」 and the like head the whole of the speeches, not one point."""
    bare = re.sub(r"^[\d.()（） ]+", "", heading).lower()
    return bare in speakers.table("not-speakers.txt") or bare in (
        "会議録",
        "発言録",
        "議事録",
        "発言",
    )


def _without_speakers(lines: Sequence[str]) -> Parsed:
    """Every paragraph is one piece; the head ends where the first whole sentence stands."""
    texts = [line.strip().strip("　") for line in lines]
    start = next((at for at, text in enumerate(texts) if _is_sentence(text)), len(texts))
    head = [text for text in texts[:start] if text]
    pieces: list[Piece] = []
    notes: list[str] = []
    headings: dict[int, str] = {}
    for text in texts[start:]:
        if not text:
            continue
        if _STAGE.fullmatch(text):
            notes.append(text)
        elif heading := _heading(text):
            place = len(pieces)
            headings[place] = f"{headings[place]}　{heading}" if place in headings else heading
        else:
            pieces.append(Piece(text, starts=True))
    return Parsed(tuple(pieces), tuple(head), tuple(notes), tuple(headings.items()))


def _is_sentence(text: str) -> bool:
    if len(text) > 120 or text.endswith(("。", "？", "！")):
        return not _field_of_head(text)
    return bool(re.fullmatch(r"[A-Z].{12,}[.?!]", text)) and not _field_of_head(text)


def _field_of_head(text: str) -> bool:
    found = _COLON.fullmatch(text)
    return bool(found) and not speakers.may_speak(found[1]) if found else False
