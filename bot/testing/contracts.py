"""What every service and every fake of a port does: subclass a contract and give it its fixture.

class TestMyRecords(RecordsContract):
    @pytest.fixture
    async def records(self) -> Records: ...

Those with a file of their own are found here too. Run with pytest-asyncio in auto mode.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest

from bot.errors import BadInput, UnknownWorkspace, UnreadableDocument
from bot.messages import Actor, Attachment, Message, Place, Reply, Said, new_id
from bot.ports import Chat, Clock, Delivery, Directory, Inbox, Member, Passage, Search
from bot.testing.audit_contract import AuditContract
from bot.testing.llm_contract import LLMContract
from bot.testing.records_contract import RecordsContract
from bot.testing.reminders_contract import RemindersContract

__all__ = [
    "AuditContract",
    "ChatContract",
    "ChatStage",
    "ClockContract",
    "DirectoryContract",
    "InboxContract",
    "LLMContract",
    "RecordsContract",
    "RemindersContract",
    "SearchContract",
]


class ClockContract:
    """Contract tests of `bot.ports.Clock`."""

    @pytest.fixture
    def clock(self) -> Clock:
        raise NotImplementedError

    def test_the_time_is_in_utc_and_does_not_go_back(self, clock: Clock) -> None:
        earlier, later = clock.now(), clock.now()
        assert earlier.utcoffset() == timedelta(0)
        assert earlier <= later


class InboxContract:
    """Contract tests of `bot.ports.Inbox`; `take` is how a worker gets its next delivery."""

    @pytest.fixture
    def inbox(self) -> Inbox:
        raise NotImplementedError

    @pytest.fixture
    def take(self) -> Callable[[], Awaitable[Delivery | None]]:
        raise NotImplementedError

    async def test_a_delivery_is_accepted_once_and_handed_out_once(
        self, inbox: Inbox, take: Callable[[], Awaitable[Delivery | None]]
    ) -> None:
        given = Delivery("slack", "slack/T/C/1", '{"text": "夏季休暇"}')
        assert await inbox.accept(given)
        assert not await inbox.accept(given)
        taken = await take()
        assert taken is not None
        assert (taken.platform, taken.identity, taken.payload) == (
            given.platform,
            given.identity,
            given.payload,
        )
        assert (taken.attempt, taken.posted) == (1, "")
        assert await take() is None
        assert not await inbox.accept(given)

    async def test_copies_that_arrive_together_are_one(self, inbox: Inbox) -> None:
        given = Delivery("slack", "slack/T/C/1", "{}")
        accepted = await asyncio.gather(*(inbox.accept(given) for _ in range(8)))
        assert sum(accepted) == 1

    async def test_every_delivery_gets_a_number_of_its_own(
        self, inbox: Inbox, take: Callable[[], Awaitable[Delivery | None]]
    ) -> None:
        for number in range(3):
            await inbox.accept(Delivery("slack", f"slack/T/C/{number}", "{}", turn="same"))
        taken = [await take() for _ in range(3)]
        assert len({item.turn for item in taken if item}) == 3

    async def test_a_deleted_message_is_taken_back_before_the_work_but_not_after(
        self, inbox: Inbox, take: Callable[[], Awaitable[Delivery | None]]
    ) -> None:
        await inbox.accept(Delivery("slack", "a", "{}"))
        assert await inbox.withdraw("a")
        assert not await inbox.withdraw("a")
        assert await take() is None
        assert not await inbox.accept(Delivery("slack", "a", "{}"))
        await inbox.accept(Delivery("slack", "b", "{}"))
        assert await take() is not None
        assert not await inbox.withdraw("b")
        assert not await inbox.withdraw("never seen")

    async def test_remembering_a_turn_that_is_gone_does_no_harm(self, inbox: Inbox) -> None:
        await inbox.remember(new_id(), "1700.1")


class DirectoryContract:
    """Contract tests of `bot.ports.Directory`.

    The fixture has the workspaces `main` (open, the default) and `listed` (members listed), and
    LISTED_MEMBER on record for Slack.
    """

    LISTED_MEMBER = Member("U9", "listed", "active", "owner", "3C")

    @pytest.fixture
    def directory(self) -> Directory:
        raise NotImplementedError

    async def test_an_unbound_place_belongs_to_the_default_workspace(
        self, directory: Directory
    ) -> None:
        assert (await directory.workspace(_said_at())).name == "main"
        assert (await directory.workspace(_said_at(workspace="listed"))).name == "listed"

    async def test_whoever_writes_in_an_unknown_place_is_sent_to_the_administrator(
        self, directory: Directory
    ) -> None:
        with pytest.raises(UnknownWorkspace) as caught:
            await directory.workspace(_said_at(workspace="zeimu"))
        assert "管理者にお知らせください。" in caught.value.remedy
        assert "listed" not in caught.value.remedy

    async def test_anyone_is_staff_of_an_open_workspace_and_nobody_of_a_listed_one(
        self, directory: Directory
    ) -> None:
        place = _said_at().place
        is_open = await directory.workspace(_said_at())
        is_listed = await directory.workspace(_said_at(workspace="listed"))
        member = await directory.member(is_open, place, Actor("U1"))
        assert (member.state, member.role, member.clearance) == ("active", "staff", "2")
        stranger = await directory.member(is_listed, place, Actor("U1"))
        assert (stranger.state, stranger.clearance) == ("applied", "1")
        assert await directory.member(is_listed, place, Actor("U9")) == self.LISTED_MEMBER

    async def test_whoever_sits_at_the_machine_is_its_operator(self, directory: Directory) -> None:
        space = await directory.workspace(_said_at())
        member = await directory.member(space, Place("console", "local", "t"), Actor("yamada"))
        assert (member.state, member.role, member.clearance) == ("active", "operator", "3B")

    async def test_callers_at_once_never_take_more_than_the_limit(
        self, directory: Directory
    ) -> None:
        space = await directory.workspace(_said_at())
        other = await directory.workspace(_said_at(workspace="listed"))
        taken = await asyncio.gather(
            *(directory.reserve(space, "turns:U1", 30, 100) for _ in range(6))
        )
        assert sum(taken) == 3
        assert await directory.reserve(space, "turns:U2", 100, 100)
        assert await directory.reserve(other, "turns:U1", 100, 100)
        assert await directory.reserve(space, "turns:U1", 10, 100)
        assert not await directory.reserve(space, "turns:U1", 1, 100)

    async def test_a_limit_of_zero_is_none(self, directory: Directory) -> None:
        space = await directory.workspace(_said_at())
        assert await directory.reserve(space, "tokens", 1_000_000, 0)

    async def test_a_thread_remembers_the_skill_that_answered_last(
        self, directory: Directory
    ) -> None:
        thread = Place("slack", "T1", "C1", "1.1")
        assert await directory.joined(thread) == ""
        await directory.join(thread, "main", "manual-search")
        await directory.join(thread, "main", "parking")
        assert await directory.joined(thread) == "parking"
        for elsewhere in (
            Place("slack", "T1", "C2", "1.1"),
            Place("slack", "T2", "C1", "1.1"),
            Place("slack", "T1", "C1", "1.2"),
            Place("teams", "T1", "C1", "1.1"),
        ):
            assert await directory.joined(elsewhere) == ""


class SearchContract:
    """Contract tests of `bot.ports.Search`. The fixture holds DOCUMENTS, by workspace."""

    LEAVE = Passage(
        "p1",
        "休暇の手引.md",
        "夏季休暇",
        "届出は前日までにします。夏季休暇は7月から9月までに5日取れます。残りは翌年に繰り越せません。",
        label="2",
    )
    TRAVEL = Passage("p2", "旅費の手引.md", "日当", "日帰り出張の日当は1日1,500円です。", label="1")
    SECRET = Passage(
        "p3", "人事評価.md", "夏季休暇の扱い", "夏季休暇は評価の対象にしません。", label="3B"
    )
    OTHER = Passage(
        "p4", "税務課の手引.md", "夏季休暇", "税務課の夏季休暇は交代で取ります。", label="1"
    )
    DOCUMENTS: Mapping[str, tuple[Passage, ...]] = {
        "main": (LEAVE, TRAVEL, SECRET),
        "tax": (OTHER,),
    }
    QUESTION = "夏季休暇は何日取れますか"

    @pytest.fixture
    def search(self) -> Search:
        raise NotImplementedError

    async def test_the_passage_that_answers_comes_first_with_all_a_citation_needs(
        self, search: Search
    ) -> None:
        best = (await search.find(self.QUESTION, workspace="main", clearance="2"))[0]
        assert best.document == "休暇の手引.md"
        assert "夏季休暇" in best.heading
        assert "夏季休暇は7月から9月までに5日取れます。" in best.text
        assert best.label == "2"
        assert best.id
        assert best.score > 0
        assert 0 < best.coverage <= 1

    async def test_nothing_is_found_when_nothing_matches(self, search: Search) -> None:
        assert not await search.find("火星移住", workspace="main", clearance="3A")
        assert not await search.find("", workspace="main", clearance="3A")

    async def test_what_may_not_be_read_is_never_found(self, search: Search) -> None:
        found = await search.find(self.QUESTION, workspace="main", clearance="2", top=50)
        assert {"人事評価.md", "税務課の手引.md"}.isdisjoint({item.document for item in found})
        cleared = await search.find(self.QUESTION, workspace="main", clearance="3B", top=50)
        assert "人事評価.md" in {item.document for item in cleared}
        public = await search.find(self.QUESTION, workspace="main", clearance="1", top=50)
        assert {item.document for item in public} <= {"旅費の手引.md"}
        assert not await search.find(self.QUESTION, workspace="main", clearance="すべて")

    async def test_a_search_without_a_workspace_is_refused(self, search: Search) -> None:
        with pytest.raises(UnknownWorkspace):
            await search.find(self.QUESTION, workspace="", clearance="2")

    async def test_other_collections_and_unknown_workspaces_are_empty(self, search: Search) -> None:
        find = search.find
        assert not await find(self.QUESTION, workspace="main", clearance="2", collection="skill:x")
        assert not await find(self.QUESTION, workspace="none", clearance="2")
        assert await search.holds_any(workspace="main", clearance="1")
        assert await search.holds_any(workspace="tax", clearance="1")
        assert not await search.holds_any(workspace="none", clearance="3A")
        assert not await search.holds_any(workspace="main", clearance="1", collection="skill:x")

    async def test_at_most_as_many_as_wanted_come_back_best_first(self, search: Search) -> None:
        found = await search.find("手引 夏季休暇 日当", workspace="main", clearance="3B", top=2)
        assert len(found) == 2
        assert found[0].score >= found[1].score

    async def test_the_sentence_that_answers_is_marked_to_the_letter(self, search: Search) -> None:
        best = (await search.find(self.QUESTION, workspace="main", clearance="2", marked=True))[0]
        assert best.marked in best.text
        assert "5日取れます" in best.marked
        assert "繰り越せません" not in best.marked

    async def test_a_file_that_is_not_kept_can_be_read_and_ranked(self, search: Search) -> None:
        content = "# 懇親会\n\n会費は4,200円です。\n\n# 集合\n\n正面玄関に午後6時です。\n"
        passages = await search.read("懇親会.md", content.encode())
        assert {passage.document for passage in passages} == {"懇親会.md"}
        best = (await search.rank("会費はいくらですか", passages))[0]
        assert "4,200円" in best.text
        assert "会費は4,200円です" in best.marked
        assert not await search.rank("会費はいくらですか", ())
        assert len(await search.rank("会費 正面玄関", passages, top=1)) == 1

    async def test_the_cells_of_a_table_come_out_as_they_are(self, search: Search) -> None:
        sheet = (await search.sheets("意見.csv", "番号,ご意見\n1,道を直して\n".encode()))[0]
        assert sheet.rows == (("番号", "ご意見"), ("1", "道を直して"))

    async def test_a_file_that_cannot_be_read_is_said_to_be(self, search: Search) -> None:
        with pytest.raises(UnreadableDocument):
            await search.read("broken.docx", b"PK\x03\x04\xff\xfe broken")


@dataclass(frozen=True, slots=True)
class ChatStage:
    """A conversation to test.

    `chat_for` gives what a turn talks through, `seen` the texts of the finished replies that a
    person sees; `file` can be downloaded and holds `ChatContract.FILE_BYTES`; `reads_channels` says
    that the platform lets bots read a channel back.
    """

    chat_for: Callable[[Message], Chat]
    message: Callable[[str], Message]
    seen: Callable[[], Awaitable[list[str]]]
    file: Attachment
    reads_channels: bool = False


class ChatContract:
    """Contract tests of `bot.ports.Chat`."""

    FILE_BYTES = "会費は4,200円です。".encode()

    @pytest.fixture
    def stage(self) -> ChatStage:
        raise NotImplementedError

    async def test_a_first_attempt_has_not_answered_yet(self, stage: ChatStage) -> None:
        message = stage.message("夏季休暇は？")
        chat = stage.chat_for(message)
        assert not await chat.hold(message, "調べています…")
        await chat.progress(message, "文書を読んでいます…")
        assert await stage.seen() == []

    async def test_an_answer_takes_the_place_of_the_placeholder(self, stage: ChatStage) -> None:
        await _answer(stage, "夏季休暇は？", "5日です。")
        assert await stage.seen() == ["5日です。"]

    async def test_an_answer_given_twice_is_seen_once(self, stage: ChatStage) -> None:
        await _answer(stage, "夏季休暇は？", "5日です。", times=2)
        assert await stage.seen() == ["5日です。"]
        later = stage.message("半日でも？")
        assert len(await stage.chat_for(later).history(later)) == 2

    async def test_history_is_what_was_said_before_oldest_first(self, stage: ChatStage) -> None:
        first = stage.message("夏季休暇は？")
        chat = stage.chat_for(first)
        await chat.hold(first, "調べています…")
        assert list(await chat.history(first)) == []
        await chat.answer(first, Reply("5日です。", turn=first.turn))
        await _answer(stage, "半日でも？", "1日単位です。")
        later = stage.message("届出は？")
        chat = stage.chat_for(later)
        said = await chat.history(later)
        expected = [
            Said("夏季休暇は？", by_bot=False),
            Said("5日です。", by_bot=True),
            Said("半日でも？", by_bot=False),
            Said("1日単位です。", by_bot=True),
        ]
        assert [(item.text, item.by_bot) for item in said] == [
            (item.text, item.by_bot) for item in expected
        ]
        *left_out, asked, answered = await chat.history(later, limit=2)
        assert [asked.text, answered.text] == ["半日でも？", "1日単位です。"]
        assert all(item.by_bot and "省略" in item.text for item in left_out)

    async def test_a_thread_is_read_back_as_what_people_said(self, stage: ChatStage) -> None:
        await _answer(stage, "夏季休暇は？", "5日です。")
        await _answer(stage, "半日でも？", "1日単位です。")
        later = stage.message("要約して")
        chat = stage.chat_for(later)
        await chat.hold(later, "読んでいます…")
        said = [line.text for line in await chat.read_back(later) if not line.by_bot]
        assert said == ["夏季休暇は？", "半日でも？"]

    async def test_a_channel_is_read_back_or_it_is_said_why_not(self, stage: ChatStage) -> None:
        message = stage.message("先週のチャンネルを要約して")
        since = datetime(2026, 11, 9, tzinfo=UTC)
        chat = stage.chat_for(message)
        if stage.reads_channels:
            assert list(await chat.read_back(message, since, since)) == []
            return
        with pytest.raises(BadInput) as caught:
            await chat.read_back(message, since, since)
        assert "要約" in caught.value.remedy

    async def test_an_attached_file_comes_byte_for_byte(self, stage: ChatStage) -> None:
        message = stage.message("会費は？")
        assert await stage.chat_for(message).download(stage.file) == self.FILE_BYTES

    async def test_a_file_that_is_gone_is_explained(self, stage: ChatStage) -> None:
        message = stage.message("会費は？")
        with pytest.raises(BadInput) as caught:
            await stage.chat_for(message).download(Attachment("ない.md", location="/ない/ない.md"))
        assert caught.value.remedy != BadInput.remedy


async def _answer(stage: ChatStage, question: str, answer: str, times: int = 1) -> None:
    message = stage.message(question)
    chat = stage.chat_for(message)
    await chat.hold(message, "調べています…")
    for _ in range(times):
        await chat.answer(message, Reply(answer, turn=message.turn))


def _said_at(workspace: str = "") -> Message:
    return Message("x", Actor("U1"), Place("slack", "T1", "C1"), workspace=workspace)
