"""Drafts in the chat: a form, and minutes later a document to check and to export to Word."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from bot import Context, Form, Message, Reply, skill

# Word and YAML take time to load: only those who draft wait for it, not every question.


def ask(name: str, values: Mapping[str, str], folder: Path) -> Form | None:
    """The form to show next; see `skills/draft/forms.py`."""
    from skills.draft import forms

    return forms.ask(name, values, folder)


@skill(ask=ask)
async def draft(message: Message, context: Context) -> Reply:
    """Make or change a draft, roll last year's forward, find past records, check a document."""
    from skills.draft import checking, desk, records, rolling

    if rolling.is_meant(message):
        return await rolling.answer(message, context)
    if records.is_meant(message):
        return await records.answer(message, context)
    if checking.is_meant(message):
        return await checking.answer(message, context)
    return await desk.answer(message, context)
