"""Manual search: the passages that answer, quoted with their place."""

from __future__ import annotations

from collections.abc import Sequence

from bot import Context, Message, Passage, Reply, answer_from, skill

# How much of a question a passage must hold to be shown at all, and to be shown as an answer.
# Chosen on the development half of the sample questions (tests/bench/answers.py).
NEAR = 0.15
SURE = 0.35
SHOWN = 4
NO_DOCUMENTS = (
    "検索できる文書がまだ登録されていません。\n"
    "管理者に、文書の登録と、あなたが読める機密性の確認をご依頼ください。"
)
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
    query = _with_thread(question, context)
    passages = await context.find(query, top=SHOWN + 4)
    fitting = [passage for passage in passages if passage.coverage >= NEAR][:SHOWN]
    if not fitting and not await context.has_documents():
        return Reply(NO_DOCUMENTS, status="not_found")
    if not fitting:
        return _not_found(context, passages)
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


def _with_thread(question: str, context: Context) -> str:
    """A short follow-up, 「半日でも取れますか」, is searched with the question before it."""
    earlier = [said.text for said in context.history if not said.by_bot and said.text.strip()]
    if earlier and len(question) <= FOLLOW_UP_CHARACTERS:
        return f"{question}\n{earlier[-1][:200]}"
    return question


def _ask_back(context: Context) -> Reply:
    return Reply(
        "何をお調べしますか。ふだんの言葉で質問してください。",
        suggestions=context.skill.examples[:3],
        status="help",
    )


def _not_found(context: Context, passages: Sequence[Passage]) -> Reply:
    """Say so, and what to try: never a guess."""
    near = list(dict.fromkeys(passage.document for passage in passages))[:3]
    lines = [
        "登録されている文書には、お探しの内容は見つかりませんでした。次のことをお試しください。",
        "- 正式な名前や、文書に出てきそうな言葉に言い換える",
        "- 一度に一つのことを聞く",
        "- その事務の担当課に確認する（文書が未登録のこともあります）",
    ]
    if near:
        lines.append(f"近い言葉が出てくる文書：{'、'.join(near)}")
    return Reply("\n".join(lines), suggestions=context.skill.examples[:3], status="not_found")
