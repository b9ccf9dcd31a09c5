"""What the adapter asks of Slack, as a Protocol, so that only one file knows the vendor library."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from bot.errors import Unavailable


class SlackRefused(Unavailable):
    """Slack answered, and said no. `reason` is its own word for it, such as channel_not_found."""

    code = "slack_refused"

    def __init__(self, method: str, reason: str) -> None:
        super().__init__(f"{method}: {reason}")
        self.reason = reason


class SlackApi(Protocol):
    """Calls to Slack. All raise Unavailable when it does not answer, SlackRefused when it does."""

    async def call(self, method: str, **arguments: Any) -> dict[str, Any]:
        """Call a method of the Web API."""
        ...

    async def respond(self, url: str, body: Mapping[str, Any]) -> None:
        """Post to the response_url of a command or an interaction."""
        ...

    async def send(self, url: str, content: bytes) -> None:
        """Send the bytes of a file to the address Slack gave for it."""
        ...

    async def fetch(self, url: str) -> bytes:
        """Download an attached file. Raises BadInput when it may not be fetched or is too large."""
        ...
