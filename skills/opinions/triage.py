"""What is ordered of a file of opinions, and which function does it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping

from bot import BadInput, Context, Message, Reply
from skills.opinions import desk, inquiries, meaning, naming, orders, replies, runs, start
from skills.opinions.orders import Order
from skills.opinions.runs import Run

Handle = Callable[[Order, Run, Message, Context], Awaitable[Reply]]
HANDLERS: Mapping[str, Handle] = {
    "start": start.choose,
    "columns": start.show_columns,
    "files": start.redraw,
    "topics": desk.topics,
    "topic": desk.topic,
    "alone": desk.topic,
    "rename": desk.rename,
    "merge": desk.merge,
    "split": desk.split,
    "move": desk.move,
    "lock": desk.lock,
    "unlock": desk.unlock,
    "undo": desk.undo,
    "cross": desk.cross,
    "compare": desk.compare,
    "share": desk.share,
    "inquire": inquiries.inquire,
    "inquiries": inquiries.list_inquiries,
    "answer": inquiries.answer,
    "interim": inquiries.interim,
    "deadline": inquiries.deadline,
    "publish": inquiries.publish,
    "naming": naming.naming,
    "adopt": naming.adopt,
    "meaning": meaning.regroup,
}


async def answer(message: Message, context: Context) -> Reply:
    """Triage an attached file, or work on the run of this thread."""
    if message.kind == "reminder":
        return await inquiries.remind(message, context)
    if message.attachments:
        return await start.begin(message, context)
    order = orders.read(message)
    if order is None:
        if message.kind in ("button", "form"):
            raise BadInput("opinions button", remedy="もう一度ボタンを押してください。")
        return Reply(replies.HOW, status="help")
    if order.verb == "runs":
        return await desk.list_runs(message, context)
    if order.verb not in HANDLERS:
        raise BadInput("opinions button", remedy="もう一度ボタンを押してください。")
    run = await runs.find(context, message, order.run)
    return await HANDLERS[order.verb](order, run, message, context)
