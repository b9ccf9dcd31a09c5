"""A form as a Teams dialog. Pure, like the cards.

The dialog carries its own definition there and back: any replica can check what was filled in, and
a restart between opening and sending loses nothing. A person who tampers with it changes their own
dialog only.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from bot.adapters.teams.cards import Element, card_of, inert, line, markdown_safe
from bot.adapters.teams.messages import FORM
from bot.messages import Field, Form, load_form


def form_card(form: Form, turn: str) -> dict[str, Any]:
    """The dialog of a form. It carries its own definition, so any replica can check the answer."""
    body: list[Element] = []
    for field in form.fields:
        body.append(_input(field))
        if field.problem:
            body.append(line(field.problem, color="Attention"))
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
        form = load_form(data)  # type: ignore[arg-type]  # what is not a dictionary raises
    except (TypeError, KeyError, ValueError):
        return None
    texts = [form.name, form.title, form.submit]
    for field in form.fields:
        texts += [field.name, field.title, field.kind, field.hint, field.value, *field.choices]
    return form if all(isinstance(text, str) for text in texts) else None


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
