"""The chat page: questions in, answers with their sources out, with or without JavaScript.

A script of ours asks for lines (NDJSON): what the placeholder says, then the answer as the same
HTML a plain form post leads to.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence

from starlette.datastructures import UploadFile
from starlette.responses import JSONResponse, RedirectResponse, Response, StreamingResponse

from bot.messages import (
    LONGEST_QUESTION,
    Actor,
    Attachment,
    Kind,
    Message,
    Place,
    Reply,
    skill_of,
)
from bot.ports import Workspace
from bot.presses import STOP
from bot.web.conversation import Busy, Conversation, Conversations, Exchange
from bot.web.gate import NDJSON, refusal
from bot.web.rendering import Rendering
from bot.web.visit import Visit

FILE_BYTES = 20 * 1024 * 1024
# Room for the other fields and the parts' headers around one file of the largest size.
CHAT_BYTES = FILE_BYTES + 256 * 1024
Workspaces = Callable[[], Awaitable[Sequence[Workspace]]]


class ChatPages:
    """Answers the addresses under /chat."""

    def __init__(
        self,
        conversations: Conversations,
        rendering: Rendering,
        examples: Sequence[str],
        workspaces: Workspaces,
        default_workspace: str,
    ) -> None:
        self._conversations = conversations
        self._rendering = rendering
        self._examples = tuple(examples)[:3]
        self._workspaces = workspaces
        self._default_workspace = default_workspace

    async def show(self, visit: Visit) -> Response:
        """The page; with `?thread=` the conversation so far."""
        thread = visit.request.query_params.get("thread", "")
        conversation = self._conversations.find(thread, visit.owner) if thread else None
        notice = self._rendering.problem("no_thread")[1] if thread and not conversation else ""
        return await self._page(visit, conversation, notice=notice)

    async def ask(self, visit: Visit) -> Response:
        """Take a question. Without JavaScript the answer is a redirect to the conversation."""
        text = visit.text("text").replace("\r\n", "\n").strip()
        files, attachments = await _files(visit)
        problem = self._question_problem(text, attachments)
        if problem:
            return await self._sorry(visit, problem, text)
        conversation = await self._conversation(visit)
        if conversation is None:
            return await self._sorry(visit, self._rendering.problem("no_thread")[1], text)
        message = self._message(visit, conversation, text=text, attachments=attachments)
        return await self._start(visit, conversation, message, files, text)

    async def press(self, visit: Visit) -> Response:
        """Take a button or a form under an answer."""
        conversation = self._conversations.find(visit.text("thread"), visit.owner)
        pressed = conversation.exchange(visit.text("turn")) if conversation else None
        if conversation and pressed and visit.text("command") == STOP.name:
            return await self._stop(visit, conversation, pressed)
        if conversation is None or pressed is None or pressed.reply is None:
            return await self._sorry(visit, self._rendering.problem("no_thread")[1])
        command, title = _offered(pressed.reply, visit)
        if not command:
            return refusal(self._rendering, visit.request, 400, "method", visit)
        values = {
            name.removeprefix("field-"): value
            for name, value in visit.form.items()
            if name.startswith("field-") and isinstance(value, str)
        }
        values |= {"value": visit.text("value"), "turn": pressed.reply.turn}
        values |= {"form": visit.text("form")} if visit.text("form") else {}
        kind: Kind = "form" if visit.text("form") else "button"
        message = self._message(
            visit, conversation, text=title, kind=kind, command=command, values=values
        )
        if command == "feedback":
            return await self._feedback(visit, conversation, pressed, message)
        return await self._start(visit, conversation, message, {}, "")

    async def _stop(self, visit: Visit, conversation: Conversation, working: Exchange) -> Response:
        values = {"value": "", "turn": working.message.turn}
        message = self._message(
            visit, conversation, text="", kind="button", command=STOP.name, values=values
        )
        reply = await self._conversations.press(conversation, message)
        if _wants_lines(visit):
            return JSONResponse({"kind": "done", "text": reply.text})
        return _back(conversation, working)

    async def _feedback(
        self, visit: Visit, conversation: Conversation, pressed: Exchange, message: Message
    ) -> Response:
        reply = await self._conversations.press(conversation, message)
        pressed.feedback = reply.text
        if _wants_lines(visit):
            return JSONResponse({"kind": "done", "text": reply.text})
        return _back(conversation, pressed)

    async def _start(
        self,
        visit: Visit,
        conversation: Conversation,
        message: Message,
        files: Mapping[str, bytes],
        text: str,
    ) -> Response:
        try:
            exchange = self._conversations.ask(conversation, message, files)
        except Busy:
            return await self._sorry(visit, self._rendering.problem("busy")[1], text, status=503)
        if _wants_lines(visit):
            lines = self._lines(visit, conversation, exchange)
            return StreamingResponse(lines, media_type=NDJSON)
        async for _ in exchange.watch():
            pass
        return _back(conversation, exchange)

    async def _lines(
        self, visit: Visit, conversation: Conversation, exchange: Exchange
    ) -> AsyncIterator[str]:
        yield _line(kind="thread", thread=conversation.thread, turn=exchange.message.turn)
        async for text in exchange.watch():
            stop = STOP.title if exchange.can_stop else ""
            yield _line(kind="progress", text=text, stop=stop)
        reply = exchange.reply
        yield _line(
            kind="answer",
            status=reply.status if reply else "failed",
            summary=_summary(reply),
            html=self._rendering.text(
                "answer.html", visit=visit, conversation=conversation, exchange=exchange
            ),
        )

    async def _conversation(self, visit: Visit) -> Conversation | None:
        """The conversation a question belongs to: the one it names, or a new one."""
        if thread := visit.text("thread"):
            return self._conversations.find(thread, visit.owner)
        known = [workspace.name for workspace in await self._workspaces()]
        wanted = visit.text("workspace")
        if wanted not in known:
            wanted = self._first_workspace(known)
        return self._conversations.open(visit.owner, wanted)

    def _first_workspace(self, known: Sequence[str]) -> str:
        if self._default_workspace in known or not known:
            return self._default_workspace
        return known[0]

    def _message(
        self,
        visit: Visit,
        conversation: Conversation,
        *,
        text: str,
        kind: Kind = "direct",
        command: str = "",
        values: Mapping[str, str] | None = None,
        attachments: tuple[Attachment, ...] = (),
    ) -> Message:
        if kind == "direct" and conversation.exchanges:
            kind = "follow-up"
        return Message(
            text=text,
            actor=Actor(id=visit.actor),
            place=Place("console", "local", "page", conversation.thread, "direct"),
            kind=kind,
            workspace=conversation.workspace,
            command=command,
            values=values or {},
            attachments=attachments,
        )

    def _question_problem(self, text: str, attachments: Sequence[Attachment]) -> str:
        if not text and not attachments:
            return self._rendering.problem("no_question")[1]
        if len(text) > LONGEST_QUESTION:
            return (
                f"文章が長すぎます（{len(text):,}文字）。{LONGEST_QUESTION:,}文字までに短くするか、"
                "ファイルで添付してください。"
            )
        if any(not item.size for item in attachments):
            return "添付ファイルの中身が空です。ファイルを確かめてください。"
        return ""

    async def _sorry(
        self, visit: Visit, problem: str, text: str = "", *, status: int = 400
    ) -> Response:
        """Say what to do, and keep what was typed."""
        if _wants_lines(visit):
            return JSONResponse({"kind": "error", "text": problem}, status)
        conversation = self._conversations.find(visit.text("thread"), visit.owner)
        return await self._page(visit, conversation, notice=problem, text=text, status=status)

    async def _page(
        self,
        visit: Visit,
        conversation: Conversation | None,
        *,
        notice: str = "",
        text: str = "",
        status: int = 200,
    ) -> Response:
        workspaces = await self._workspaces()
        chosen = conversation.workspace if conversation else visit.text("workspace")
        known = [workspace.name for workspace in workspaces]
        return self._rendering.page(
            "chat.html",
            visit,
            status=status,
            conversation=conversation,
            workspaces=workspaces,
            chosen=chosen if chosen in known else self._first_workspace(known),
            examples=self._examples,
            notice=notice,
            text=text,
            longest=LONGEST_QUESTION,
            file_bytes=FILE_BYTES,
        )


async def _files(visit: Visit) -> tuple[dict[str, bytes], tuple[Attachment, ...]]:
    """The attached files: their bytes by location, and what a skill is told about them."""
    files: dict[str, bytes] = {}
    attachments = []
    for number, item in enumerate(visit.form.getlist("file")):
        if not isinstance(item, UploadFile) or not item.filename:
            continue
        location = str(number)
        files[location] = await item.read()
        name = item.filename.replace("\\", "/").rsplit("/", 1)[-1][:200]
        attachments.append(
            Attachment(name, item.content_type or "", len(files[location]), location)
        )
    return files, tuple(attachments)


def _offered(reply: Reply, visit: Visit) -> tuple[str, str]:
    """Name and title of the button or form, if the answer really has it; else empty."""
    name, value = visit.text("command"), visit.text("value")
    if reply.form is not None and visit.text("form") == reply.form.name == name:
        return skill_of(name), reply.form.title
    for action in reply.actions:
        if (action.name, action.value) == (name, value):
            return name, action.title
    return "", ""


def _wants_lines(visit: Visit) -> bool:
    return NDJSON in visit.request.headers.get("accept", "")


def _summary(reply: Reply | None) -> str:
    """The one sentence a screen reader says when the answer arrives."""
    if reply is None:
        return ""
    first = reply.summary or reply.text.split("\n", 1)[0]
    return first.replace("**", "").removeprefix("> ")


def _back(conversation: Conversation, exchange: Exchange) -> Response:
    address = f"/chat?thread={conversation.thread}#q-{exchange.message.turn}"
    return RedirectResponse(address, 303)


def _line(**values: str) -> str:
    return json.dumps(values, ensure_ascii=False) + "\n"
