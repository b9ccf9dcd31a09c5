"""Manual search: the passages that answer, quoted with their place."""

from __future__ import annotations

from collections.abc import Sequence

from bot import Context, Message, Passage, Reply, answer_from, skill

# How much of a question a passage must hold to be shown at all, and to be shown as an answer.
# Chosen on the development half of the sample questions (tests/bench/answers.py).
NEAR = 0.15
SURE = 0.35
SHOWN = 4
IN_JAPANESE = (
    "Nothing was found. The documents are in Japanese: please ask with Japanese words.\n"
    "登録されている文書は日本語です。日本語の言葉で質問してください。"
)
NO_DOCUMENTS = (
    "検索できる文書がまだ登録されていません。\n"
    "管理者に、文書の登録と、あなたが読める機密性の確認をご依頼ください。"
)
# A longer question stands by itself.
FOLLOW_UP_CHARACTERS = 25


@skill
async def search_manuals(message: Message, context: Context) -> Reply:
    """Look in attached files first, then in the office's documents."""
    question = message.text.strip()
    if not question and not message.attachments:
        return _ask_back(context)
    if message.attachments:
        found = await _search_files(message, context, question)
        if found:
            return await answer_from(message, context, found)
    earlier = context.earlier_question if len(question) <= FOLLOW_UP_CHARACTERS else ""
    passages = await context.find(question, top=SHOWN + 4, before=earlier)
    fitting = [passage for passage in passages if passage.coverage >= NEAR][:SHOWN]
    if not fitting and not await context.has_documents():
        return Reply(NO_DOCUMENTS, status="not_found")
    if not fitting:
        return _not_found(question, context)
    is_sure = any(passage.coverage >= SURE for passage in fitting)
    return await answer_from(message, context, fitting, is_sure=is_sure)


async def _search_files(message: Message, context: Context, question: str) -> Sequence[Passage]:
    passages: list[Passage] = []
    for attachment in message.attachments:
        await context.progress(f"{attachment.name} を読んでいます…")
        passages += await context.read(attachment)
    if not question:
        return passages[:SHOWN]
    ranked = await context.rank(question, passages, top=SHOWN)
    return [passage for passage in ranked if passage.coverage >= NEAR]


def _ask_back(context: Context) -> Reply:
    return Reply(
        "何をお調べしますか。ふだんの言葉で質問してください。",
        suggestions=context.skill.examples[:3],
        status="help",
    )


def _not_found(question: str, context: Context) -> Reply:
    """Say so, and what to try: never a guess."""
    if question.isascii():
        return Reply(IN_JAPANESE, suggestions=context.skill.examples[:3], status="not_found")
    lines = [
        "登録されている文書には、お探しの内容は見つかりませんでした。次のことをお試しください。",
        "- 正式な名前や、文書に出てきそうな言葉に言い換える",
        "- 一度に一つのことを聞く",
        "- その事務の担当課に確認する（文書が未登録のこともあります）",
    ]
    return Reply("\n".join(lines), suggestions=context.skill.examples[:3], status="not_found")
