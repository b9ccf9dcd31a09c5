"""The Slack that the adapter's tests talk to."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bot.adapters.slack.api import SlackRefused

BOT, TEAM, OTHER_TEAM = "U0SHOMU", "T1", "T9"
ROOT = "1795000000.000100"


class FakeSlack:
    """A Slack in memory: it keeps metadata, pages, and can be told to fail."""

    def __init__(self) -> None:
        self.channels: dict[str, list[dict[str, Any]]] = {"C1": [], "D1": []}
        self.about: dict[str, dict[str, Any]] = {"C1": {}, "D1": {"is_im": True}}
        self.users: dict[str, dict[str, Any]] = {"U1": {"real_name": "佐藤", "team_id": TEAM}}
        self.whispers: list[dict[str, Any]] = []
        self.views: list[tuple[str, dict[str, Any]]] = []
        self.calls: list[str] = []
        self.failures: dict[str, list[Exception]] = {}
        self.moment = 1_795_000_100
        self.page = 200
        self.threads_apart = False

    async def call(self, method: str, **about: Any) -> dict[str, Any]:
        self.calls.append(method)
        if self.failures.get(method):
            raise self.failures[method].pop(0)
        return dict(getattr(self, method.replace(".", "_"))(**about) or {})

    async def respond(self, url: str, body: Mapping[str, Any]) -> None:
        if self.failures.get("respond"):
            raise self.failures["respond"].pop(0)
        self.whispers.append({"url": url, **body})

    async def fetch(self, url: str) -> bytes:
        return b"content of " + url.encode()

    def say(self, text: str, *, user: str = "U1", channel: str = "C1", thread: str = ROOT) -> str:
        self.moment += 1
        said = {"ts": f"{self.moment}.000000", "user": user, "text": text, "thread_ts": thread}
        self.channels[channel].append(said)
        return str(said["ts"])

    def own(self, channel: str = "C1") -> list[dict[str, Any]]:
        return [item for item in self.channels[channel] if item["user"] == BOT]

    def auth_test(self) -> dict[str, Any]:
        return {"user_id": BOT, "bot_id": "B1", "team_id": TEAM}

    def users_info(self, user: str, **_: Any) -> dict[str, Any]:
        if user not in self.users:
            raise SlackRefused("users.info", "user_not_found")
        return {"user": self.users[user]}

    def conversations_info(self, channel: str) -> dict[str, Any]:
        return {"channel": self.about[channel]}

    def conversations_open(self, users: str) -> dict[str, Any]:
        return {"channel": {"id": "D1"}}

    def users_conversations(self, **_: Any) -> dict[str, Any]:
        return {"channels": [{"id": name, **about} for name, about in self.about.items()]}

    def conversations_history(self, channel: str, **about: Any) -> dict[str, Any]:
        oldest, latest = float(about.pop("oldest", 0)), float(about.pop("latest", 10**12))
        found = [
            item
            for item in reversed(self.channels[channel])
            if oldest <= float(item["ts"]) <= latest
            and not (self.threads_apart and item.get("thread_ts") not in ("", None, item["ts"]))
        ]
        return self._page(found, **about)

    def conversations_replies(self, channel: str, ts: str, **about: Any) -> dict[str, Any]:
        found = [
            item for item in self.channels[channel] if ts in (item.get("thread_ts"), item["ts"])
        ]
        return self._page(found, **about)

    def _page(self, found: list[dict[str, Any]], cursor: str = "0", **_: Any) -> dict[str, Any]:
        start = int(cursor)
        more = start + self.page < len(found)
        return {
            "messages": found[start : start + self.page],
            "response_metadata": {"next_cursor": str(start + self.page) if more else ""},
        }

    def chat_postMessage(self, channel: str, **about: Any) -> dict[str, Any]:
        self.moment += 1
        ts = f"{self.moment}.000000"
        self.channels[channel].append({"ts": ts, "user": BOT, **about})
        return {"ts": ts}

    def chat_update(self, channel: str, ts: str, **about: Any) -> dict[str, Any]:
        for item in self.channels[channel]:
            if item["ts"] == ts:
                item.update(about)
                return {"ts": ts}
        raise SlackRefused("chat.update", "message_not_found")

    def chat_delete(self, channel: str, ts: str) -> None:
        kept = [item for item in self.channels[channel] if item["ts"] != ts]
        self.channels[channel] = kept

    def chat_postEphemeral(self, **about: Any) -> None:
        self.whispers.append(about)

    def views_publish(self, user_id: str, view: dict[str, Any]) -> None:
        self.views.append((user_id, view))

    def views_open(self, trigger_id: str, view: dict[str, Any]) -> None:
        self.views.append((trigger_id, view))
