"""Drafts in the chat: checks of a document somebody hands over."""

from __future__ import annotations

from bot import Context, Message, Reply, skill

# YAML and patterns take time to load: only those who draft wait for it, not every question.


@skill
async def draft(message: Message, context: Context) -> Reply:
    """Check the attached document."""
    from skills.draft import checking

    return await checking.answer(message, context)
