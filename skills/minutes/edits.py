"""Changes people make to minutes, in words, in a form or in Word, and how versions differ."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from difflib import SequenceMatcher
from typing import Any

from bot import BadInput
from skills.minutes import dates
from skills.minutes.drafts import TITLES, due_of, owner_of
from skills.minutes.minutes import Minutes, day_of, edited
from skills.minutes.paper import ANSWERED, ASKED, LISTED, Paper, Part, compose, without_doubt
from skills.minutes.templates import Template
from skills.minutes.transcript import Transcript

LONGEST_TEXT = 1_000
SUMMARY_ROWS = ("要約", "概要")
_ISO = re.compile(r"\d{4}-\d{2}-\d{2}")
# Words of ours that stand in a cell and are no part of what a person wrote there.
_GUESSED = "（推定）"


@dataclass(frozen=True, slots=True)
class Change:
    """One difference; `before` is empty for what was added, `after` for what was taken away."""

    where: str
    before: str
    after: str


def change(minutes: Minutes, number: int, values: Mapping[str, str], today: date) -> Minutes:
    """The next version with another `text`, `owner` or `due` of one item; empty ones stay."""
    item = dict(minutes.item(number))
    if values.get("text"):
        item["text"] = _sentence(values["text"])
        # A person's words: whether the lines bear them out is theirs to judge now.
        item.pop("doubtful", None)
    if values.get("owner"):
        item["owner"] = _short(values["owner"]).removesuffix(_GUESSED)
        item["owner_inferred"] = False
    if values.get("due"):
        item["due"], item["due_text"] = due(values["due"], day_of(minutes) or today)
    items = tuple(item if each["number"] == number else each for each in minutes.items)
    return _if_changed(minutes, items=items)


def drop(minutes: Minutes, number: int) -> Minutes:
    """The next version without an item. Its number is not given again."""
    minutes.item(number)
    return edited(minutes, items=tuple(i for i in minutes.items if i["number"] != number))


def add(minutes: Minutes, kind: str, values: Mapping[str, str], today: date) -> Minutes:
    """The next version with an item that a person adds; it rests on no line."""
    if not values.get("text", "").strip():
        raise BadInput("no text", remedy="加える文を書いてください。")
    day, words = due(values["due"], day_of(minutes) or today) if values.get("due") else (None, "")
    owner = _short(values.get("owner", ""))
    item = _new(minutes.last + 1, kind, values["text"], owner, day, words)
    return edited(minutes, items=(*minutes.items, item))


def set_row(minutes: Minutes, name: str, value: str, head: Sequence[str]) -> Minutes:
    """The next version with another row of the head, or another summary."""
    if name in SUMMARY_ROWS:
        return _if_changed(minutes, summary=_sentence(value))
    if name not in head:
        raise BadInput(
            "unknown row",
            remedy=f"「{name}」という欄はありません。{'・'.join((*head, '要約'))} が直せます。",
        )
    fields = {**minutes.fields, name: _short(value, LONGEST_TEXT)}
    title = value if name == "会議名" else minutes.title
    return _if_changed(minutes, fields=fields, title=title)


def due(words: str, base: date) -> tuple[str | None, str]:
    """The day that words mean, in ISO, or None; and the words themselves."""
    words = _short(words)
    if _ISO.fullmatch(words):
        try:
            return date.fromisoformat(words).isoformat(), words
        except ValueError as error:
            raise BadInput(
                "date", remedy="期限は 2026-12-10 の形か、「12月10日」のように書いてください。"
            ) from error
    # 「12/10」 alone may be a fraction; as a due date it is a day.
    found = dates.find(words, base) or dates.find(f"{words}まで", base)
    days = [each.day for each in found if each.day]
    return (days[0].isoformat() if days else None), words


def take_back(
    minutes: Minutes,
    written_from: Minutes,
    template: Template,
    transcript: Transcript | None,
    returned: Paper,
    today: date,
) -> Minutes:
    """The next version from an edited copy of the document.

    It is held against the document as we wrote it from the version `written_from`, so that only
    what the person changed counts, and what was changed in the chat meanwhile stays. The words
    spoken are not taken back: those are a record.

    Raises BadInput when the copy is not of these minutes or nothing in it was changed.
    """
    record = _record_of(template, returned) or minutes.record
    ours = compose(written_from, template, record, transcript)
    theirs = {part.heading: part for part in returned.parts}
    known = [part for part in ours.parts if part.heading in theirs]
    if not known:
        raise BadInput(
            "not minutes",
            remedy="庶務が書き出した議事録の形ではないため、直した所を読み取れません。"
            "見出しを残したまま直したファイルをお送りください。",
        )
    items = list(minutes.items)
    base = day_of(minutes) or today
    changes: dict[str, Any] = {"fields": _rows(minutes, ours, returned)}
    agenda = list(minutes.agenda)
    for part in known:
        copy = theirs[part.heading]
        if part.name in LISTED:
            items = _merged(minutes, items, part, copy, base)
        elif part.name == "要約" and copy.lines:
            if "".join(copy.lines) != "".join(part.lines):
                changes["summary"] = "\n".join(copy.lines)
        elif part.name == "議題ごとの要約" and part.level == 2:
            agenda = [_reworded(each, part, copy) for each in agenda]
    changes |= {"items": tuple(items), "agenda": tuple(agenda)}
    return _if_changed(minutes, **changes)


def difference(before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[Change, ...]:
    """What changed between two versions' content."""
    return tuple(_differences(before, after))


def told(changes: Sequence[Change]) -> list[str]:
    """Changes as lines of a reply."""
    lines = []
    for each in changes:
        if not each.before:
            lines.append(f"- {each.where}：加えました「{each.after}」")
        elif not each.after:
            lines.append(f"- {each.where}：消しました「{each.before}」")
        else:
            lines.append(f"- {each.where}：「{each.before}」→「{each.after}」")
    return lines


def _differences(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[Change]:
    names = dict.fromkeys((*before["fields"], *after["fields"]))
    for name in names:
        yield from _changed(name, before["fields"].get(name), after["fields"].get(name))
    yield from _changed("要約", before["summary"], after["summary"])
    texts = {each["title"]: each["text"] for each in before["agenda"]}
    for each in after["agenda"]:
        yield from _changed(f"議題「{each['title']}」", texts.get(each["title"]), each["text"])
    old = {item["number"]: item for item in before["items"]}
    new = {item["number"]: item for item in after["items"]}
    for number in sorted(old | new):
        item = new.get(number) or old[number]
        where = f"{number}（{TITLES[item['kind']]}）"
        yield from _changed(where, _text(old.get(number)), _text(new.get(number)))
        if number in old and number in new:
            yield from _changed(f"{number}の担当", owner_of(old[number]), owner_of(item), "なし")
            yield from _changed(f"{number}の期限", due_of(old[number]), due_of(item), "なし")


def _changed(
    where: str, before: str | None, after: str | None, nothing: str = ""
) -> Iterator[Change]:
    if (before or "") != (after or ""):
        yield Change(where, before or nothing, after or nothing)


def _text(item: Mapping[str, Any] | None) -> str:
    return str(item["text"]) if item else ""


def _if_changed(minutes: Minutes, **changes: Any) -> Minutes:
    following = edited(minutes, **changes)
    if following.digest == minutes.digest:
        raise BadInput("unchanged", remedy="変わったところがありません。版はそのままです。")
    return following


def _record_of(template: Template, returned: Paper) -> str:
    """The form of record whose headings a copy has most of."""
    headings = {part.heading for part in returned.parts}
    scores = {
        name: sum(heading in headings for _, heading in record.sections) / len(record.sections)
        for name, record in template.records.items()
    }
    best = max(scores, key=lambda name: scores[name], default="")
    return best if best and scores[best] else ""


def _rows(minutes: Minutes, ours: Paper, returned: Paper) -> dict[str, str]:
    fields = dict(minutes.fields)
    was = dict(ours.rows)
    for name, value in returned.rows:
        # A row that the office added itself is kept too.
        if value != was.get(name, "") and name:
            fields[name] = value
    return fields


def _reworded(each: Mapping[str, Any], part: Part, copy: Part) -> Mapping[str, Any]:
    text = "\n".join(copy.lines)
    is_same_point = bool(part.lines) and part.heading == each["title"]
    return {**each, "text": text} if is_same_point and text != part.lines[0] else each


def _merged(
    minutes: Minutes, items: list[Mapping[str, Any]], part: Part, copy: Part, base: date
) -> list[Mapping[str, Any]]:
    """The items, with those of one section as the copy has them."""
    ours, theirs = _entries(part), _entries(copy)
    if not part.numbers:
        ours = []
    by_number = {item["number"]: item for item in items}
    matched = SequenceMatcher(None, [_key(each) for each in ours], [_key(each) for each in theirs])
    for _, i, j, k, m in matched.get_opcodes():
        if j - i == m - k:
            # As many as before: each was reworded where it stands.
            pairs = list(zip(range(i, j), range(k, m), strict=True))
            added: list[int] = []
        else:
            pairs, added = _nearest(ours, theirs, range(i, j), range(k, m))
        for at in set(range(i, j)) - {one for one, _ in pairs}:
            by_number.pop(part.numbers[at], None)
        for one, other in pairs:
            number = part.numbers[one]
            if number in by_number:
                by_number[number] = _taken(by_number[number], ours[one], theirs[other], base)
        for at in added:
            number = max((minutes.last, *by_number)) + 1
            by_number[number] = _entered(part, theirs[at], number, base)
    return list(by_number.values())


def _nearest(
    ours: Sequence[Sequence[str]], theirs: Sequence[Sequence[str]], left: range, right: range
) -> tuple[list[tuple[int, int]], list[int]]:
    """Reworded entries with what they were, in order; and the entries that are new."""
    pairs: list[tuple[int, int]] = []
    free = list(left)
    for at in right:
        scored = [
            (SequenceMatcher(None, ours[one][0], theirs[at][0]).ratio(), -one) for one in free
        ]
        if scored and max(scored)[0] >= 0.4:
            one = -max(scored)[1]
            pairs.append((one, at))
            free.remove(one)
    found = {at for _, at in pairs}
    return pairs, [at for at in right if at not in found]


def _entries(part: Part) -> list[tuple[str, ...]]:
    """The lines or rows of a section: (words, owner, due)."""
    if part.rows:
        return [(without_doubt(row[1]), *row[2:4]) for row in part.rows if len(row) > 1 and row[1]]
    return [
        (without_doubt(line),)
        for line in part.lines
        if line not in ("なし", "") and not part.header
    ]


def _key(entry: Sequence[str]) -> str:
    return re.sub(r"\s", "", entry[0])


def _taken(
    item: Mapping[str, Any], ours: Sequence[str], theirs: Sequence[str], base: date
) -> Mapping[str, Any]:
    """An item with what differs in the copy."""
    changed = dict(item)
    if _key(ours) != _key(theirs):
        changed["text"] = _unmarked(theirs[0])
        changed.pop("doubtful", None)
    if len(ours) > 2 and len(theirs) > 2:
        if ours[1] != theirs[1]:
            changed["owner"], changed["owner_inferred"] = theirs[1].removesuffix(_GUESSED), False
        if re.sub(r"\s", "", ours[2]) != re.sub(r"\s", "", theirs[2]):
            changed["due"], changed["due_text"] = due(theirs[2].strip("―-"), base)
    return changed


def _entered(part: Part, entry: Sequence[str], number: int, base: date) -> Mapping[str, Any]:
    kind = LISTED[part.name][0]
    if entry[0].startswith(ANSWERED.strip()):
        kind = "answer"
    owner = entry[1].removesuffix(_GUESSED) if len(entry) > 2 else ""
    words = entry[2].strip("―-") if len(entry) > 2 else ""
    day, words = due(words, base) if words else (None, "")
    return _new(number, kind, _unmarked(entry[0]), owner, day, words)


def _unmarked(text: str) -> str:
    for mark in (ASKED, ANSWERED):
        text = text.removeprefix(mark)
    return text


def _new(
    number: int, kind: str, text: str, owner: str, day: str | None, words: str
) -> Mapping[str, Any]:
    return {
        "kind": kind,
        "text": _sentence(text),
        "lines": [],
        "speaker": "",
        "agenda": "",
        "owner": owner,
        "owner_inferred": False,
        "due": day,
        "due_text": words,
        "number": number,
    }


def _sentence(text: str) -> str:
    return _short(text, LONGEST_TEXT)


def _short(text: str, longest: int = 200) -> str:
    text = text.strip()
    if len(text) > longest:
        raise BadInput("too long", remedy=f"{longest}文字までにしてください（{len(text)}文字）。")
    return text
