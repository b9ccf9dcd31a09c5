"""The kinds of documents: a folder each, shipped in `kinds/` and overridden file by file.

    form.yaml       what is asked, and how the parts are put
    template.docx   the document with {{slots}}; more of them for variants
    prompt.md       how a model writes the body, in plain words
    sample.yaml     values to try it with

A folder of the same name in the workspace's own `kinds/` replaces the files it has; any other
folder there is a kind of its own. Adding one needs no Python.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from hashlib import sha256
from pathlib import Path
from typing import Any

import yaml

from bot import BadInput

SHIPPED = Path(__file__).parent / "kinds"
FORM, TEMPLATE, PROMPT, SAMPLE = "form.yaml", "template.docx", "prompt.md", "sample.yaml"
KEYS = (
    "title", "aliases", "description", "fields", "phrases", "body", "find", "day", "variant",
    "checks",
)  # fmt: skip
FIELD_KEYS = (
    "name", "kind", "required", "optional", "choices", "hint", "max", "value", "also", "numbering",
)  # fmt: skip
FIELD_KINDS = ("line", "text", "list", "date", "choice")
NUMBERINGS = ("", "1", "(1)", "ア", "・", "記")
MONTH = "月"
LONGEST = {"line": 200, "text": 3_000, "list": 3_000}


@dataclass(frozen=True, slots=True)
class Slot:
    """One value of a document, and the input that asks for it.

    Without a value a required slot stops the draft, an optional one drops its paragraph, and any
    other stands as 【要記入】. A list holds one item a line, numbered by `numbering`.
    """

    name: str
    kind: str = "line"
    required: bool = False
    optional: bool = False
    choices: tuple[str, ...] = ()
    hint: str = ""
    longest: int = 200
    value: str = ""
    also: tuple[str, ...] = ()
    numbering: str = ""


@dataclass(frozen=True, slots=True)
class Phrase:
    """A set phrase that depends on a choice (`by`), or on the month when `by` is 月."""

    by: str
    cases: Mapping[str, str]
    otherwise: str = ""


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of document. `body` is the slot that a model may write.

    `day` is the date slot that decides the season and the 年度.
    `variant` is the choice slot that picks another template: template-<choice>.docx.
    `digest` is the sha256 of all its files: which form a draft was made with.
    """

    name: str
    title: str
    description: str
    aliases: tuple[str, ...]
    slots: tuple[Slot, ...]
    phrases: Mapping[str, Phrase]
    body: str
    find: tuple[str, ...]
    day: str
    variant: str
    checks: tuple[str, ...]
    prompt: str
    sample: Mapping[str, str]
    templates: Mapping[str, bytes] = field(repr=False)
    digest: str

    def template(self, values: Mapping[str, str]) -> bytes:
        """The template for these values: of the chosen variant when it has one of its own."""
        chosen = values.get(self.variant, "") if self.variant else ""
        return self.templates.get(f"template-{chosen}.docx") or self.templates[TEMPLATE]

    def slot(self, name: str) -> Slot | None:
        """The slot of that name, or one that also goes by it."""
        return next((slot for slot in self.slots if name in (slot.name, *slot.also)), None)


def folders(own: Path) -> tuple[Path, Path]:
    """Where kinds are looked for: the workspace's folder first."""
    return own / "kinds", SHIPPED


def listed(own: Path) -> dict[str, str]:
    """Name → what it is for, of every kind; one that cannot be read says so."""
    found: dict[str, str] = {}
    for name in _names(own):
        about = _read_yaml(_path(own, name, FORM), [])
        described = about.get("description") if isinstance(about, dict) else None
        found[name] = str(described or "form.yaml を確認してください")
    return found


def find(word: str, own: Path) -> Kind:
    """Load the kind of that name or alias. Raises BadInput with those there are."""
    names = _names(own)
    wanted = word.strip()
    if wanted in names:
        return load(wanted, own)
    known = {alias: name for name in names for alias in (name, *_aliases(own, name))}
    if wanted in known:
        return load(known[wanted], own)
    near = get_close_matches(wanted, list(known), n=1, cutoff=0.4)
    hint = f"「{known[near[0]]}」のことですか。" if near else ""
    raise BadInput(
        "kind",
        remedy=f"「{wanted}」という種類の文書はありません。{hint}"
        f"作れるのは {'、'.join(names)} です。",
    )


def mentioned(text: str, own: Path) -> Kind | None:
    """The kind that a sentence names, by its longest name or alias; None when it names none."""
    known = {alias: name for name in _names(own) for alias in (name, *_aliases(own, name))}
    named = [word for word in known if len(word) > 1 and word.lower() in text.lower()]
    return load(known[max(named, key=len)], own) if named else None


def load(name: str, own: Path) -> Kind:
    """Read one kind. Raises BadInput with every mistake in its files at once."""
    mistakes: list[str] = []
    about = _read_yaml(_path(own, name, FORM), mistakes)
    sample = _read_yaml(_path(own, name, SAMPLE), mistakes)
    if not isinstance(about, dict) or not isinstance(sample, dict):
        mistakes.append(f"{FORM} と {SAMPLE} は「キー: 値」の形で書いてください。")
        about, sample = {}, {}
    mistakes += _unknown(about, KEYS, FORM)
    slots = tuple(_slot(item, n, mistakes) for n, item in enumerate(about.get("fields") or (), 1))
    phrases = _phrases(about.get("phrases") or {}, slots, mistakes)
    templates = _templates(own, name)
    mistakes += [
        f"{file} はマクロを含む形式です。マクロのない .docx で保存し直してください。"
        for file in templates
        if file.endswith(".docm")
    ]
    if TEMPLATE not in templates:
        mistakes.append(f"{TEMPLATE} がありません。Word で作って置いてください。")
    mistakes += _pointers(about, slots, sample)
    if mistakes:
        raise BadInput("kind", remedy=_listing(name, mistakes))
    prompt = _path(own, name, PROMPT)
    return Kind(
        name=name,
        title=str(about.get("title") or name),
        description=str(about.get("description") or ""),
        aliases=_words(about.get("aliases")),
        slots=slots,
        phrases=phrases,
        body=str(about.get("body") or ""),
        find=_words(about.get("find")),
        day=str(about.get("day") or ""),
        variant=str(about.get("variant") or ""),
        checks=_words(about.get("checks")),
        prompt=prompt.read_text(encoding="utf-8").strip() if prompt.exists() else "",
        sample={str(key): _text(value) for key, value in sample.items()},
        templates=templates,
        digest=_digest(own, name),
    )


def _listing(name: str, mistakes: Sequence[str]) -> str:
    lines = "\n".join(f"- {mistake}" for mistake in mistakes)
    return f"文書の種類「{name}」に直すところが{len(mistakes)}か所あります。\n{lines}"


def _names(own: Path) -> list[str]:
    """Every kind, the shipped ones in the order of use, then the office's own."""
    shipped = [name for name in ORDER if (SHIPPED / name).is_dir()]
    folder = own / "kinds"
    added = (
        sorted(path.name for path in folder.iterdir() if path.is_dir()) if folder.is_dir() else []
    )
    return [*shipped, *(name for name in added if name not in shipped)]


# By how often offices use them, letters first.
ORDER = (
    "通知", "依頼", "照会", "回答", "起案", "挨拶文", "メール", "想定問答", "会議次第",
    "プレスリリース", "企画書", "お知らせ",
)  # fmt: skip


def _path(own: Path, name: str, file: str) -> Path:
    first, shipped = (folder / name / file for folder in folders(own))
    return first if first.exists() else shipped


def _templates(own: Path, name: str) -> dict[str, bytes]:
    """Every template of a kind, the workspace's before the shipped."""
    found: dict[str, bytes] = {}
    for folder in reversed(folders(own)):
        for path in sorted((folder / name).glob("template*.doc[xm]")):
            found[path.name] = path.read_bytes()
    return found


def _digest(own: Path, name: str) -> str:
    digest = sha256()
    files = {path.name for folder in folders(own) for path in (folder / name).glob("*.*")}
    for file in sorted(files):
        digest.update(file.encode() + b"\0" + _path(own, name, file).read_bytes() + b"\0")
    return digest.hexdigest()


def _read_yaml(path: Path, mistakes: list[str]) -> Any:
    if not path.exists():
        if path.name == FORM:
            mistakes.append(f"{FORM} がありません。")
        return {}
    try:
        return yaml.safe_load(path.read_text(encoding="utf-8")) or {}
    except UnicodeDecodeError:
        mistakes.append(f"{path.name} を UTF-8 で保存し直してください。")
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f"{mark.line + 1}行目の近くを" if mark else ""
        mistakes.append(f"{path.name} の{line}読めません。字下げと「: 」を確認してください。")
    return {}


def _aliases(own: Path, name: str) -> tuple[str, ...]:
    about = _read_yaml(_path(own, name, FORM), [])
    return _words(about.get("aliases")) if isinstance(about, dict) else ()


def _unknown(values: Mapping[str, Any], known: Sequence[str], place: str) -> list[str]:
    """Keys that do not exist, with the one that was probably meant."""
    mistakes = []
    for key in values:
        if key in known:
            continue
        near = get_close_matches(str(key), known, n=1)
        hint = f"「{near[0]}」のことですか。" if near else f"使えるキーは {'、'.join(known)} です。"
        mistakes.append(f"{place}：「{key}」というキーはありません。{hint}")
    return mistakes


def _slot(item: Any, number: int, mistakes: list[str]) -> Slot:
    """Read one field of a form."""
    place = f"{FORM} の fields {number}番目"
    if not isinstance(item, dict) or not str(item.get("name") or "").strip():
        mistakes.append(f"{place}：name を書いてください。")
        return Slot(f"?{number}")
    name = str(item["name"]).strip()
    place = f"{FORM} の「{name}」"
    mistakes += _unknown(item, FIELD_KEYS, place)
    kind, numbering = str(item.get("kind", "line")), str(item.get("numbering", ""))
    choices = _words(item.get("choices"))
    if kind not in FIELD_KINDS:
        mistakes.append(f"{place}：kind は {'、'.join(FIELD_KINDS)} のどれかです。")
    if (kind == "choice") != bool(choices):
        mistakes.append(f"{place}：choices は kind: choice のときに、必ず書きます。")
    if numbering not in NUMBERINGS:
        mistakes.append(f"{place}：numbering は {'、'.join(NUMBERINGS[1:])} のどれかです。")
    if item.get("required") and item.get("optional"):
        mistakes.append(f"{place}：required と optional は、どちらか一つにしてください。")
    longest = item.get("max", LONGEST.get(kind, 200))
    if not isinstance(longest, int) or not 1 <= longest <= 10_000:
        mistakes.append(f"{place}：max は1から10000までの数で書いてください。")
        longest = 200
    return Slot(
        name=name,
        kind=kind,
        required=bool(item.get("required")),
        optional=bool(item.get("optional")),
        choices=choices,
        hint=str(item.get("hint") or ""),
        longest=longest,
        value=_text(item.get("value")),
        also=_words(item.get("also")),
        numbering=numbering,
    )


def _phrases(given: Any, slots: Sequence[Slot], mistakes: list[str]) -> dict[str, Phrase]:
    if not isinstance(given, dict):
        mistakes.append(f"{FORM} の phrases は「名前: {{by: …, cases: …}}」の形で書いてください。")
        return {}
    by_name = {slot.name: slot for slot in slots}
    found: dict[str, Phrase] = {}
    for name, about in given.items():
        place = f"{FORM} の phrases「{name}」"
        if not isinstance(about, dict) or not isinstance(about.get("cases"), dict):
            mistakes.append(f"{place}：by と cases を書いてください。")
            continue
        mistakes += _unknown(about, ("by", "cases", "otherwise"), place)
        by, cases = (
            str(about.get("by") or ""),
            {str(k): _text(v) for k, v in about["cases"].items()},
        )
        chosen = by_name.get(by)
        if by != MONTH and (chosen is None or not chosen.choices):
            mistakes.append(f"{place}：by は {MONTH} か、kind: choice の欄の名前です。")
        elif chosen is not None:
            mistakes += [
                f"{place}：「{case}」は「{by}」の choices にありません。"
                for case in cases
                if case not in chosen.choices
            ]
        found[str(name)] = Phrase(by, cases, _text(about.get("otherwise")))
    return found


def _pointers(
    about: Mapping[str, Any], slots: Sequence[Slot], sample: Mapping[str, Any]
) -> list[str]:
    """Names that point to no field, and names used twice."""
    names = [slot.name for slot in slots]
    mistakes = [f"{FORM}：「{name}」が二つあります。" for name in {*names} if names.count(name) > 1]
    pointed = [
        about.get("body"),
        about.get("day"),
        about.get("variant"),
        *_words(about.get("find")),
    ]
    mistakes += [
        f"{FORM}：「{name}」という欄は fields にありません。"
        for name in pointed
        if name and name not in names
    ]
    mistakes += [
        f"{SAMPLE}：「{name}」という欄は fields にありません。"
        for name in sample
        if name not in names
    ]
    if not slots:
        mistakes.append(f"{FORM}：fields に、欄を一つ以上書いてください。")
    return mistakes


def _words(value: Any) -> tuple[str, ...]:
    """A YAML list, or one word, as words."""
    items = value if isinstance(value, list) else [] if value is None else [value]
    return tuple(str(item).strip() for item in items)


def _text(value: Any) -> str:
    """A YAML value as text: a list is one item a line."""
    if isinstance(value, list):
        return "\n".join(_text(item) for item in value)
    return "" if value is None else str(value).strip()
