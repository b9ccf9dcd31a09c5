"""Files of a reply in Slack: where people find them, once, and what is said when they do not."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest
from aiohttp import web

from bot.adapters.slack.adapter import SlackAdapter
from bot.adapters.slack.api import SlackRefused
from bot.adapters.slack.chat import SENT_DIRECTLY
from bot.adapters.slack.uploads import LAST_TRY, Posted
from bot.errors import Unavailable
from bot.messages import File, Message, Reply
from bot.ports import Chat
from bot.settings import Settings
from bot.testing import FakeFiles
from tests.adapters.test_slack import (
    ROOT,
    FakeSlack,
    Office,
    ScriptedBot,
    Wire,
    pressed,
    said,
    typed,
    wire,
    words,
)

__all__ = ["wire"]
MINUTES = File("f1", "議事録.docx", "application/octet-stream", 4, "ab")
MAP = File("f2", "地図.png", "image/png", 3, "cd")
CONTENT = {"f1": b"PK\x03\x04", "f2": b"PNG"}
ADDRESS = "https://shomu.example.lg.jp/files/main/f1?key=1.a"


class FilingSlack(FakeSlack):
    """A Slack that takes files; `shown` are those that people see, in order."""

    def __init__(self) -> None:
        super().__init__()
        self.tickets: dict[str, str] = {}
        self.sent: dict[str, bytes] = {}
        self.shown: list[dict[str, Any]] = []

    def files_getUploadURLExternal(self, filename: str, length: str) -> dict[str, Any]:
        upload = f"F{len(self.tickets) + 1}"
        self.tickets[upload] = f"{filename} {length}"
        return {"file_id": upload, "upload_url": f"https://files.slack.com/{upload}"}

    async def send(self, url: str, content: bytes) -> None:
        if self.failures.get("send"):
            raise self.failures["send"].pop(0)
        self.sent[url.rpartition("/")[2]] = content

    def files_completeUploadExternal(self, files: list[dict[str, str]], **place: str) -> None:
        for file in files:
            assert file["id"] in self.sent
            self.shown.append({**place, **file})

    def files_info(self, file: str) -> dict[str, Any]:
        if file not in self.sent:
            raise SlackRefused("files.info", "file_not_found")
        places = [item["channel_id"] for item in self.shown if item["id"] == file]
        return {"file": {"id": file, "channels": places, "groups": [], "ims": []}}


class WorkspaceBot(ScriptedBot):
    """Answers as a turn does: with the workspace the message belongs to."""

    async def receive(self, message: Message, chat: Chat) -> Reply:
        return await super().receive(replace(message, workspace="main"), chat)


class FileOffice(Office):
    def __init__(self, slack: FilingSlack, address: str = "") -> None:
        settings = Settings(slack_bot_token="xoxb-1", slack_signing_secrets=("s",))
        super().__init__(slack, settings, ())
        self.filing = slack
        self.files = FakeFiles()
        self.bot = WorkspaceBot()
        self.adapter = SlackAdapter(
            settings, self.bot, self.inbox, self.directory, (), self._count, api=slack,
            files=self.files, link=lambda workspace, file: address,
        )  # fmt: skip

    async def open(self, *files: File) -> None:
        await self.adapter.start()
        for file in files:
            await self.files.keep(file, CONTENT[file.id], workspace="main", subject="U1")
        self.bot.reply = Reply("議事録の下書きです。", files=files, skill="minutes")


@pytest.fixture
async def office() -> AsyncIterator[FileOffice]:
    made = FileOffice(FilingSlack())
    await made.open(MINUTES)
    yield made
    await made.adapter.close()


def state(item: dict[str, Any]) -> str:
    return str(item["metadata"]["event_payload"]["state"])


async def test_a_file_follows_its_answer_into_the_thread(office: FileOffice) -> None:
    await office.deliver(said())
    (answer,) = office.slack.own()
    assert "議事録の下書きです。" in words(answer)
    assert state(answer) == "answered"
    (shown,) = office.filing.shown
    assert shown == {"channel_id": "C1", "thread_ts": ROOT, "id": "F1", "title": "議事録.docx"}
    assert office.filing.sent == {"F1": CONTENT["f1"]}
    assert office.filing.tickets == {"F1": "議事録.docx 4"}


async def test_the_words_are_seen_before_the_file_is_sent(
    office: FileOffice, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[tuple[str, str]] = []

    async def send(url: str, content: bytes) -> None:
        (answer,) = office.slack.own()
        seen.append((state(answer), words(answer)))
        await FilingSlack.send(office.filing, url, content)

    monkeypatch.setattr(office.filing, "send", send)
    await office.deliver(said())
    ((then, text),) = seen
    assert then == "part"
    assert "議事録の下書きです。" in text


async def test_several_files_come_in_their_order(office: FileOffice) -> None:
    await office.open(MINUTES, MAP)
    await office.deliver(said())
    assert [item["title"] for item in office.filing.shown] == ["議事録.docx", "地図.png"]


async def test_in_a_direct_message_the_file_is_put_there(office: FileOffice) -> None:
    await office.deliver(said("議事録", type="message", channel="D1", channel_type="im"))
    (shown,) = office.filing.shown
    assert (shown["channel_id"], "thread_ts" in shown) == ("D1", False)


async def test_an_answered_turn_sends_nothing_again(office: FileOffice) -> None:
    delivery = await office.deliver(said())
    await office.again(delivery)
    assert len(office.filing.shown) == 1
    assert len(office.slack.own()) == 1


async def test_after_a_crash_only_the_missing_file_is_sent(office: FileOffice) -> None:
    await office.open(MINUTES, MAP)
    stops = RuntimeError("killed")
    office.slack.failures["files.completeUploadExternal"] = []
    real = office.filing.files_completeUploadExternal
    office.filing.files_completeUploadExternal = lambda **about: (  # type: ignore[method-assign]
        real(**about),
        office.slack.failures.update({"files.getUploadURLExternal": [stops]}),
    )[0]
    delivery = None
    with pytest.raises(RuntimeError):
        delivery = await office.deliver(said(), turn="turn-1")
    assert delivery is None
    assert [item["title"] for item in office.filing.shown] == ["議事録.docx"]
    office.filing.files_completeUploadExternal = real  # type: ignore[method-assign]
    posted = office.inbox.posted["turn-1"]
    await office.deliver(said(), turn="turn-1", attempt=2, posted=posted)
    assert [item["title"] for item in office.filing.shown] == ["議事録.docx", "地図.png"]
    (answer,) = office.slack.own()
    assert state(answer) == "answered"


async def test_a_crash_right_after_a_file_was_shown_does_not_show_it_twice(
    office: FileOffice,
) -> None:
    calls = office.slack.calls

    def killed() -> bool:
        return "files.completeUploadExternal" in calls

    update = office.slack.chat_update
    office.slack.chat_update = lambda **about: _or_die(killed(), update, **about)  # type: ignore[method-assign]
    with pytest.raises(RuntimeError):
        await office.deliver(said(), turn="turn-1")
    office.slack.chat_update = update  # type: ignore[method-assign]
    posted = office.inbox.posted["turn-1"]
    await office.deliver(said(), turn="turn-1", attempt=2, posted=posted)
    assert len(office.filing.shown) == 1
    assert state(office.slack.own()[0]) == "answered"


async def test_an_upload_that_was_named_and_never_shown_is_sent_again(office: FileOffice) -> None:
    office.slack.failures["files.completeUploadExternal"] = [Unavailable("gone")]
    with pytest.raises(Unavailable):
        await office.deliver(said(), turn="turn-1")
    assert office.filing.shown == []
    posted = office.inbox.posted["turn-1"]
    await office.deliver(said(), turn="turn-1", attempt=2, posted=posted)
    assert [item["id"] for item in office.filing.shown] == ["F2"]


async def test_the_files_of_a_private_answer_go_to_the_asker_alone(office: FileOffice) -> None:
    office.bot.reply = replace(office.bot.reply, is_private=True)
    await office.deliver(said())
    (shown,) = office.filing.shown
    assert (shown["channel_id"], "thread_ts" in shown) == ("D1", False)
    (whisper,) = office.slack.whispers
    assert "議事録の下書きです。" in words(whisper)
    assert SENT_DIRECTLY in words(whisper)
    assert office.slack.own("D1") == []


async def test_the_files_of_a_command_go_to_the_asker_alone_and_once(office: FileOffice) -> None:
    delivery = await office.deliver(typed())
    await office.again(delivery)
    assert [item["channel_id"] for item in office.filing.shown] == ["D1"]
    assert len(office.slack.whispers) == 1


async def test_a_shared_answer_brings_its_file_into_the_channel(office: FileOffice) -> None:
    await office.deliver(pressed("share"))
    assert [item["channel_id"] for item in office.filing.shown] == ["C1"]
    assert len(office.slack.own()) == 1


async def test_without_the_permission_the_answer_says_what_to_do(office: FileOffice) -> None:
    missing = SlackRefused("files.getUploadURLExternal", "missing_scope")
    office.slack.failures["files.getUploadURLExternal"] = [missing]
    delivery = await office.deliver(said())
    (answer,) = office.slack.own()
    assert state(answer) == "answered"
    assert "議事録の下書きです。" in words(answer)
    assert "ファイル「議事録.docx」を Slack に送れませんでした。" in words(answer)
    assert "files:write" in words(answer)
    assert delivery.turn in words(answer)


async def test_a_file_slack_refuses_is_offered_as_a_link_when_there_is_an_address() -> None:
    office = FileOffice(FilingSlack(), ADDRESS)
    await office.open(MINUTES)
    office.slack.failures["send"] = [SlackRefused("upload_url", "http_413")]
    await office.deliver(said())
    assert ADDRESS in words(office.slack.own()[0])
    await office.adapter.close()


async def test_while_slack_does_not_take_files_the_turn_is_tried_again_then_said(
    office: FileOffice,
) -> None:
    posted = ""
    for attempt in range(1, LAST_TRY + 1):
        office.slack.failures["send"] = [Unavailable("upload_url: 503")]
        if attempt < LAST_TRY:
            with pytest.raises(Unavailable):
                await office.deliver(said(), turn="turn-1", attempt=attempt, posted=posted)
        else:
            await office.deliver(said(), turn="turn-1", attempt=attempt, posted=posted)
        posted = office.inbox.posted["turn-1"]
    (answer,) = office.slack.own()
    assert state(answer) == "answered"
    assert "送れませんでした" in words(answer)


async def test_a_file_that_is_no_longer_kept_is_said_to_be_missing(office: FileOffice) -> None:
    office.files.kept.clear()
    await office.deliver(said())
    assert office.filing.shown == []
    assert "「議事録.docx」を Slack に送れませんでした" in words(office.slack.own()[0])


def test_what_the_inbox_remembers_reads_back() -> None:
    for posted in (Posted(), Posted("C1", "1.1"), Posted("", "", {"f1": "F1", "f2": "F2"})):
        assert Posted.load(posted.dump()) == posted
    assert Posted.load("C1/1.1") == Posted("C1", "1.1")


async def test_the_bytes_go_to_slack_alone_and_without_the_token(
    wire: tuple[Wire, SlackAdapter],
) -> None:
    slack, adapter = wire
    own = str(adapter.settings.slack_api_url)
    await adapter.api.send(own + "upload/1", b"PK")
    ((path, body, token),) = slack.requests
    assert (path, body, token) == ("/api/upload/1", "PK", "")
    with pytest.raises(SlackRefused):
        await adapter.api.send("https://evil.example/upload", b"PK")
    slack.answers = [web.Response(status=413)]
    with pytest.raises(SlackRefused):
        await adapter.api.send(own + "upload/1", b"PK")
    slack.answers = [web.Response(status=503)]
    with pytest.raises(Unavailable):
        await adapter.api.send(own + "upload/1", b"PK")


async def test_showing_a_file_is_not_tried_blindly_after_a_broken_connection(
    wire: tuple[Wire, SlackAdapter],
) -> None:
    slack, adapter = wire
    slack.drops = 1
    with pytest.raises(Unavailable):
        await adapter.api.call("files.completeUploadExternal", files=[{"id": "F1"}])
    assert len(slack.requests) == 1


def _or_die(dies: bool, work: Any, **about: Any) -> dict[str, Any]:
    if dies:
        raise RuntimeError("killed")
    return dict(work(**about))
