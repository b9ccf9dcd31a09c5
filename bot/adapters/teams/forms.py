"""A form as a Teams dialog. Pure, like the cards.

The dialog carries its own definition there and back: any replica can check what was filled in, and
a restart between opening and sending loses nothing. A person who tampers with it changes their own
dialog only.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, replace
from typing import Any

from bot.adapters.teams.cards import Element, card_of, inert, line, markdown_safe
from bot.adapters.teams.messages import FORM
from bot.messages import Field, Form


def form_card(form: Form, turn: str, problem: str = "") -> dict[str, Any]:
    """The dialog of a form. It carries its own definition, so any replica can check the answer."""
    body: list[Element] = []
    if problem:
        body.append(line(problem, color="Attention"))
    body += [_input(field) for field in form.fields]
    data = {"name": form.name, "turn": turn, FORM: asdict(form)}
    submit = {
        "type": "Action.Submit",
        "title": inert(form.submit),
        "style": "positive",
        "data": data,
    }
    return {**card_of(body), "actions": [submit]}


def form_from(data: object) -> Form | None:
    """Read back the definition a dialog carries; None when it was tampered with."""
    try:
        values: dict[str, Any] = dict(data)  # type: ignore[call-overload]
        fields = tuple(
            Field(**{**field, "choices": tuple(field["choices"])}) for field in values["fields"]
        )
        form = Form(**{**values, "fields": fields})
    except (TypeError, KeyError, ValueError):
        return None
    texts = [form.name, form.title, form.submit]
    for field in fields:
        texts += [field.name, field.title, field.kind, field.hint, field.value, *field.choices]
    return form if all(isinstance(text, str) for text in texts) else None


def filled(form: Form, values: Mapping[str, str]) -> Form:
    """The form with what was typed so far."""
    fields = (replace(field, value=values.get(field.name, "")) for field in form.fields)
    return replace(form, fields=tuple(fields))


def missing(field: Field) -> str:
    """What to do about a required input that was left empty."""
    verb = "選んでください" if field.kind in ("choice", "date") else "入力してください"
    return f"「{markdown_safe(field.title)}」を{verb}。"


def _input(field: Field) -> Element:
    types = {"date": "Input.Date", "choice": "Input.ChoiceSet"}
    element: Element = {
        "type": types.get(field.kind, "Input.Text"),
        "id": field.name,
        "label": markdown_safe(field.title),
        "isRequired": field.required,
    }
    if field.required:
        element["errorMessage"] = missing(field)
    if field.value:
        element["value"] = inert(field.value)
    if field.hint:
        element["placeholder"] = inert(field.hint)
    if field.kind == "text":
        element["isMultiline"] = True
    if field.kind == "choice":
        element["style"] = "compact"
        element["choices"] = [
            {"title": markdown_safe(choice), "value": choice} for choice in field.choices
        ]
    return element
