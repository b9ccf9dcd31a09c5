"""Drafts in the chat: a document is checked, rolled forward, or held against past records."""

from __future__ import annotations

from bot import Context, Message, Reply, skill

# YAML, Word and patterns take time to load: only those who draft wait for it, not every question.


@skill
async def draft(message: Message, context: Context) -> Reply:
    """Roll a document forward, show the records that are like the words, or check a document."""
    from skills.draft import checking, records, rolling

    if rolling.is_meant(message):
        return await rolling.answer(message, context)
    if records.is_meant(message):
        return await records.answer(message, context)
    return await checking.answer(message, context)
