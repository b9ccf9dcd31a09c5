"""A draft: the office's template, the values that were given, and the excerpts it rests on.

Nothing is invented. What nobody gave and no table holds stands as 【要記入】; past records and
manuals are quoted beside the draft, numbered 〔n〕, and never copied into a value.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from bot import BadInput, Source
from skills.draft import document, furigana, marks, numbering, wareki, wording
from skills.draft.document import MISSING, SLOT
from skills.draft.kinds import MONTH, Kind, Slot

EXCERPTS, YEAR = "参考", "年度"
BUILT_IN = (document.COUNTER, document.OPTIONAL, EXCERPTS, YEAR, *wording.SEASONS)
FORMATS = ("曜日", "西暦")
EXCERPT_CHARACTERS = 160
EXCERPTS_TITLE = "参考（確認用の頁です。確認が済むと書き出されません）"
DISCLOSURE_MARK = "※この文書の作成に生成AI"
DISCLOSURE = DISCLOSURE_MARK + "（{engine}）を利用しました。"
CHECKED_DISCLOSURE = DISCLOSURE_MARK + "（{engine}）を利用し、職員が内容を確認しました。"
AUTHOR = "庶務"
# What an export writes into a draft; the first begins a page of its own.
MARKS = (EXCERPTS_TITLE, marks.UNCONFIRMED, DISCLOSURE_MARK)
_CITATION = re.compile(r"〔\d{1,2}〕")
_EMPTY_ITEM = re.compile(r"(.{1,12}[：:])\s*")


@dataclass(frozen=True, slots=True)
class Draft:
    """One version of a document.

    `values` are by slot name, dates as ISO. `styles` are the wordings asked for. `prose` is the
    body that a model wrote, with 〔n〕; empty offline. `text` is what the document says, line by
    line; `missing` names the slots that stand as 【要記入】. `readings` are the office's own.
    """

    kind: Kind
    values: Mapping[str, str]
    styles: tuple[str, ...]
    excerpts: tuple[Source, ...]
    prose: str
    engine: str
    text: str
    missing: tuple[str, ...]
    readings: Mapping[str, str] = field(repr=False)
    word: Any = field(repr=False, compare=False)

    @property
    def is_plain(self) -> bool:
        """Whether it is in やさしい日本語, which has readings over its kanji."""
        return self.values.get(self.kind.variant) == wording.PLAIN

    @property
    def title(self) -> str:
        """The first slot of a form names the document."""
        return self.values.get(self.kind.slots[0].name, "").split("\n")[0]


def compose(
    kind: Kind,
    values: Mapping[str, str],
    own: Path,
    today: date,
    *,
    styles: Sequence[str] = (),
    excerpts: Sequence[Source] = (),
    prose: str = "",
    engine: str = "offline",
) -> Draft:
    """Fill the template of a kind. Raises BadInput when the template cannot be used."""
    template = document.open_word(kind.template(values), f"「{kind.name}」の{TEMPLATE_NAME}")
    slots = document.slots(template)
    _refuse_unknown(kind, slots)
    words = wording.load(own)
    variant = values.get(kind.variant, "") if kind.variant else ""
    styles = [*styles, *([variant] if variant in words.pairs else [])]
    filling = _Filling(kind, dict(values), words, tuple(styles), tuple(excerpts), prose, today)
    _reword(template, words, styles)
    given = {name: filling.value(name) for name in slots}
    document.fill(template, given, short=wording.SHORT in styles)
    return Draft(
        kind=kind,
        values=dict(values),
        styles=tuple(styles),
        excerpts=tuple(excerpts),
        prose=prose,
        engine=engine,
        text=text_of(template),
        missing=tuple(dict.fromkeys(filling.missing)),
        readings=words.pairs.get(wording.READINGS, {}),
        word=template,
    )


TEMPLATE_NAME = "ひな形（template.docx）"


def word_file(draft: Draft, at: datetime, *, is_confirmed: bool, discloses: bool = True) -> bytes:
    """The draft as a Word file, once: the marks of a draft are written into it.

    Unconfirmed it says so on every page, and its excerpts stand on a page of their own. Confirmed
    it loses both, and the 〔n〕 of its sentences. `discloses` adds the line about AI (a rule of
    municipal guidelines) when a model wrote any of it.
    """
    if is_confirmed:
        for paragraph in document.paragraphs(draft.word):
            document.replace(paragraph, _CITATION, lambda _: "")
    if draft.is_plain:
        marks.add_furigana(draft.word, lambda text: furigana.read(text, draft.readings))
    if discloses and draft.engine != "offline":
        line = CHECKED_DISCLOSURE if is_confirmed else DISCLOSURE
        marks.add_lines(draft.word, [line.format(engine=draft.engine)])
    if not is_confirmed:
        marks.add_heading_mark(draft.word)
        marks.add_lines(draft.word, _last_page(draft), new_page=True)
    return marks.save(draft.word, title=draft.title, author=AUTHOR, at=at)


def _last_page(draft: Draft) -> list[str]:
    """What the person who checks needs beside the draft."""
    found = [EXCERPTS_TITLE]
    if draft.missing:
        found.append(f"{MISSING}の欄：{'、'.join(draft.missing)}")
    found += excerpt_lines(draft.excerpts) or ["参考になる記録は見つかりませんでした。"]
    return found


def excerpt_lines(excerpts: Sequence[Source]) -> list[str]:
    """Each excerpt with its number, where it stands and its words."""
    return [f"〔{source.number}〕{source.where}「{_short(source.quote)}」" for source in excerpts]


def _short(quote: str) -> str:
    text = " ".join(quote.split())
    return text if len(text) <= EXCERPT_CHARACTERS else text[:EXCERPT_CHARACTERS] + "…"


def _refuse_unknown(kind: Kind, slots: Sequence[str]) -> None:
    """Slots that the form does not know would stay as they are in a letter: all are named."""
    known = [*(slot.name for slot in kind.slots), *kind.phrases, *BUILT_IN]
    mistakes = []
    for written in slots:
        name, _, style = written.removeprefix(document.CONDITION).partition(":")
        if name not in known:
            near = get_close_matches(name, known, n=1, cutoff=0.4)
            hint = (
                f"「{near[0]}」のことですか。" if near else "form.yaml の fields に足してください。"
            )
            mistakes.append(f"- {{{{{written}}}}}：この欄はありません。{hint}")
        elif style and style not in FORMATS:
            mistakes.append(f"- {{{{{written}}}}}：「:」の後は {'、'.join(FORMATS)} のどれかです。")
    if mistakes:
        raise BadInput(
            "template",
            remedy=f"「{kind.name}」の{TEMPLATE_NAME}に、使えない欄があります。\n"
            + "\n".join(mistakes),
        )


def _reword(template: Any, words: wording.Wording, styles: Sequence[str]) -> None:
    """Put the fixed sentences of the template in other words, before values stand in it."""
    for style in styles:
        rule = words.rule(style)
        if rule is None:
            continue
        # A slot is matched whole and put back: its name is not a wording.
        pattern = re.compile(f"{SLOT.pattern}|{rule.pattern.pattern}")
        for paragraph in document.paragraphs(template):
            document.replace(paragraph, pattern, rule.put)


def text_of(word: Any) -> str:
    """What a document says: no empty lines at its ends, and never two of them together."""
    return re.sub(r"\n{3,}", "\n\n", "\n".join(document.lines(word))).strip("\n")


@dataclass(slots=True)
class _Filling:
    """Works out what stands in each slot, and remembers what nothing supports."""

    kind: Kind
    values: dict[str, str]
    words: wording.Wording
    styles: tuple[str, ...]
    excerpts: tuple[Source, ...]
    prose: str
    today: date
    missing: list[str] = field(default_factory=list)

    def value(self, written: str) -> str | None:
        """The text for a slot: None when it is missing, "" when its paragraph is dropped."""
        if written.startswith(document.CONDITION):
            return self.values.get(written.removeprefix(document.CONDITION), "")
        name, _, style = written.partition(":")
        slot = self.kind.slot(name)
        if slot is not None:
            return self._given(slot, style)
        if name in self.kind.phrases:
            return self._phrase(name)
        if name in wording.SEASONS:
            return self.words.season(name, self._day())
        if name == YEAR:
            return wareki.fiscal_year(self._day())
        return "\n".join(excerpt_lines(self.excerpts)) if name == EXCERPTS else ""

    def _given(self, slot: Slot, style: str) -> str | None:
        text = self.values.get(slot.name, "")
        if slot.name == self.kind.body and self.prose:
            return self.prose
        if not text:
            if slot.optional:
                return ""
            self.missing.append(slot.name)
            return None
        if slot.kind == "date":
            return _day(wareki.parse(text), style)
        if slot.kind == "list":
            return self._list(slot, text)
        return self._worded(_indented(text) if slot.kind == "text" else text, slot)

    def _list(self, slot: Slot, text: str) -> str:
        """One item a line, numbered; a name without a value asks for it."""
        items = []
        for line in filter(None, (line.strip() for line in text.split("\n"))):
            empty = _EMPTY_ITEM.fullmatch(line)
            if empty is not None:
                self.missing.append(f"{slot.name}の「{empty[1][:-1].strip()}」")
            items.append(self._worded(f"{empty[1]}{MISSING}" if empty else line, slot))
        return "\n".join(numbering.numbered(items, slot.numbering))

    def _worded(self, text: str, slot: Slot) -> str:
        for style in self.styles:
            # A name or a number is not prose; in plain Japanese "無料" alone is said plainly too.
            if slot.kind in ("text", "list") or style == wording.PLAIN:
                text = self.words.apply(text, style)
        return text

    def _phrase(self, name: str) -> str:
        """The phrase of the choice that was made, with the values it names."""
        phrase = self.kind.phrases[name]
        case = str(self._day().month) if phrase.by == MONTH else self.values.get(phrase.by, "")
        text = phrase.cases.get(case, phrase.otherwise)
        for style in self.styles:
            text = self.words.apply(text, style)

        named = {name: self.value(name) for name in SLOT.findall(text)}
        if any(value == "" for value in named.values()):
            return ""
        asked = {name: f"{MISSING}（{name}）" if value is None else value
                 for name, value in named.items()}  # fmt: skip
        return SLOT.sub(lambda match: asked[match[1]], text)

    def _day(self) -> date:
        """The day that decides the season and the 年度: the kind's own, else today."""
        day = self.values.get(self.kind.day, "")
        return wareki.parse(day) if day else self.today


def _day(day: date, style: str) -> str:
    if style == "西暦":
        return wareki.western(day)
    return wareki.japanese(day, weekday=style == "曜日")


def _indented(text: str) -> str:
    """Lines without the spaces people type at their start: the template indents."""
    return "\n".join(line.strip(" 　") for line in text.split("\n") if line.strip())
