"""Which parts the minutes of a kind of meeting have: small files that an officer can edit.

The shipped ones are in `templates/`; a file of the same `meeting` in the workspace's own
`templates/` takes the place of the shipped one. Mistakes are listed all at once.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache
from pathlib import Path
from typing import Any, Literal

import yaml

from bot import BadInput

Names = Literal["氏名", "職名", "参加者"]

SHIPPED = Path(__file__).parent / "templates"
KEYS = ("meeting", "words", "names", "head", "record", "records")
RECORD_KEYS = ("title", "sections")
NAMES: tuple[Names, ...] = ("氏名", "職名", "参加者")
# What a section can hold; `composing` fills each.
PARTS = (
    "次第",
    "前回からの対応",
    "要約",
    "議題ごとの要約",
    "質疑",
    "要望",
    "決定",
    "対応",
    "残った論点",
    "発言",
)
# Used when nothing tells what kind of meeting it was.
USUAL = "係内会議"
# Other words for the three forms of record that people say.
SAID_FOR: Mapping[str, tuple[str, ...]] = {
    "全文記録": ("全文", "逐語"),
    "要点記録": ("要点", "要旨"),
    "決定一覧": ("決定一覧", "決定事項一覧", "決定だけ"),
}
LARGEST_BYTES = 64 * 1024


@dataclass(frozen=True, slots=True)
class Record:
    """One form of minutes: its title and its sections, (part, heading), in their order."""

    title: str
    sections: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Template:
    """How the minutes of one kind of meeting look.

    `words` in a title tell this kind. `head` are the rows above the sections. `record` names the
    form that is made when nobody asks for another.
    """

    meeting: str
    words: tuple[str, ...]
    names: Names
    head: tuple[str, ...]
    record: str
    records: Mapping[str, Record]


@dataclass(frozen=True, slots=True)
class Templates:
    """All templates of a workspace, by kind of meeting."""

    kinds: Mapping[str, Template]

    def guess(self, title: str) -> Template:
        """The kind of meeting whose longest word stands in a title, else the usual one."""
        plain = unicodedata.normalize("NFKC", title)
        found = [
            (len(word), kind.meeting)
            for kind in self.kinds.values()
            for word in (kind.meeting, *kind.words)
            if word in plain
        ]
        return self.kinds[max(found)[1] if found else USUAL]

    def named(self, text: str) -> tuple[str, str]:
        """The kind of meeting and the form of record a text names; empty what it does not."""
        plain = unicodedata.normalize("NFKC", text)
        meeting = next((kind for kind in sorted(self.kinds, key=len)[::-1] if kind in plain), "")
        forms = {form for kind in self.kinds.values() for form in kind.records}
        said = [
            (len(word), form)
            for form in forms
            for word in (form, *SAID_FOR.get(form, ()))
            if word in plain
        ]
        return meeting, max(said)[1] if said else ""

    def find(self, meeting: str, record: str = "") -> tuple[Template, str]:
        """A template and the form of record. Raises BadInput naming those there are."""
        template = self.kinds.get(meeting)
        if template is None:
            raise BadInput(
                "unknown meeting",
                remedy=f"「{meeting}」というひな形はありません。{'・'.join(self.kinds)} "
                "のどれかを指定してください。",
            )
        form = record or template.record
        if form not in template.records:
            raise BadInput(
                "unknown record",
                remedy=f"{meeting}の様式は {'・'.join(template.records)} です。"
                f"「{form}」はありません。",
            )
        return template, form


def load(folder: Path) -> Templates:
    """Read the shipped templates and the workspace's own in `folder/templates`.

    Raises BadInput with every mistake of every file and what to do about each.
    """
    kinds = dict(_shipped())
    mistakes: list[str] = []
    own = folder / "templates"
    for path in sorted(own.glob("*.y*ml")) if own.is_dir() else ():
        template, wrong = _read(path)
        mistakes += [f"{path.name}：{mistake}" for mistake in wrong]
        if template is not None:
            kinds[template.meeting] = template
    if mistakes:
        raise BadInput(
            "templates",
            remedy="議事録のひな形にまちがいがあります。直してから、もう一度お試しください。\n"
            + "\n".join(f"- {mistake}" for mistake in mistakes),
        )
    return Templates(kinds)


@cache
def _shipped() -> Mapping[str, Template]:
    read = [_read(path) for path in sorted(SHIPPED.glob("*.yaml"))]
    return {template.meeting: template for template, _ in read if template is not None}


def _read(path: Path) -> tuple[Template | None, list[str]]:
    """A template, or what is wrong with its file."""
    try:
        if path.stat().st_size > LARGEST_BYTES:
            return None, ["大きすぎます（64KBまで）。ひな形のファイルか確かめてください。"]
        values = yaml.safe_load(path.read_text(encoding="utf-8-sig"))
    except UnicodeDecodeError:
        return None, ["文字が読めません。UTF-8 で保存し直してください。"]
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f"{mark.line + 1}行目のあたり" if mark else "どこか"
        return None, [f"{where}の書き方が違います。「:」の後ろの空白と、字下げを確かめてください。"]
    if not isinstance(values, dict):
        return None, ["「meeting: 会議の種類」の形で始めてください。"]
    mistakes = list(_mistakes(values))
    return (None, mistakes) if mistakes else (_template(values), [])


def _template(values: Mapping[str, Any]) -> Template:
    records = {
        str(name): Record(
            str(about.get("title") or "議事録"), tuple(_sections(about.get("sections")))
        )
        for name, about in values["records"].items()
    }
    return Template(
        meeting=str(values["meeting"]).strip(),
        words=tuple(str(word) for word in _list(values.get("words"))),
        names=values.get("names", "氏名"),
        head=tuple(str(row) for row in _list(values.get("head")))
        or ("会議名", "日時", "場所", "出席者"),
        record=str(values.get("record") or next(iter(records))),
        records=records,
    )


def _mistakes(values: Mapping[str, Any]) -> Iterator[str]:
    """Everything wrong with a template, each with what to do."""
    yield from _unknown(values, KEYS)
    if not isinstance(values.get("meeting"), str) or not values["meeting"].strip():
        yield "meeting がありません。「meeting: 審議会」のように会議の種類を書いてください。"
    if values.get("names", "氏名") not in NAMES:
        yield f"names は {'・'.join(NAMES)} のどれかにしてください。"
    for key in ("words", "head"):
        if not isinstance(values.get(key, ""), str | list):
            yield f"{key} は「、」で区切って書いてください。"
    records = values.get("records")
    if not isinstance(records, dict) or not records:
        yield "records がありません。「全文記録」「要点記録」などの様式を一つは書いてください。"
        return
    record = values.get("record")
    if record and record not in records:
        yield f"record の「{record}」が records にありません。どれかの様式の名前にしてください。"
    for name, about in records.items():
        if not isinstance(about, dict):
            yield f"「{name}」の下に title と sections を字下げして書いてください。"
            continue
        yield from (f"「{name}」の{mistake}" for mistake in _unknown(about, RECORD_KEYS))
        sections = list(_sections(about.get("sections")))
        if not sections:
            yield f"「{name}」の sections がありません。「決定、対応」のように書いてください。"
        for part, _ in sections:
            if part not in PARTS:
                near = get_close_matches(part, PARTS, 1, 0.5)
                hint = f"「{near[0]}」のことですか。" if near else ""
                yield (
                    f"「{name}」の sections に「{part}」は使えません。{hint}"
                    f"使えるのは {'・'.join(PARTS)} です。"
                )


def _unknown(values: Mapping[Any, Any], known: Iterable[str]) -> Iterator[str]:
    keys = tuple(known)
    for key in values:
        if key not in keys:
            near = get_close_matches(str(key), keys, 1, 0.5)
            hint = (
                f"「{near[0]}」のことですか。" if near else f"使えるのは {'・'.join(keys)} です。"
            )
            yield f"「{key}」というキーはありません。{hint}"


def _sections(given: Any) -> Iterator[tuple[str, str]]:
    """(part, heading) of each section; without a heading of its own the part's name."""
    for each in _list(given):
        if isinstance(each, dict):
            for part, heading in each.items():
                yield str(part), str(heading or part)
        else:
            yield str(each), str(each)


def _list(given: Any) -> list[Any]:
    if isinstance(given, str):
        return [word.strip() for word in given.replace(",", "、").split("、") if word.strip()]
    return list(given) if isinstance(given, list) else []
