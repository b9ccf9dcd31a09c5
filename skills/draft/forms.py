"""What is asked for a document, and whether what was given can be used."""

from __future__ import annotations

import re
from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path

import yaml

from bot import BadInput, Field, Form
from skills.draft import flow, kinds, wareki
from skills.draft.kinds import Kind, Slot, listed

KIND = "文書の種類"
OFFICE = "office.yaml"
EMPTY_HINT = "空欄は【要記入】になります"
DROPPED_HINT = "空欄なら書きません"
MOST_CHOICES = 100
# What a message carries beside the fields of its form.
RESERVED = ("form", "turn", "value", "text", "from")
REASON = "理由"
WHY_DISCLOSURE = (
    "AIを利用したことの記載を外す理由を入力してください。理由と、外した人は記録に残ります。"
)
LEAST_REASON = 5
_SAID = re.compile(r"^\s*([^：:\n]{1,12})[：:]\s*(.+)$", re.MULTILINE)


def kind_form(own: Path) -> Form:
    """Which kind of document: the first thing that is asked."""
    names = tuple(listed(own))[:MOST_CHOICES]
    return Form("draft", "文書の下書き", (Field(KIND, KIND, "choice", choices=names),), "次へ")


def form(kind: Kind, values: Mapping[str, str], name: str) -> Form:
    """The inputs of one kind, filled with what is known."""
    fields = tuple(_field(slot, values.get(slot.name, slot.value)) for slot in kind.slots)
    return Form(name, f"{kind.title}の下書き", fields, "下書きを作る")


def _field(slot: Slot, value: str) -> Field:
    hint = slot.hint
    if not slot.required and not slot.choices:
        empty = DROPPED_HINT if slot.optional else EMPTY_HINT
        hint = f"{hint}（{empty}）" if hint else empty
    kinds = {"line": "line", "date": "date", "choice": "choice"}
    return Field(
        slot.name,
        slot.name,
        kinds.get(slot.kind, "text"),  # type: ignore[arg-type]  # one of the four
        required=slot.required,
        choices=slot.choices,
        hint=hint,
        value=value,
    )


def office_values(own: Path) -> dict[str, str]:
    """What is the same in every document of the office: sender, section, telephone.

    Raises BadInput when office.yaml cannot be read.
    """
    path = own / OFFICE
    if not path.exists():
        return {}
    try:
        given = yaml.safe_load(path.read_text(encoding="utf-8")) or {}
    except (UnicodeDecodeError, yaml.YAMLError):
        given = None
    if not isinstance(given, dict):
        raise BadInput("office.yaml", remedy=f"{OFFICE} を「欄の名前: 値」の形で書いてください。")
    return {str(name): str(value).strip() for name, value in given.items()}


def clean(
    kind: Kind, given: Mapping[str, str], office: Mapping[str, str]
) -> tuple[dict[str, str], dict[str, str]]:
    """Values by slot name, dates as ISO, and what is wrong by the name that was given.

    A slot without a value takes the office's, then the form's own default.
    """
    values: dict[str, str] = {}
    problems: dict[str, str] = {}
    for name, text in given.items():
        slot = kind.slot(name)
        if slot is None:
            problems[name] = _no_field(kind, name)
        elif text.strip():
            values[slot.name], problem = _checked(slot, text.strip())
            if problem:
                problems[slot.name] = problem
    for slot in kind.slots:
        known = {name: office[name] for name in (slot.name, *slot.also) if office.get(name)}
        if not values.get(slot.name):
            values[slot.name] = next(iter(known.values()), slot.value)
        if slot.required and not values[slot.name]:
            problems[slot.name] = "入力してください。"
    return values, problems


def usable(kind: Kind, given: Mapping[str, str], office: Mapping[str, str]) -> dict[str, str]:
    """Values by slot name. Raises BadInput that lists everything that is wrong."""
    values, problems = clean(kind, given, office)
    if problems:
        lines = "\n".join(f"- {name}：{problem}" for name, problem in problems.items())
        raise BadInput("draft fields", remedy=f"{kind.title}の次の欄を確認してください。\n{lines}")
    return values


def _no_field(kind: Kind, name: str) -> str:
    known = {other: slot.name for slot in kind.slots for other in (slot.name, *slot.also)}
    near = get_close_matches(name, list(known), n=1, cutoff=0.5)
    if near:
        return f"この欄はありません。「{known[near[0]]}」のことですか。"
    return f"この欄はありません。使える欄は {'、'.join(slot.name for slot in kind.slots)} です。"


def _checked(slot: Slot, text: str) -> tuple[str, str]:
    """The value as it is kept, and what is wrong with it."""
    if slot.kind == "date":
        try:
            return wareki.parse(text).isoformat(), ""
        except ValueError as error:
            return text, str(error)
    if slot.choices and text not in slot.choices:
        return text, f"{'、'.join(slot.choices)} のどれかを選んでください。"
    if slot.kind == "line" and "\n" in text:
        return text, "一行で入れてください。"
    if len(text) > slot.longest:
        return text, f"{slot.longest}文字までで入れてください（今は{len(text)}文字）。"
    return text, ""


def ask(name: str, values: Mapping[str, str], own: Path) -> Form | None:
    """The form to show next: which kind, what goes into it, what is wrong with it.

    Names of forms: "draft", "draft/write/<kind>[/<draft>]", "draft/sample/<kind>",
    "draft/check/<draft>/<version>", "draft/disclosure/<draft>/<version>".
    """
    _, step, rest = [*name.split("/", 2), "", ""][:3]
    given = {key: value for key, value in values.items() if key not in RESERVED}
    if not step:
        chosen = given.get(KIND, "") or values.get("text", "").strip()
        return _opened(chosen, own) if chosen else kind_form(own)
    if step == "write":
        return _written(name, rest.partition("/")[0], given, own)
    if step == "check":
        shown, wrong = checklist(name), flow.unticked(given)
        return shown.filled(given, wrong) if wrong else None
    if step == "disclosure" and len(given.get(REASON, "").strip()) < LEAST_REASON:
        return disclosure(name).filled(given, {REASON: "理由を5文字以上で入力してください。"})
    return None


def _opened(chosen: str, own: Path) -> Form:
    """The form of a kind, with what the office always puts there."""
    kind = kinds.find(chosen, own)
    values, _ = clean(kind, {}, office_values(own))
    return form(kind, values, f"draft/write/{kind.name}")


def _written(name: str, chosen: str, given: Mapping[str, str], own: Path) -> Form | None:
    kind = kinds.find(chosen, own)
    values, problems = clean(kind, given, office_values(own))
    if not problems:
        return None
    shown = form(kind, values, name)
    extra = tuple(Field(key, key, required=False) for key in problems if kind.slot(key) is None)
    return Form(shown.name, shown.title, shown.fields + extra, shown.submit).filled(
        {**given, **values}, problems
    )


def checklist(name: str) -> Form:
    """The four items that a person ticks."""
    fields = tuple(
        Field(item, item, "choice", choices=(flow.NOT_YET, flow.DONE), hint=about)
        for item, about in flow.CHECKLIST.items()
    )
    return Form(name, "四つを確認する", fields, "確認する")


def disclosure(name: str) -> Form:
    """Why the line about AI is taken off."""
    fields = (Field(REASON, REASON, "text", hint="例：AIの文章は使わず、全文を書き直したため"),)
    return Form(name, "AI利用の記載を外す", fields, "外す")


def spoken(kind: Kind, said: str) -> dict[str, str]:
    """「件名：…」 lines of a message that name a field of the kind."""
    found: dict[str, str] = {}
    for name, value in _SAID.findall(said):
        slot = kind.slot(name.strip())
        if slot is not None:
            found[slot.name] = "\n".join(filter(None, (found.get(slot.name), value.strip())))
    return found
