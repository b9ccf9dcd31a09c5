"""A reply as Adaptive Cards 1.5. Pure: dictionaries in, dictionaries out.

Words from documents and models stand in RichTextBlocks, which know no Markdown: no link, image or
mention can be hidden in them. Where only a Markdown element will do, its marks are taken apart.
A reply too long for one activity becomes several; nothing of it is left out.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import asdict
from typing import Any
from urllib.parse import urlsplit

from bot.adapters.teams.messages import ASK, FORM
from bot.messages import Action, Card, File, Form, Reply, Source, engine_title
from bot.presses import STOP

Element = dict[str, Any]
Run = tuple[str, bool]

CARD_TYPE = "application/vnd.microsoft.card.adaptive"
# Teams refuses a message of more than about 28 KB. Measured as it is sent: escaped, a character
# outside ASCII is six bytes. The rest is for the envelope and the citations.
CARD_BYTES = 17_000
ACTIVITY_BYTES = 28_000
PIECE_CHARACTERS = 700
FACT_CHARACTERS = 700
FACTS_BYTES = 8_000
QUOTE_CHARACTERS = 600
WHERE_CHARACTERS = 300
TITLE_CHARACTERS = 80
CITATIONS = 8
NO_LINKS: Mapping[str, str] = {}
NO_ADDRESS = (
    "このファイルを Teams で受け取るには、管理者が SHOMU_PUBLIC_URL に https のアドレスを"
    "設定する必要があります。"
)
STYLES = {"primary": "positive", "danger": "destructive"}


def activities(
    reply: Reply,
    *,
    asked: str = "",
    link_hosts: Collection[str] = (),
    file_links: Mapping[str, str] = NO_LINKS,
) -> list[dict[str, Any]]:
    """The messages that say a reply, in order; each under 28 KB.

    `asked` is the question of a button, which Teams does not show as a message. `link_hosts` are
    the hosts a source or file may link to, `file_links` the addresses of the files by id.
    """
    summary = first_sentence(reply)
    messages = []
    for card in _pack(_body(reply, asked, link_hosts, file_links)):
        card["fallbackText"] = summary
        messages.append(
            {
                "type": "message",
                # Not `text`: Teams would show it above the card, saying everything twice.
                "summary": summary,
                "attachments": [{"contentType": CARD_TYPE, "content": card}],
            }
        )
    entity = _entity(reply)
    if entity:
        messages[0]["entities"] = [entity]
    return messages


def plain_activity(text: str) -> dict[str, Any]:
    """A message of our own words only."""
    return {"type": "message", "text": markdown_safe(text), "textFormat": "plain"}


def stoppable_activity(text: str, turn: str) -> dict[str, Any]:
    """The placeholder of long work, with the button that stops it."""
    stop = {"type": "ActionSet", "actions": [_action(STOP, turn)]}
    card = {**card_of([line(text), stop]), "fallbackText": inert(text)}
    attachments = [{"contentType": CARD_TYPE, "content": card}]
    return {"type": "message", "summary": inert(text), "attachments": attachments}


def first_sentence(reply: Reply) -> str:
    """What a notification or a screen reader says."""
    text = reply.summary or next((line for line in reply.text.split("\n") if line.strip()), "")
    text = inert(text.replace("**", "").lstrip("> ").removeprefix("- "))
    sentence = text.partition("。")
    return (sentence[0] + sentence[1])[:200] or "庶務からの回答です。"


def inert(text: str) -> str:
    """Take the meaning from what could call a person's name."""
    return _MENTION.sub("＜", _CONTROL.sub("", text))


def markdown_safe(text: str) -> str:
    """Text for elements that read Markdown: links, images and tags become plain characters."""
    return inert(text).replace("](", "] (").replace("][", "] [").replace("<", "＜")


_MENTION = re.compile(r"<(?=/?at\b)", re.IGNORECASE)
_CONTROL = re.compile("[\x00-\x09\x0b-\x1f\x7f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


def card_of(body: Sequence[Element]) -> dict[str, Any]:
    return {
        "type": "AdaptiveCard",
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "version": "1.5",
        "lang": "ja",
        "msteams": {"width": "Full"},
        "body": list(body),
    }


def _size(element: object) -> int:
    return len(json.dumps(element)) + 2


def _pack(elements: Iterator[Element]) -> list[dict[str, Any]]:
    """Fill cards in order, each up to its limit."""
    cards: list[list[Element]] = [[]]
    used = 0
    for element in elements:
        size = _size(element)
        if cards[-1] and used + size > CARD_BYTES:
            cards.append([])
            used = 0
        cards[-1].append(element)
        used += size
    return [card_of(body) for body in cards]


def _body(
    reply: Reply, asked: str, link_hosts: Collection[str], file_links: Mapping[str, str]
) -> Iterator[Element]:
    if asked:
        yield line(_cut(asked, WHERE_CHARACTERS), size="Small", isSubtle=True)
    yield from _paragraphs(reply.text)
    if reply.card:
        yield from _facts(reply.card)
    for file in reply.files:
        yield _file(file, file_links.get(file.id, ""), link_hosts)
    if reply.sources:
        yield line("出典", weight="Bolder", size="Small", spacing="Medium", separator=True)
        for position, source in enumerate(reply.sources):
            yield _source(source, position, link_hosts)
    if reply.notice:
        yield from (
            line(words, size="Small", isSubtle=True, spacing="Medium")
            for words in reply.notice.split("\n")
            if words
        )
    if reply.form:
        yield _form_button(reply.form, reply.turn)
    # Teams shows six buttons of a set and drops the others without a word.
    for start in range(0, len(reply.actions), 6):
        shown = [_action(action, reply.turn) for action in reply.actions[start : start + 6]]
        yield {"type": "ActionSet", "spacing": "Medium", "actions": shown}
    if reply.suggestions and reply.status != "help":
        yield line("こちらも聞けます", size="Small", isSubtle=True, spacing="Medium")
    for question in reply.suggestions:
        action = Action(ASK, question, question)
        yield {
            "type": "ActionSet",
            "spacing": "Small",
            "actions": [_action(action, reply.turn)],
        }
    footer = (
        [inert(engine_title(reply.engine))] if reply.status in ("answered", "not_found") else []
    )
    footer += [f"受付番号 {reply.turn}"] if reply.turn else []
    if footer:
        yield line("・".join(footer), size="Small", isSubtle=True, spacing="Medium")


def line(text: str, **look: Any) -> Element:
    """One line that is never read as Markdown."""
    place = {name: look.pop(name) for name in ("spacing", "separator") if name in look}
    return _rich([(text, False)], **look) | place


def _rich(runs: Sequence[Run], **look: Any) -> Element:
    inlines = []
    for text, bold in runs:
        weight = {"weight": "Bolder"} if bold else {}
        inlines.append({"type": "TextRun", "text": inert(text) or " ", **look, **weight})
    return {"type": "RichTextBlock", "inlines": inlines}


def _paragraphs(text: str) -> Iterator[Element]:
    """The lines of a reply: quotes, bullets and paragraphs, long ones cut after a 。"""
    before = ""
    for line in text.replace("\r\n", "\n").split("\n"):
        kind, words = _kind(line)
        if not kind:
            before = ""
            continue
        for runs in _pieces(_runs(words)):
            spacing = "None" if kind == before == "quote" else "Small"
            if kind == before == "paragraph" or not before:
                spacing = "Medium"
            yield _paragraph(kind, runs, spacing)
            before = kind


def _kind(line: str) -> tuple[str, str]:
    if not line.strip():
        return "", ""
    for mark, kind in ((">", "quote"), ("- ", "bullet"), ("・", "bullet")):
        if line.startswith(mark):
            return kind, line.removeprefix(mark).strip() or " "
    return "paragraph", line


def _paragraph(kind: str, runs: Sequence[Run], spacing: str) -> Element:
    if kind == "quote":
        return {
            "type": "Container",
            "style": "emphasis",
            "spacing": spacing,
            "items": [_rich(runs)],
        }
    if kind == "bullet":
        dot = {"type": "Column", "width": "auto", "items": [line("・")]}
        words = {"type": "Column", "width": "stretch", "spacing": "None", "items": [_rich(runs)]}
        return {"type": "ColumnSet", "spacing": spacing, "columns": [dot, words]}
    return {**_rich(runs), "spacing": spacing}


def _runs(line: str) -> list[Run]:
    """Cut a line at its bold marks; an unpaired mark is text."""
    parts = line.split("**")
    if len(parts) % 2 == 0:
        return [(line, False)]
    return [(part, n % 2 == 1) for n, part in enumerate(parts) if part]


def _pieces(runs: Sequence[Run]) -> Iterator[list[Run]]:
    """Cut runs into pieces of at most PIECE_CHARACTERS, after a 。 where there is one."""
    piece: list[Run] = []
    room = PIECE_CHARACTERS
    for text, bold in runs:
        while len(text) > room:
            end = text.rfind("。", 0, room) + 1
            if end or not piece:
                end = end or room
                piece.append((text[:end], bold))
                text = text[end:]
            yield piece
            piece, room = [], PIECE_CHARACTERS
        if text:
            piece.append((text, bold))
            room -= len(text)
    if piece:
        yield piece


def _facts(card: Card) -> Iterator[Element]:
    title = markdown_safe(card.title)
    yield {
        "type": "TextBlock",
        "text": title,
        "weight": "Bolder",
        "wrap": True,
        "style": "heading",
        "spacing": "Medium",
    }
    facts: list[Element] = []
    for name, value in card.rows:
        fact = {"title": _cut(markdown_safe(name), TITLE_CHARACTERS)}
        fact["value"] = _cut(markdown_safe(value), FACT_CHARACTERS)
        if facts and _size([*facts, fact]) > FACTS_BYTES:
            yield {"type": "FactSet", "facts": facts}
            facts = []
        facts.append(fact)
    if facts:
        yield {"type": "FactSet", "facts": facts}


def _source(source: Source, position: int, link_hosts: Collection[str]) -> Element:
    """〔n〕 and where to look; a press opens the quoted words."""
    where = f"〔{source.number}〕 {_cut(source.where, WHERE_CHARACTERS)}"
    target = f"quote-{position}"
    toggle = {
        "type": "Action.ToggleVisibility",
        "title": f"〔{source.number}〕の引用を開閉する",
        "targetElements": [target],
    }
    words = {"type": "Column", "width": "stretch", "items": [line(where, size="Small")]}
    mark = {
        "type": "Column",
        "width": "auto",
        "items": [line("引用 ▾", size="Small", color="Accent")],
    }
    quote = [line(_cut(source.quote, QUOTE_CHARACTERS), size="Small")]
    if _is_listed(source.link, link_hosts):
        link = {"type": "Action.OpenUrl", "title": "文書を開く", "url": source.link}
        quote.append({"type": "ActionSet", "actions": [link]})
    return {
        "type": "Container",
        "spacing": "Small",
        "items": [
            {"type": "ColumnSet", "columns": [words, mark], "selectAction": toggle},
            {
                "type": "Container",
                "id": target,
                "isVisible": False,
                "style": "emphasis",
                "spacing": "Small",
                "items": quote,
            },
        ],
    }


def _file(file: File, link: str, link_hosts: Collection[str]) -> Element:
    """A file's name and a button that fetches it; a picture is shown above them."""
    # Not a file consent card: Teams takes those in personal chats only.
    words = f"ファイル：{_cut(file.name, TITLE_CHARACTERS)}（{file.size_title}）"
    items = [line(words, size="Small")]
    if not _is_listed(link, link_hosts):
        items.append(line(NO_ADDRESS, size="Small", isSubtle=True))
    else:
        if file.media_type == "image/png":
            name = _cut(markdown_safe(file.name), TITLE_CHARACTERS)
            items.insert(0, {"type": "Image", "url": link, "altText": name})
        fetch = {"type": "Action.OpenUrl", "title": "受け取る（24時間以内）", "url": link}
        items.append({"type": "ActionSet", "actions": [fetch]})
    return {"type": "Container", "spacing": "Medium", "items": items}


def _is_listed(link: str, hosts: Collection[str]) -> bool:
    if len(link) > 1_000 or any(ord(letter) <= 0x20 for letter in link):
        return False
    try:
        parts = urlsplit(link)
        return parts.scheme == "https" and "@" not in parts.netloc and parts.hostname in hosts
    except ValueError:
        return False


def _action(action: Action, turn: str) -> Element:
    style = {"style": STYLES[action.style]} if action.style in STYLES else {}
    return {
        "type": "Action.Execute",
        "title": _cut(inert(action.title), TITLE_CHARACTERS),
        "verb": action.name,
        "data": {"name": action.name, "value": action.value, "turn": turn},
        **style,
    }


def _form_button(form: Form, turn: str) -> Element:
    data = {"msteams": {"type": "task/fetch"}, "name": form.name, "turn": turn, FORM: asdict(form)}
    open_it = {
        "type": "Action.Submit",
        "title": _cut(inert(form.title), TITLE_CHARACTERS),
        "data": data,
        "style": "positive",
    }
    return {"type": "ActionSet", "spacing": "Medium", "actions": [open_it]}


def _entity(reply: Reply) -> dict[str, Any]:
    """The AI label and the citations, as Teams reads them; no label when no model wrote."""
    written = reply.engine != "offline" and reply.status == "answered"
    if not written and not reply.sources:
        return {}
    entity: dict[str, Any] = {
        "type": "https://schema.org/Message",
        "@type": "Message",
        "@context": "https://schema.org",
        "@id": "",
    }
    if written:
        entity["additionalType"] = ["AIGeneratedContent"]
    entity["citation"] = [
        {
            "@type": "Claim",
            "position": source.number,
            "appearance": {
                "@type": "DigitalDocument",
                "name": _cut(inert(source.where), 60),
                "abstract": _cut(inert(source.quote).replace("\n", " "), 80),
            },
        }
        for source in reply.sources[:CITATIONS]
    ]
    return entity


def _cut(text: str, limit: int) -> str:
    return text if len(text) <= limit else text[: limit - 1] + "…"
