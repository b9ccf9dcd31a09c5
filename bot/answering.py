"""An answer from found passages: by a model when there is one, else the passages themselves.

Shared by manual search and by every skill that is only a SKILL.md. Both ways end in the same
shape: sentences with 〔n〕 and the sources they point to.
"""

from __future__ import annotations

from collections.abc import Sequence

from bot.contract import Context
from bot.errors import ModelFailed, NoModel
from bot.evidence import check
from bot.messages import Message, Reply, Source
from bot.ports import Passage

QUOTE_CHARACTERS = 240
OFFLINE_NOTICE = "文書の該当箇所をそのまま示しています。AIによる文章は含みません。"
FALLBACK_NOTICE = "AIの応答が得られなかったため、文書の該当箇所をそのまま示しています。"
UNSUPPORTED_NOTICE = "AIの回答に根拠を確認できなかったため、文書の該当箇所をそのまま示しています。"
UNSURE_NOTICE = "AIは答えを見つけられませんでした。近い箇所をそのまま示しています。"
CUT = "長さの上限で途中までになっています。"
FOUND = "該当する箇所が見つかりました。"
NEAR_ONLY = "はっきりした答えは見つかりませんでした。関係がありそうな箇所をお示しします。"
NO_MODEL_NOTICES = {
    "policy": "機密性の定めによりAIは使わず、文書の該当箇所をそのまま示しています。",
    "budget": "今月のAI利用枠を使い切ったため、文書の該当箇所をそのまま示しています。",
}
MODEL_NOTICE = "AI（{engine}）が作成しました。出典を確認してからお使いください。"


async def answer_from(
    message: Message,
    context: Context,
    passages: Sequence[Passage],
    *,
    prompt: str = "answer",
    is_sure: bool = True,
) -> Reply:
    """Answer from passages, best first; at least one. `is_sure` is False when they are only near.

    With a model every sentence carries 〔n〕 and is checked against the passage it cites. A model
    that fails, or whose sentences have no support, gives way to the passages themselves, and the
    notice says so.
    """
    try:
        completion = await context.complete(
            prompt,
            {
                "question": message.text,
                "instructions": context.skill.instructions,
                "history": "\n".join(said.text for said in context.history if not said.by_bot),
            },
            passages=passages,
        )
    except NoModel as refusal:
        return quote(passages, is_sure, NO_MODEL_NOTICES.get(str(refusal), OFFLINE_NOTICE))
    except ModelFailed:
        return quote(passages, is_sure, FALLBACK_NOTICE)
    checked = check(completion.text, passages)
    if checked.nothing_supported and checked.says_not_found:
        return quote(passages, False, UNSURE_NOTICE)
    if checked.nothing_supported or not checked.cited:
        return quote(passages, is_sure, UNSUPPORTED_NOTICE)
    return Reply(
        text=checked.text,
        sources=tuple(source(passages[n - 1], n) for n in checked.cited),
        engine=completion.engine,
        notice=MODEL_NOTICE.format(engine=completion.engine) + (CUT if completion.cut else ""),
    )


def quote(passages: Sequence[Passage], is_sure: bool = True, notice: str = OFFLINE_NOTICE) -> Reply:
    """Answer with the best passage, the sentence that answers marked, and name the others."""
    best, *others = passages
    lines = [f"> {line}" for line in _marked(best).split("\n") if line.strip()]
    lines[-1] += "〔1〕"
    opening = FOUND if is_sure else NEAR_ONLY
    text = f"{opening}\n" + "\n".join(lines)
    if others:
        rest = "".join(f"〔{number}〕" for number in range(2, len(passages) + 1))
        text += f"\nほかに関係しそうな箇所：{rest}"
    return Reply(
        text=text,
        sources=tuple(source(passage, number) for number, passage in enumerate(passages, 1)),
        notice=notice,
        summary=best.marked or best.text[:QUOTE_CHARACTERS],
    )


def source(passage: Passage, number: int) -> Source:
    """Cite a passage: its marked sentence and what stands around it, to the letter."""
    return Source(
        number=number,
        document=passage.document,
        heading=passage.heading,
        quote=_excerpt(passage, QUOTE_CHARACTERS),
        passage_id=passage.id,
        page=passage.page,
        revised=passage.revised,
        label=passage.label,
    )


def _marked(passage: Passage) -> str:
    """The excerpt of a passage with the sentence that answers in bold."""
    excerpt = _excerpt(passage, 2 * QUOTE_CHARACTERS)
    if not passage.marked or passage.marked not in excerpt:
        return excerpt
    before, _, after = excerpt.partition(passage.marked)
    bold = "\n".join(f"**{line}**" if line.strip() else line for line in passage.marked.split("\n"))
    return f"{before}{bold}{after}"


def _excerpt(passage: Passage, limit: int) -> str:
    """At most `limit` characters of the text around its marked sentence."""
    text, marked = passage.text, passage.marked
    if len(text) <= limit:
        return text
    start = max(text.find(marked), 0) if marked else 0
    end = min(len(text), max(start + len(marked), start + limit * 2 // 3))
    start = max(0, min(start, end - limit))
    cut = text[start : min(end, start + limit)]
    return ("…" if start else "") + cut + ("…" if start + len(cut) < len(text) else "")
