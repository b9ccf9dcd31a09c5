"""A Slack workspace on loopback that loses answers: the Web API, its faults, and what is seen.

No client that can be installed has Slack's faults (errors, and a post that happened although its
answer was lost), so this one speaks the few methods a turn uses and keeps what people would see.
"""

from __future__ import annotations

import asyncio
import json
import random
import threading
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

TEAM, BOT_USER = "T0OFFICE", "U0SHOMU"


@dataclass
class SlackOffice:
    """Threads by (channel, thread ts); each message is what chat.postMessage was given.

    `trouble` is the share of posts and updates that answer 500, half of them after doing it.
    """

    trouble: float = 0.1
    seed: int = 7
    messages: dict[tuple[str, str], list[dict[str, Any]]] = field(default_factory=dict)
    port: int = 0
    _clock: int = 1_800_000_000
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        self._random = random.Random(self.seed)
        self._server: uvicorn.Server | None = None
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        app = Starlette(routes=[Route("/api/{method:path}", self._call, methods=["GET", "POST"])])
        config = uvicorn.Config(app, host="127.0.0.1", port=0, log_level="error")
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._server.run, daemon=True)
        self._thread.start()
        while not self._server.started:
            pass
        self.port = self._server.servers[0].sockets[0].getsockname()[1]

    def stop(self) -> None:
        assert self._server is not None
        assert self._thread is not None
        self._server.should_exit = True
        self._thread.join(10)

    def answers(self, channel: str, thread: str) -> list[dict[str, Any]]:
        """The finished answers in a thread."""
        return [
            message
            for message in self.messages.get((channel, thread), [])
            if message["metadata"]["event_payload"]["state"] == "answered"
        ]

    async def _call(self, request: Request) -> Response:
        method = request.path_params["method"]
        values = await _values(request)
        await asyncio.sleep(self._random.uniform(0.0, 0.08))
        match method:
            case "auth.test":
                return _ok(team_id=TEAM, user_id=BOT_USER, bot_id="B0SHOMU", user="shomu")
            case "users.info":
                return _ok(user={"id": values["user"], "team_id": TEAM, "name": "staff"})
            case "chat.postMessage":
                return self._with_trouble(self._post, values)
            case "chat.update":
                return self._with_trouble(self._update, values)
            case "conversations.replies":
                return _ok(messages=self._replies(values), has_more=False)
            case "conversations.info":
                return _ok(channel={"id": values["channel"], "is_private": False})
        return JSONResponse({"ok": False, "error": "unknown_method"})

    def _with_trouble(self, work: Any, values: dict[str, Any]) -> Response:
        luck = self._random.random()
        if luck < self.trouble / 2:
            return Response("oops", 500)
        done = work(values)
        # The post stands, but whoever asked for it is never told.
        return Response("oops", 500) if luck < self.trouble else done

    def _post(self, values: dict[str, Any]) -> Response:
        with self._lock:
            self._clock += 1
            message = values | {
                "ts": f"{self._clock}.000100",
                "user": BOT_USER,
                "bot_id": "B0SHOMU",
            }
            key = (values["channel"], values.get("thread_ts", ""))
            self.messages.setdefault(key, []).append(message)
        return _ok(ts=message["ts"], channel=values["channel"], message=message)

    def _update(self, values: dict[str, Any]) -> Response:
        with self._lock:
            for (channel, _), messages in self.messages.items():
                for message in messages:
                    if channel == values["channel"] and message["ts"] == values["ts"]:
                        message.update(values)
                        return _ok(ts=values["ts"], channel=channel)
        return JSONResponse({"ok": False, "error": "message_not_found"})

    def _replies(self, values: dict[str, Any]) -> list[dict[str, Any]]:
        root = {"ts": values["ts"], "user": "U1", "text": "質問", "type": "message"}
        return [root, *self.messages.get((values["channel"], values["ts"]), [])]


async def _values(request: Request) -> dict[str, Any]:
    body = await request.body()
    if request.headers.get("content-type", "").startswith("application/json"):
        found: dict[str, Any] = json.loads(body or b"{}")
    else:
        found = dict(parse_qsl(body.decode())) | dict(request.query_params)
    for name in ("metadata", "blocks"):
        if isinstance(found.get(name), str):
            found[name] = json.loads(found[name])
    return found


def _ok(**values: Any) -> Response:
    return JSONResponse({"ok": True, **values})
