"""Opinion triage in the chat: a file into topics, and topics into a 結果表 to stand behind."""

from __future__ import annotations

from dataclasses import replace

from bot import Context, Message, Reply, skill

# The grouping takes half a second to load: only those who sort opinions wait for it.


@skill
async def sort_opinions(message: Message, context: Context) -> Reply:
    """Triage an attached file, or work on what came of one; the asker alone reads it."""
    from skills.opinions import triage

    reply = await triage.answer(message, context)
    return replace(reply, is_private=message.place.visibility != "direct")
