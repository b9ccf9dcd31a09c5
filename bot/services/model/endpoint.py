"""An OpenAI-compatible endpoint: the client, its retries, and one word for every way to fail.

Every failure becomes a ModelFailed whose message is one of `REASONS`; nothing that was said to or
by the endpoint is in it, and its cause is dropped because vendors' errors quote the request.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeVar

import openai

from bot.errors import Misconfigured
from bot.services.http import Egress, TransportError

REASONS = (
    "timeout",
    "rate_limited",
    "server_error",
    "unreachable",
    "blocked",
    "cut",
    "garbage",
    "refused_key",
    "too_long",
    "refused",
)
Sent = TypeVar("Sent")
Pause = Callable[[float], Awaitable[None]]
RETRIES = 2
FIRST_PAUSE_SECONDS = 0.5
BAD_REQUEST = (400, 422)

# At DEBUG these write whole requests, and OPENAI_LOG turns that on: K2 forbids it.
for _name in ("openai", "httpx2", "httpcore2"):
    logging.getLogger(_name).setLevel(logging.WARNING)


@dataclass(frozen=True, slots=True)
class Failed(Exception):
    """One request failed; `status` is 0 when no answer came."""

    reason: str
    status: int = 0


def _as_it_is(error: openai.APIStatusError) -> bool:
    return False


class Endpoint:
    """The address of models, with a client that reaches listed hosts only."""

    def __init__(
        self,
        url: str,
        egress: Egress,
        *,
        key: str = "",
        timeout_seconds: float = 30.0,
        pause: Pause = asyncio.sleep,
    ) -> None:
        """Raises Misconfigured when the host is not on the egress list."""
        egress.check(url)
        self.timeout_seconds = timeout_seconds
        self._pause = pause
        self.client = openai.AsyncOpenAI(
            # Every value is given, or openai reads its own environment variables. A local
            # endpoint without a key still gets a header, which it ignores.
            api_key=key or "none",
            base_url=url,
            organization="",
            project="",
            timeout=timeout_seconds,
            max_retries=0,
            http_client=egress.client(read_seconds=timeout_seconds),
        )

    async def close(self) -> None:
        await self.client.close()

    async def send(
        self,
        send: Callable[[], Awaitable[Sent]],
        deadline: float,
        *,
        impatient: bool = False,
        adapt: Callable[[openai.APIStatusError], bool] = _as_it_is,
    ) -> Sent:
        """Send until it works, at most RETRIES times more, and never past the deadline.

        `adapt` changes a request that was not understood; True sends it again. Raises Failed.
        """
        retries = 0
        while True:
            try:
                return await send()
            except openai.APIStatusError as error:
                status, wait = error.status_code, _pause_seconds(error, retries)
                failed = Failed(reason_of(error), status)
                if status in BAD_REQUEST and adapt(error):
                    continue
                worth_it = status == 429 or (status >= 500 and not (impatient and status <= 501))
            except openai.APIConnectionError as error:
                failed, wait = Failed(reason_of(error)), FIRST_PAUSE_SECONDS * 2**retries
                worth_it = failed.reason == "unreachable"
            except (openai.APIError, TransportError, ValueError):
                raise Failed("garbage") from None
            if not worth_it or retries == RETRIES or now() + wait >= deadline:
                raise failed from None
            retries += 1
            await self._pause(wait)


def now() -> float:
    return asyncio.get_running_loop().time()


def _pause_seconds(error: openai.APIStatusError, retries: int) -> float:
    """What the endpoint asks for, else half a second, doubled each time."""
    try:
        return max(0.0, float(error.response.headers.get("retry-after", "")))
    except ValueError:
        return float(FIRST_PAUSE_SECONDS * 2**retries)


def reason_of(error: openai.APIError) -> str:
    match error:
        case openai.APITimeoutError():
            return "timeout"
        case openai.APIConnectionError():
            return "blocked" if isinstance(error.__cause__, Misconfigured) else "unreachable"
        case openai.APIStatusError(status_code=401 | 403):
            return "refused_key"
        case openai.APIStatusError(status_code=429):
            return "rate_limited"
        case openai.APIStatusError() if error.code == "context_length_exceeded":
            return "too_long"
        case openai.APIStatusError() if error.status_code < 500:
            return "refused"
    return "server_error"
