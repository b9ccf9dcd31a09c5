"""What runs a skill that is only a SKILL.md: its instructions, and what its references say."""

from __future__ import annotations

from bot.answering import answer_from
from bot.contract import PLAIN_PROMPTS, Context
from bot.messages import Message, Reply

ENOUGH = 0.15


async def follow(message: Message, context: Context) -> Reply:
    """Answer from the skill's own SKILL.md and references; an empty question shows what it is."""
    skill = context.skill
    if not message.text.strip() or message.text.strip() == skill.title:
        return Reply(
            f"**{skill.title}**\n{skill.description}", suggestions=skill.examples[:3], status="help"
        )
    passages = await context.find(message.text, collection=skill.own_collection)
    fitting = [passage for passage in passages if passage.coverage >= ENOUGH][:4]
    if fitting:
        return await answer_from(message, context, fitting, prompt=PLAIN_PROMPTS[0])
    return Reply(
        f"「{skill.title}」の資料には見つかりませんでした。\n"
        "- 言葉を変えて聞いてください（例：正式な名前、様式の名前）。\n"
        f"- この機能の説明：{skill.description}",
        suggestions=skill.examples[:3],
        status="not_found",
    )
