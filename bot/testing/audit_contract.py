"""What every `Audit` does, the real one and the fake: subclass it and give it an `audit`.

class TestFakeAudit(AuditContract):
    @pytest.fixture
    def audit(self) -> FakeAudit: ...
"""

from __future__ import annotations

from bot.messages import new_id
from bot.ports import Audit, AuditEvent


class AuditContract:
    """Contract tests of `bot.ports.Audit`; the subclass makes the fixture `audit`."""

    async def test_the_request_of_a_turn_has_the_number_that_people_see(self, audit: Audit) -> None:
        turn = new_id()
        event = AuditEvent("assistant.request", "main", turn=turn, key=f"{turn}/request")
        assert await audit.record(event) == turn

    async def test_other_events_of_a_turn_have_numbers_of_their_own(self, audit: Audit) -> None:
        turn = new_id()
        ids = [
            await audit.record(AuditEvent(action, "main", turn=turn))
            for action in ("assistant.request", "assistant.answer", "auth.denied")
        ]
        assert len(set(ids)) == 3

    async def test_a_repeated_key_is_one_event_with_the_first_words(self, audit: Audit) -> None:
        turn = new_id()
        event = AuditEvent("assistant.answer", "main", turn=turn, key=f"{turn}/answer")
        first = await audit.record(event, body="五日です", subject="U1")
        again = await audit.record(event, body="六日です", subject="U1")
        assert first == again
        assert await audit.answer_body(turn, subject="U1") == "五日です"

    async def test_events_without_a_key_are_never_taken_for_each_other(self, audit: Audit) -> None:
        event = AuditEvent("data.ingest", "main", target="服務規程.docx")
        assert await audit.record(event) != await audit.record(event)

    async def test_the_words_of_an_answer_come_back_as_written(self, audit: Audit) -> None:
        turn, words = new_id(), "1行目\n　夏季休暇は五日です。🌻"
        await audit.record(
            AuditEvent("assistant.request", "main", turn=turn), body="何日？", subject="U1"
        )
        await audit.record(
            AuditEvent("assistant.answer", "main", turn=turn), body=words, subject="U1"
        )
        assert await audit.answer_body(turn, subject="U1") == words

    async def test_the_words_of_an_answer_are_not_given_to_others(self, audit: Audit) -> None:
        turn = new_id()
        event = AuditEvent("assistant.answer", "main", turn=turn)
        await audit.record(event, body="五日です", subject="U1")
        assert await audit.answer_body(turn, subject="U2") == ""
        assert await audit.answer_body(turn, subject="") == ""

    async def test_an_unknown_turn_has_no_words(self, audit: Audit) -> None:
        assert await audit.answer_body(new_id(), subject="U1") == ""

    async def test_an_answer_without_words_has_none(self, audit: Audit) -> None:
        turn = new_id()
        await audit.record(AuditEvent("assistant.answer", "main", turn=turn))
        assert await audit.answer_body(turn, subject="U1") == ""

    async def test_what_a_person_wrote_cannot_stop_the_record(self, audit: Audit) -> None:
        turn = new_id()
        event = AuditEvent("assistant.answer", "main", turn=turn, target="a\x00b\ud83dc")
        assert await audit.record(event, body="途中で切れた絵文字 \ud83d", subject="U1")
        assert await audit.answer_body(turn, subject="U1")
