"""A server on loopback that answers each request with the next of its prepared answers."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Loopback:
    """`answers` are raw HTTP responses; None closes the connection, a float waits before that.

    The last answer is repeated.
    """

    answers: Sequence[bytes | float | None]
    port: int = 0
    bodies: list[Any] = field(default_factory=list)
    heads: list[str] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/v1"

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            length = next(
                (
                    int(line.partition(":")[2])
                    for line in head.split("\r\n")
                    if line.lower().startswith("content-length")
                ),
                0,
            )
            body = await reader.readexactly(length)
            answer = self.answers[min(len(self.heads), len(self.answers) - 1)]
            self.heads.append(head)
            self.bodies.append(json.loads(body) if body else None)
            if isinstance(answer, float):
                await asyncio.sleep(answer)
            elif answer is not None:
                writer.write(answer)
                await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()


@asynccontextmanager
async def listening(*answers: bytes | float | None) -> AsyncIterator[Loopback]:
    loopback = Loopback(answers)
    server = await asyncio.start_server(loopback.serve, "127.0.0.1", 0)
    loopback.port = server.sockets[0].getsockname()[1]
    try:
        yield loopback
    finally:
        server.close()


def http(
    body: bytes | str | object, status: int = 200, *, kind: str = "application/json", **headers: str
) -> bytes:
    """A response that closes its connection."""
    if not isinstance(body, bytes):
        body = (body if isinstance(body, str) else json.dumps(body)).encode()
    lines = [f"HTTP/1.1 {status} Status", f"content-type: {kind}", "connection: close"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    if "transfer_encoding" not in headers and "content_length" not in headers:
        lines.append(f"content-length: {len(body)}")
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def said(text: str | None, finish: str | None = "stop", **more: object) -> bytes:
    """A chat completion."""
    choice = {
        "index": 0,
        "message": {"role": "assistant", "content": text},
        "finish_reason": finish,
    }
    return http({"id": "1", "object": "chat.completion", "choices": [choice], **more})


def streamed(*pieces: str, finish: str | None = "stop", done: bool = True) -> bytes:
    """A chat completion as server-sent events."""
    events = [{"choices": [{"index": 0, "delta": {"content": piece}}]} for piece in pieces]
    if finish:
        events.append({"choices": [{"index": 0, "delta": {}, "finish_reason": finish}]})
    lines = [f"data: {json.dumps(event)}\n\n" for event in events]
    return http("".join(lines) + ("data: [DONE]\n\n" if done else ""), kind="text/event-stream")


def refused(
    status: int, message: str = "no", *, param: str = "", code: str = "", **headers: str
) -> bytes:
    error = {"message": message, "param": param, "code": code, "type": "x"}
    return http({"error": error}, status, **headers)
