"""Names and summaries by a model: its cost is shown first, and a person adopts them.

What the model calls its grounds must stand word for word in the opinions it read; a proposal with
none is thrown away. Every topic is kept when it is done, so that a failure costs only the rest.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from pydantic import BaseModel

from bot import BadInput, Context, Message, ModelFailed, NoModel, Passage, Reply
from skills.opinions import desk, work
from skills.opinions.editing import LONGEST_LABEL
from skills.opinions.orders import Order, button
from skills.opinions.overview import Line
from skills.opinions.replies import MASKED_LABEL
from skills.opinions.runs import Run

MOST_TOPICS = 30
LONGEST_SUMMARY = 120
MOST_TOKENS = 300
# A shorter quote is an ending that stands in any text.
LEAST_QUOTE = 8
# The prompt's own words, besides the opinions.
PROMPT_TOKENS = 450
NO_MODEL = (
    "いまはモデルを使えません（設定されていないか、この機密性の意見を渡せない場所にあります）。"
    "話題の名前と代表の意見は、モデルなしの結果をそのままお使いください。"
)


class Proposal(BaseModel):
    """What the model answers."""

    label: str
    summary: str
    quotes: list[str]


@dataclass(frozen=True, slots=True)
class Sample:
    """A topic and the opinions of it that the model reads; `key` is where its answer is kept."""

    line: Line
    texts: tuple[str, ...]
    key: str


async def naming(order: Order, run: Run, message: Message, context: Context) -> Reply:
    """Say what it would cost; with the second press, ask."""
    if not context.model:
        return Reply(NO_MODEL, status="help")
    samples = await _samples(run, context)
    waiting = [sample for sample in samples if await context.kept(sample.key) is None]
    if order.values.get("sure") != "yes" and waiting:
        read = sum(context.count("\n".join(sample.texts)) + PROMPT_TOKENS for sample in waiting)
        return Reply(
            f"{len(waiting)}話題について、意見（個人情報は伏せたもの）を {context.model} に送り、"
            f"名前と要約の案を作ります。\n"
            f"送る量は約{read:,}トークン、答えは最大{MOST_TOKENS * len(waiting):,}トークンです。",
            actions=(button(f"約{read:,}トークンを送る", "naming", run.id, "primary", sure="yes"),),
            status="help",
        )
    try:
        failed = await _ask_all(waiting, context)
    except NoModel:
        return Reply(NO_MODEL, status="help")
    kept = [(sample, await context.kept(sample.key)) for sample in samples]
    return _told(run, [(sample, answer) for sample, answer in kept if answer], failed)


async def adopt(order: Order, run: Run, message: Message, context: Context) -> Reply:
    """Give the topics the proposed names: an edit like any other, taken back as one."""
    labels = {}
    for sample in await _samples(run, context):
        answer = await context.kept(sample.key)
        label = answer["label"] if answer else ""
        if label and label != sample.line.label and not sample.line.is_locked:
            labels[sample.line.id] = label
    if not labels:
        raise BadInput("nothing to adopt", remedy="変える名前はありません。")
    run = await desk.change(context, message, run, "names", {"labels": labels})
    return Reply(
        f"{len(labels)}話題の名前を変えました。",
        actions=(
            button("元に戻す", "undo", run.id),
            button("話題の一覧", "topics", run.id),
        ),
        status="help",
    )


async def _samples(run: Run, context: Context) -> list[Sample]:
    analysis, overview = run.whole
    lines = overview.wholes[:MOST_TOPICS]
    packed = await context.open(analysis)
    found = await context.compute(work.samples, packed, run.edits, [line.id for line in lines])
    samples = []
    for line in lines:
        texts = tuple(found[line.id])
        digest = sha256("\n".join((context.model, *texts)).encode()).hexdigest()[:24]
        samples.append(Sample(line, texts, f"named/{run.id}/{digest}"))
    return samples


async def _ask_all(waiting: Sequence[Sample], context: Context) -> int:
    """Ask about each topic; returns how many are left because the model failed."""
    for at, sample in enumerate(waiting):
        told = f"{at + 1}／{len(waiting)}話題の名前と要約を考えています…"
        await context.progress(told, stoppable=True)
        await context.stop_if_asked()
        try:
            answer = await _ask(sample, context)
        except ModelFailed:
            return len(waiting) - at
        await context.keep(sample.key, answer)
    return 0


async def _ask(sample: Sample, context: Context) -> Mapping[str, Any]:
    """The checked proposal for one topic; without a label when it does not hold."""
    passages = [
        Passage(f"opinion-{at}", "", "", text, label=MASKED_LABEL)
        for at, text in enumerate(sample.texts)
    ]
    completion = await context.complete(
        "name", {}, passages=passages, schema=Proposal, max_tokens=MOST_TOKENS
    )
    proposal: Proposal = completion.value
    quotes = [quote for quote in proposal.quotes if _stands_in(quote, sample.texts)]
    label, summary = proposal.label.strip(), " ".join(proposal.summary.split())
    holds = quotes and 0 < len(label) <= LONGEST_LABEL and 0 < len(summary) <= LONGEST_SUMMARY
    if not holds:
        return {"label": "", "summary": "", "quotes": [], "engine": completion.engine}
    return {
        "label": label,
        "summary": summary,
        "quotes": quotes[:3],
        "engine": completion.engine,
    }


def _stands_in(quote: str, texts: Sequence[str]) -> bool:
    return len(quote) >= LEAST_QUOTE and any(quote in text for text in texts)


def _told(run: Run, answers: Sequence[tuple[Sample, Mapping[str, Any]]], failed: int) -> Reply:
    lines = ["**話題の名前と要約の案**（AIによる案。根拠の文は元の意見のとおりです）"]
    dropped = sum(not answer["label"] for _, answer in answers)
    for sample, answer in answers:
        if answer["label"]:
            lines.append(
                f"- {sample.line.number}. {sample.line.label} → **{answer['label']}**"
                f"：{answer['summary']}（根拠「{'」「'.join(answer['quotes'])}」）"
            )
    if dropped:
        lines.append(f"{dropped}話題の案は、根拠を元の意見で確かめられないため捨てました。")
    actions = []
    if failed:
        lines.append(
            f"モデルが応答しないため、{failed}話題が残っています。済んだ分は残してあります。"
        )
        actions.append(button("残りを続ける", "naming", run.id))
    if len(answers) > dropped:
        actions.append(button("この名前を使う", "adopt", run.id, "primary"))
    engine = next((answer["engine"] for _, answer in answers), "offline")
    return Reply("\n".join(lines), actions=tuple(actions), status="help", engine=engine)
