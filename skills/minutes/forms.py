"""The forms under minutes: one item, its lines, the kind of document."""

from __future__ import annotations

from bot import BadInput, Field, Form
from skills.minutes.drafts import IN_CHAT
from skills.minutes.minutes import Minutes
from skills.minutes.templates import Templates

MOST_CHOICES = 90
EDIT, EVIDENCE, TEMPLATE, UNDISCLOSE = (
    "minutes/edit",
    "minutes/evidence",
    "minutes/template",
    "minutes/undisclose",
)
CHANGE_IT, DROP_IT, ADD = "この項目を直す", "この項目を消す", "新しく加える："
ADDABLE = {"決定": "decision", "対応": "action", "残った論点": "open"}


def edit_form(minutes: Minutes, number: int = 0) -> Form:
    """Change, add or drop one item; with a number its words are filled in."""
    choices = _choices(minutes)
    chosen = next((choice for choice in choices if number_of(choice) == number), "")
    item = minutes.item(number) if number else {"text": "", "owner": "", "due_text": ""}
    whats = (CHANGE_IT, DROP_IT, *(ADD + kind for kind in ADDABLE))
    fields = [
        Field("what", "すること", "choice", choices=whats, value=CHANGE_IT),
        Field("text", "本文", "text", False, value=item["text"], hint="空欄なら変えません。"),
        Field("owner", "担当", required=False, value=item["owner"]),
        Field("due", "期限", required=False, value=item["due_text"], hint="12月10日、来週金曜日"),
    ]
    if choices:
        fields.insert(1, Field("item", "項目", "choice", False, choices, value=chosen))
    return Form(f"{EDIT} {minutes.key}", "項目を直す", tuple(fields), submit="直す")


def evidence_form(minutes: Minutes) -> Form | None:
    """Which item's lines to show; None when there is no item."""
    choices = _choices(minutes)
    if not choices:
        return None
    return Form(
        f"{EVIDENCE} {minutes.key}",
        "根拠を見る",
        (Field("item", "項目", "choice", choices=choices),),
        submit="見る",
    )


def template_form(minutes: Minutes, known: Templates) -> Form:
    """The kind of meeting and the form of record."""
    records = dict.fromkeys(form for kind in known.kinds.values() for form in kind.records)
    meetings = tuple(known.kinds)
    return Form(
        f"{TEMPLATE} {minutes.key}",
        "様式を変える",
        (
            Field("meeting", "会議の種類", "choice", choices=meetings, value=minutes.meeting),
            Field("record", "様式", "choice", choices=tuple(records), value=minutes.record),
        ),
        submit="変える",
    )


def undisclose_form(minutes: Minutes) -> Form:
    """Why the line about the model is left out."""
    field = Field("reason", "外す理由", "text", hint="記録に残ります。")
    return Form(f"{UNDISCLOSE} {minutes.key}", "AIの表示を外す", (field,))


def _choices(minutes: Minutes) -> tuple[str, ...]:
    shown = [item for kind in IN_CHAT for item in minutes.of_kind(kind)]
    return tuple(f"{item['number']}．{item['text'][:48]}" for item in shown[:MOST_CHOICES])


def number_of(choice: str) -> int:
    """The number of a chosen item. Raises BadInput when none was chosen."""
    number = choice.partition("．")[0]
    if not number.isdecimal():
        raise BadInput("no item", remedy="直す項目を選んでください。")
    return int(number)
