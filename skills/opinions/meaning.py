"""Topics by the nearness of meaning, with an embedding model: its cost is shown first.

The result by words is there before, and stays whenever the model gives nothing.
"""

from __future__ import annotations

import asyncio

from bot import Context, Message, ModelFailed, NoModel, Reply
from skills.opinions import start, work
from skills.opinions.orders import Order, button
from skills.opinions.replies import MASKED_LABEL
from skills.opinions.runs import Run

NO_MODEL = (
    "いまは意味の近さで分けられません（モデルが設定されていないか、この機密性の意見を渡せない場所に"
    "あるか、今月の利用量の上限です）。話題は、いまの分け方のままです。"
)
FAILED = "モデルが応答しないため、分け直せませんでした。話題は、いまの分け方のままです。"


async def regroup(order: Order, run: Run, message: Message, context: Context) -> Reply:
    """Say what it would cost; with the second press, group again. Edits are applied anew."""
    if not context.embedding_model:
        return Reply(NO_MODEL, status="help")
    analysis, _ = run.whole
    packed = await context.open(analysis)
    texts = await context.compute(work.texts, packed)
    if order.values.get("sure") != "yes":
        return await _cost(run, texts, context)
    try:
        vectors = await context.embed(texts, label=MASKED_LABEL)
    except NoModel:
        return Reply(NO_MODEL, status="help")
    except ModelFailed:
        again = button("もう一度試す", "meaning", run.id)
        return Reply(FAILED, actions=(again,), status="help")
    await context.progress("話題に分け直しています…", stoppable=True)
    engine = context.embedding_model
    packed, overview = await context.compute(work.group_again, packed, vectors, engine, run.edits)
    return await start.finish(context, run, packed, overview)


async def _cost(run: Run, texts: list[str], context: Context) -> Reply:
    # Tens of thousands of texts take a second to count.
    tokens = await asyncio.to_thread(lambda: sum(map(context.count, texts)))
    return Reply(
        f"論点{len(texts):,}件（個人情報は伏せたもの。同じ文は一度だけ）を"
        f" {context.embedding_model} に送り、話題を意味の近さで分け直します。\n"
        f"送る量は約{tokens:,}トークンです。それまでの編集は、あてはまる話題に引き継ぎます。",
        actions=(button(f"約{tokens:,}トークンを送る", "meaning", run.id, "primary", sure="yes"),),
        status="help",
    )
