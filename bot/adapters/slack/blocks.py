"""A Reply as Slack messages: Block Kit, cut to Slack's limits, harmless whatever it quotes.

Pure. Text from people, documents and models is escaped, so that it can neither notify anyone nor
become a link; the only links are those of cited sources.
"""

from __future__ import annotations

import base64
import json
import re
import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any
from urllib.parse import quote, urlsplit

from bot.messages import Action, Card, Form, Reply, Source, engine_title, load_form

Block = dict[str, Any]

# Slack allows 3,000 a section, 50 blocks and about 13,200 characters a message.
SECTION = 2_900
MESSAGE = 12_000
BLOCKS = 48
# Five messages of words at most: more than that is a document, not an answer.
LONGEST = 50_000
BUTTON_TEXT = 75
BUTTON_VALUE = 2_000
LARGEST_FORM = 65_536
SOURCES = 20
QUOTE = 160
SUMMARY = 150

ZERO_WIDTH = "\u200b"
CUT = "長いため、ここまでを表示しています。範囲を絞って、もう一度お尋ねください。"

_TOKEN = re.compile(
    r"```[^`]{1,2400}```|`[^`\n]{1,400}`|\*\*[^*\n]{1,500}\*\*|https?://[!-;=?-~]{1,500}"
)
# Controls, halves of surrogate pairs, and marks that turn the reading direction round.
_UNSEEN = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff\u202a-\u202e\u2066-\u2069]")
_BROADCAST = re.compile(r"@(?=channel|here|everyone)", re.IGNORECASE)
_HEADING = re.compile(r"#{1,6} (.{1,500})")
_SENTENCE = re.compile(r"[^。！？\n]{1,300}[。！？]?")


@dataclass(frozen=True, slots=True)
class Rendered:
    """One Slack message. `text` is what a notification and a screen reader say."""

    text: str
    blocks: tuple[Block, ...]


def render(reply: Reply, *, asked: str = "") -> tuple[Rendered, ...]:
    """Write a reply as one message, or as several when it is long; never none.

    `asked` is shown above the answer when the question itself stands nowhere in the chat.
    """
    blocks: list[Block] = []
    if asked:
        blocks.append(_context(f"質問：{escape(asked[:QUOTE])}"))
    words = list(_sections(reply.text))
    blocks += words
    if reply.card:
        blocks += _card(reply.card)
    blocks += _sources(reply)
    if reply.notice:
        blocks.append(_context(escape(reply.notice[:SECTION])))
    blocks += _buttons(reply)
    blocks.append(_footer(reply))
    texts = _summary(reply)
    return tuple(
        Rendered(texts if part == 0 else f"（続き {part + 1}）{texts}", tuple(group))
        for part, group in enumerate(_messages(blocks))
    )


def note(text: str, action: Action | None = None, turn: str = "") -> Rendered:
    """One plain line, such as the placeholder, with at most one button."""
    element = button(action, turn, 0) if action else None
    under = ({"type": "actions", "elements": [element]},) if element else ()
    return Rendered(escape(text), (_section(escape(text)), *under))


def unformatted(rendered: Rendered) -> Rendered:
    """The same message with nothing but its words, for when Slack refuses the blocks."""
    words = [part for block in rendered.blocks for part in _texts(block)]
    return Rendered("\n".join(words)[:SECTION] or rendered.text, ())


def escape(text: str) -> str:
    """Make text harmless in mrkdwn: no mention, no link, no hidden direction marks.

    Source: Slack, "Formatting text for app surfaces", escaping of & < >.
    """
    text = _UNSEEN.sub("", text)
    text = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return _BROADCAST.sub(f"@{ZERO_WIDTH}", text)


def plain_text(text: str, limit: int) -> Block:
    """A plain_text object. Brackets are widened: some clients read entities even here."""
    text = _UNSEEN.sub("", text).replace("\n", " ").replace("<", "＜").replace(">", "＞")
    text = _BROADCAST.sub("＠", text).strip() or "…"
    text = text if len(text) <= limit else text[: limit - 1] + "…"
    return {"type": "plain_text", "text": text, "emoji": False}


def button(action: Action, turn: str, position: int) -> Block | None:
    """A button that hands back name, value and turn; None when the value is too long for Slack."""
    value = dump_value(action.name, action.value, turn)
    if len(value) > BUTTON_VALUE:
        return None
    block: Block = {
        "type": "button",
        "action_id": f"shomu:{action.name}:{position}"[:255],
        "text": plain_text(action.title, BUTTON_TEXT),
        "value": value,
    }
    if action.style:
        block["style"] = action.style
    return block


def dump_value(name: str, value: str, turn: str) -> str:
    text = json.dumps({"name": name, "value": value, "turn": turn}, ensure_ascii=False)
    # Same JSON, but nothing in a payload of ours may look like a mention.
    return text.replace("<", "\\u003c").encode("utf-8", "replace").decode()


def pack_form(form: Form) -> str:
    """Write a form so that it fits into a button; compressed when it is long."""
    text = json.dumps(asdict(form), ensure_ascii=False, separators=(",", ":"))
    if len(text) <= 1_000:
        return text
    return "z" + base64.b85encode(zlib.compress(text.encode(), 9)).decode()


def unpack_form(text: str) -> Form | None:
    """Read a form back; None when it is not one."""
    try:
        if text.startswith("z"):
            raw = base64.b85decode(text[1:])
            text = zlib.decompressobj().decompress(raw, LARGEST_FORM).decode()
        return load_form(json.loads(text))
    except (ValueError, TypeError, KeyError, zlib.error):
        return None


def read_back(message: dict[str, Any]) -> str:
    """The words of one of our own messages, all its sections together."""
    blocks = [block for block in message.get("blocks") or () if isinstance(block, dict)]
    parts = [text for block in blocks if block.get("type") == "section" for text in _texts(block)]
    return "\n".join(parts) or str(message.get("text", ""))


def _messages(blocks: Iterable[Block]) -> Iterator[list[Block]]:
    """Group blocks into messages within Slack's limits."""
    group: list[Block] = []
    size = 0
    for block in blocks:
        length = len(json.dumps(block, ensure_ascii=False))
        if group and (size + length > MESSAGE or len(group) >= BLOCKS):
            yield group
            group, size = [], 0
        group.append(block)
        size += length
    yield group


def _sections(text: str) -> Iterator[Block]:
    used = 0
    for part in split(text, SECTION):
        if used + len(part) > LONGEST:
            yield _context(CUT)
            return
        used += len(part)
        yield _section(part)


def split(text: str, limit: int) -> Iterator[str]:
    """Write text as mrkdwn in parts of at most `limit` characters.

    Cuts after a line or a sentence, else wherever it must, but never inside bold, code, a link or
    an escaped character.
    """
    buffer: list[str] = []
    size, best = 0, 0
    for token in _tokens(_UNSEEN.sub("", text).strip()):
        if size + len(token) > limit:
            cut = best or len(buffer)
            yield "".join(buffer[:cut]).strip("\n")
            buffer = buffer[cut:]
            size, best = sum(map(len, buffer)), 0
        buffer.append(token)
        size += len(token)
        if token[-1] in "。！？\n":
            best = len(buffer)
    rest = "".join(buffer).strip("\n")
    if rest:
        yield rest


def _tokens(text: str) -> Iterator[str]:
    """Yield mrkdwn pieces that must stay whole: a character, an entity, bold, code, a URL."""
    before = "\n"
    for line in text.splitlines(keepends=True):
        ending = "\n" if line.endswith("\n") else ""
        line = line.rstrip("\r\n")
        heading = _HEADING.fullmatch(line)
        if heading:
            line = f"**{heading[1].replace('*', '')}**"
        for mark, written in (("> ", "> "), ("- ", "• "), ("* ", "• ")):
            if line.startswith(mark):
                yield written
                line = line.removeprefix(mark)
                before = " "
                break
        yield from _inline(line, before)
        if ending:
            yield ending
        before = "\n"


def _inline(line: str, before: str) -> Iterator[str]:
    start = 0
    for match in _TOKEN.finditer(line):
        yield from (escape(letter) for letter in _harmless(line[start : match.start()]))
        previous = line[match.start() - 1] if match.start() else before
        following = line[match.end() : match.end() + 1]
        yield _span(match[0], previous, following)
        start = match.end()
    yield from (escape(letter) for letter in _harmless(line[start:]))


def _harmless(text: str) -> str:
    # Before letters are escaped one by one: alone, an "@" does not show what follows it.
    return _BROADCAST.sub(f"@{ZERO_WIDTH}", text)


def _span(token: str, previous: str, following: str) -> str:
    """Bold or code. Slack wants a boundary on both sides, which Japanese does not write."""
    if token.startswith("http"):
        return escape(token)
    if token.startswith("**"):
        inner = escape(token[2:-2])
        # A closing star right after punctuation is not seen as closing.
        gap = "" if token[-3].isalnum() else ZERO_WIDTH
        token = f"*{inner}{gap}*"
    else:
        token = escape(token)
    left = "" if previous.isspace() else ZERO_WIDTH
    right = "" if not following or following.isspace() else ZERO_WIDTH
    return f"{left}{token}{right}"


def _summary(reply: Reply) -> str:
    """The first sentence of the answer, without marks."""
    for line in (reply.summary or reply.text).splitlines():
        line = line.replace("**", "").replace("`", "").lstrip("># -*")
        match = _SENTENCE.match(line)
        if match and escape(match[0]).strip():
            return escape(match[0][:SUMMARY])
    return (escape(reply.card.title[:SUMMARY]) if reply.card else "").strip() or "回答"


def _card(card: Card) -> Iterator[Block]:
    yield _section(f"*{escape(card.title[:200])}*")
    for start in range(0, min(len(card.rows), 100), 10):
        rows = card.rows[start : start + 10]
        fields = [_words(f"*{escape(name[:200])}*\n{_short(value)}") for name, value in rows]
        yield {"type": "section", "fields": fields}


def _short(value: str) -> str:
    escaped = "".join(list(split(value, 1_500))[:1])
    return escaped or "—"


def _sources(reply: Reply) -> Iterator[Block]:
    """One small line or two for each source: where it stands, and its words."""
    shown = reply.sources[:SOURCES]
    for source in shown:
        text = f"出典〔{source.number}〕 {_where(source)}"
        words = " ".join(source.quote.split())
        # Not twice: an answer from passages already quotes the first of them.
        if words and words[:40] not in " ".join(reply.text.replace("**", "").split()):
            cut = words if len(words) <= QUOTE else words[: QUOTE - 1] + "…"
            text += f"\n「{escape(cut)}」"
        yield _context(text)
    if len(reply.sources) > len(shown):
        yield _context(f"ほか {len(reply.sources) - len(shown)} 件の出典があります。")


def _where(source: Source) -> str:
    place = escape(source.where[:600]).strip() or "文書"
    if not _is_web(source.link):
        return f"*{place}*"
    link = quote(source.link, safe=":/?#[]$&'()+,;=%~-._", errors="replace")
    return f"*<{link.replace('&', '&amp;')}|{place.replace('|', '｜')}>*"


def _is_web(link: str) -> bool:
    try:
        parts = urlsplit(link)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.netloc)


def _buttons(reply: Reply) -> Iterator[Block]:
    offered = [Action("ask", question, question[:500]) for question in reply.suggestions]
    if reply.form:
        title, packed = reply.form.title, pack_form(reply.form)
        # What does not fit into a button is read back from the record of the turn.
        opener = button(Action("form", title, packed, "primary"), reply.turn, 0) or button(
            Action("form", title, "", "primary"), reply.turn, 0
        )
        if opener:
            yield {"type": "actions", "elements": [opener]}
    # Questions are long: one under the other reads better than a broken row.
    for position, action in enumerate(offered[:5]):
        element = button(action, reply.turn, position)
        if element:
            yield {"type": "actions", "elements": [element]}
    made = (button(action, reply.turn, n) for n, action in enumerate(reply.actions[:20]))
    elements = [element for element in made if element]
    for start in range(0, len(elements), 5):
        yield {"type": "actions", "elements": elements[start : start + 5]}


def _footer(reply: Reply) -> Block:
    engine = escape(engine_title(reply.engine[:100]))
    parts = [engine or "—"] if reply.status in ("answered", "not_found") else []
    if reply.turn:
        parts.append(f"受付番号 {escape(reply.turn[:80])}")
    return _context("　".join(parts) or "庶務")


def _section(text: str) -> Block:
    return {"type": "section", "text": _words(text)}


def _context(text: str) -> Block:
    return {"type": "context", "elements": [_words(text)]}


def _words(text: str) -> Block:
    # verbatim: addresses and channel names in the text stay text.
    return {"type": "mrkdwn", "text": text, "verbatim": True}


def _texts(block: Block) -> Sequence[str]:
    objects = [block.get("text"), *(block.get("fields") or ()), *(block.get("elements") or ())]
    return [
        item["text"]
        for item in objects
        if isinstance(item, dict) and isinstance(item.get("text"), str)
    ]
