"""What is recorded, found again, kept apart and erased."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from bot.errors import BadInput, Misconfigured, Refused, Tampered
from bot.messages import new_id
from bot.ports import AuditEvent
from bot.services.audit.checkpoints import Signer
from bot.services.audit.proof import verify_proof
from bot.services.audit.record import SqlAudit
from bot.services.audit.search import Filter
from bot.services.audit.vault import Vault
from bot.services.database import Database
from bot.testing.audit_contract import AuditContract
from bot.testing.fakes import FakeAudit, StillClock


@pytest.fixture
def clock() -> StillClock:
    return StillClock()


@pytest.fixture
def audit(database: Database, clock: StillClock, tmp_path: Path) -> SqlAudit:
    return SqlAudit.open(database, clock, tmp_path / "home", body_days=30)


class TestSqlAudit(AuditContract):
    """The real record passes the contract on both databases."""


class TestFakeAudit(AuditContract):
    @pytest.fixture
    def audit(self) -> FakeAudit:
        return FakeAudit()


async def count(database: Database, table: str) -> int:
    async with database.read() as connection:
        return int(await connection.scalar(text(f"SELECT count(*) FROM {table}")) or 0)


async def fields_of(audit: SqlAudit, workspace: str = "main") -> dict[str, object]:
    """The newest event as it was recorded."""
    return dict((await audit.search(Filter(workspace))).lines[0].fields)


async def test_every_event_has_the_same_top_level_fields(audit: SqlAudit) -> None:
    await audit.record(AuditEvent("data.ingest", "main"))
    plain = await fields_of(audit)
    details = {
        "skill": "manual@1.2.0",
        "prompts": ["manual/answer@1.0.0+abc"],
        "tokens_in": 12,
        "seconds": 1.2345,
        "label": "2",
        "masks": {"氏名": 1},
        "sources": [{"document": "服務規程", "label": "2"}],
        "custom": {"ratio": 0.1, "nothing": None, "list": (1, 2)},
    }
    await audit.record(AuditEvent("assistant.answer", "main", details=details))
    rich = await fields_of(audit)
    assert plain.keys() == rich.keys()
    assert (rich["skill"], rich["skill_version"], rich["tokens_in"]) == ("manual", "1.2.0", 12)
    assert rich["latency_ms"] == 1234
    assert rich["policy"] == {"label": "2", "masks": {"氏名": 1}}
    assert rich["details"] == {"custom": {"ratio": "0.1", "nothing": None, "list": [1, 2]}}


async def test_the_stored_text_is_sorted_composed_and_free_of_floats(
    audit: SqlAudit, database: Database
) -> None:
    decomposed = "か\u3099"
    details = {"z": 1e-7, "a": float("nan"), decomposed: decomposed}
    await audit.record(AuditEvent("data.ingest", "main", target=decomposed, details=details))
    async with database.read() as connection:
        stored = await connection.scalar(text("SELECT canonical FROM audit_event"))
    read = json.loads(stored, parse_float=pytest.fail)
    assert stored == json.dumps(read, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    assert read["target"] == "が"
    assert read["details"] == {"z": "0.0000001", "a": "NaN", "が": "が"}


async def test_a_value_that_is_not_json_is_named(audit: SqlAudit) -> None:
    event = AuditEvent("data.ingest", "main", details={"sources": [{"when": datetime.now(UTC)}]})
    with pytest.raises(TypeError, match=r"sources\[0\]\.when"):
        await audit.record(event)


async def test_an_event_and_the_change_it_reports_happen_together_or_not_at_all(
    audit: SqlAudit, database: Database
) -> None:
    change = text("INSERT INTO firing VALUES (:key, '', '', '')")
    event = AuditEvent("schedule.run", "main")

    async def run(key: str, *, fails: bool) -> None:
        async with database.write() as connection:
            await connection.execute(change, {"key": key})
            await audit.add(connection, event, body="内容")
            if fails:
                raise BadInput("stop")

    with pytest.raises(BadInput):
        await run("retention:1", fails=True)
    assert (await count(database, "firing"), await count(database, "audit_event")) == (0, 0)
    await run("retention:2", fails=False)
    assert (await count(database, "firing"), await count(database, "audit_event")) == (1, 1)


async def test_many_callers_at_once_each_get_their_own_event(
    audit: SqlAudit, database: Database
) -> None:
    turns = [new_id() for _ in range(300)]
    events = [AuditEvent("assistant.request", "main", turn=turn) for turn in turns]
    ids = await asyncio.gather(
        *(audit.record(event, body=f"問{n}", subject="U1") for n, event in enumerate(events))
    )
    assert ids == turns
    assert await audit.body(turns[123]) == "問123"
    assert await count(database, "audit_event") == 300


async def test_one_key_written_by_many_at_once_is_one_event(
    audit: SqlAudit, database: Database
) -> None:
    event = AuditEvent("assistant.answer", "main", key="turn-1:answer")
    ids = await asyncio.gather(*(audit.record(event, body="五日", subject="U1") for _ in range(20)))
    assert len(set(ids)) == 1
    assert await count(database, "audit_event") == await count(database, "audit_body") == 1


async def test_a_second_request_of_a_turn_under_another_key_is_kept_too(
    audit: SqlAudit, database: Database
) -> None:
    turn = new_id()
    for key in ("first", "second"):
        event = AuditEvent("assistant.request", "main", turn=turn, key=key)
        await audit.record(event, body=key, subject="U1")
    assert await count(database, "audit_event") == 2
    assert await audit.body(turn) == "first"
    await audit.seal()
    assert (await audit.verify()).ok


async def test_an_event_that_cannot_be_written_does_not_take_others_with_it(
    audit: SqlAudit, database: Database
) -> None:
    await audit.record(AuditEvent("assistant.answer", "main"), body="前", subject="broken")
    async with database.write() as connection:
        await connection.execute(text("UPDATE subject_key SET wrapped = :x"), {"x": b"\1nothing"})
    written = await asyncio.gather(
        *(
            audit.record(AuditEvent("assistant.answer", "main"), body="問", subject=subject)
            for subject in ("fine", "broken", "fine", "other")
        ),
        return_exceptions=True,
    )
    assert [isinstance(item, Tampered) for item in written] == [False, True, False, False]
    assert await count(database, "audit_event") == 4
    assert await audit.record(AuditEvent("assistant.answer", "main"), body="後", subject="fine")


async def test_a_caller_who_gives_up_does_not_stop_the_others(
    audit: SqlAudit, database: Database
) -> None:
    tasks = [asyncio.create_task(audit.record(AuditEvent("data.ingest", "main"))) for _ in range(3)]
    await asyncio.sleep(0)
    tasks[0].cancel()
    done = await asyncio.gather(*tasks, return_exceptions=True)
    assert isinstance(done[0], asyncio.CancelledError)
    assert all(isinstance(item, str) for item in done[1:])
    await audit.record(AuditEvent("data.ingest", "main"))


async def test_words_are_not_readable_in_the_database(audit: SqlAudit, database: Database) -> None:
    event_id = await audit.record(
        AuditEvent("assistant.answer", "main"), body="夏季休暇は五日", subject="U1"
    )
    async with database.read() as connection:
        rows = (await connection.execute(text("SELECT * FROM audit_event"))).all()
        bodies = (await connection.execute(text("SELECT * FROM audit_body"))).all()
    assert "夏季休暇" not in str(rows)
    assert all("夏季休暇".encode() not in bytes(body.sealed) for body in bodies)
    assert await audit.body(event_id) == "夏季休暇は五日"


async def test_erasing_a_person_takes_their_words_and_leaves_the_record_valid(
    audit: SqlAudit, database: Database
) -> None:
    mine = await audit.record(AuditEvent("assistant.answer", "main"), body="私", subject="U1")
    other = await audit.record(AuditEvent("assistant.answer", "main"), body="他", subject="U2")
    proof = await audit.prove(mine)
    assert await audit.erase("U1", actor="admin", actor_role="admin") == 1
    assert (await audit.body(mine), await audit.body(other)) == ("", "他")
    async with database.read() as connection:
        query = text("SELECT subject FROM subject_key")
        assert (await connection.scalars(query)).all() == ["U2"]
    erased = await fields_of(audit)
    assert (erased["action"], erased["target"], erased["actor"]) == ("data.erase", "U1", "admin")
    assert erased["details"] == {"bodies": 1, "files": 0}
    await audit.seal()
    assert (await audit.verify()).ok
    assert verify_proof(proof).holds
    assert verify_proof(await audit.prove(mine)).holds


async def test_a_request_to_erase_is_recorded_even_when_nothing_was_kept(audit: SqlAudit) -> None:
    assert await audit.erase("U9", actor="admin", workspace="main") == 0
    assert (await fields_of(audit))["details"] == {"bodies": 0, "files": 0}


async def test_an_erased_key_is_gone_from_the_file_too(clock: StillClock, tmp_path: Path) -> None:
    home = tmp_path / "home"
    database = await Database.open_home(home)
    audit = SqlAudit.open(database, clock, home)
    await audit.record(AuditEvent("assistant.answer", "main"), body="私", subject="U1")
    async with database.read() as connection:
        wrapped = bytes(await connection.scalar(text("SELECT wrapped FROM subject_key")) or b"")

    def held() -> list[str]:
        return [path.name for path in home.glob("shomu.db*") if wrapped in path.read_bytes()]

    assert held()
    await audit.erase("U1")
    assert held() == []
    await database.close()


async def test_words_expire_after_their_days_and_the_key_with_the_last_of_them(
    audit: SqlAudit, database: Database, clock: StillClock
) -> None:
    old = await audit.record(AuditEvent("assistant.answer", "main"), body="古", subject="U1")
    last = await audit.record(AuditEvent("assistant.answer", "soumu"), body="他", subject="U2")
    clock.move(20 * 86_400)
    new = await audit.record(AuditEvent("assistant.answer", "main"), body="新", subject="U1")
    assert await audit.expire(clock.now()) == 0
    assert (await fields_of(audit))["action"] == "assistant.answer"
    clock.move(11 * 86_400)
    assert await audit.expire(clock.now()) == 2
    assert [await audit.body(event) for event in (old, last, new)] == ["", "", "新"]
    async with database.read() as connection:
        query = text("SELECT subject FROM subject_key")
        assert (await connection.scalars(query)).all() == ["U1"]
    for workspace in ("main", "soumu"):
        fields = await fields_of(audit, workspace)
        assert (fields["action"], fields["reason"]) == ("data.erase", "expired")
        assert fields["actor_type"] == "schedule"
    await audit.seal()
    assert (await audit.verify()).ok


async def test_words_do_not_open_with_another_master_key(
    audit: SqlAudit, database: Database, clock: StillClock, tmp_path: Path
) -> None:
    event_id = await audit.record(AuditEvent("assistant.answer", "main"), body="私", subject="U1")
    stranger = SqlAudit(database, Vault(b"k" * 32), clock, signer=Signer.open(tmp_path / "home"))
    with pytest.raises(Tampered) as caught:
        await stranger.body(event_id)
    assert "SHOMU_MASTER_KEY" in caught.value.remedy


def test_a_master_key_of_the_wrong_length_stops_the_start(tmp_path: Path) -> None:
    with pytest.raises(Misconfigured, match="SHOMU_MASTER_KEY"):
        Vault.open(tmp_path, "c2hvcnQ=")
    with pytest.raises(Misconfigured, match="SHOMU_MASTER_KEY"):
        Vault.open(tmp_path, "これは鍵ではない")


def test_keys_are_made_once_for_their_owner_only(tmp_path: Path) -> None:
    first, again = Signer.open(tmp_path), Signer.open(tmp_path)
    Vault.open(tmp_path)
    assert first.key == again.key
    for name in ("audit.key", "master.key"):
        assert (tmp_path / "keys" / name).stat().st_mode & 0o777 == 0o600
    (tmp_path / "keys" / "master.key").chmod(0o644)
    with pytest.raises(Misconfigured) as caught:
        Vault.open(tmp_path)
    assert "chmod 600" in caught.value.remedy


async def make_history(audit: SqlAudit, clock: StillClock) -> None:
    for n in range(5):
        for workspace, actor in (("main", "U1"), ("soumu", "U2")):
            event = AuditEvent(
                "assistant.answer",
                workspace,
                actor=actor,
                target=f"服務規程_{n}%.docx",
                outcome="answered" if n % 2 else "not_found",
                details={"skill": "manual", "engine": "offline" if n < 3 else "gpt"},
            )
            await audit.record(event)
        clock.move(3600)


async def test_events_are_found_by_each_filter_newest_first(
    audit: SqlAudit, clock: StillClock
) -> None:
    start = clock.now()
    await make_history(audit, clock)
    found = await audit.search(Filter("main"), size=2, page=2)
    assert (found.total, found.page) == (5, 2)
    assert [line.target for line in found.lines] == ["服務規程_2%.docx", "服務規程_1%.docx"]
    for wanted, total in (
        (Filter("main", actor="U1"), 5),
        (Filter("main", actor="U2"), 0),
        (Filter("main", action="admin.export"), 0),
        (Filter("main", outcome="answered"), 2),
        (Filter("main", skill="manual", engine="gpt"), 2),
        (Filter("main", since=start + timedelta(hours=1), until=start + timedelta(hours=3)), 2),
        (Filter("main", text="_3%.DOCX"), 1),
        (Filter("main", text="服務規程"), 5),
        (Filter("main", text="＿3％．ｄｏｃｘ"), 1),
        (Filter("main", text="%"), 5),
        (Filter("main", text="x%x"), 0),
    ):
        assert (await audit.search(wanted)).total == total, wanted


async def test_only_operators_and_auditors_look_across_workspaces(
    audit: SqlAudit, clock: StillClock
) -> None:
    await make_history(audit, clock)
    assert (await audit.search(Filter("soumu"))).total == 5
    assert (await audit.search(Filter(), role="auditor", everywhere=True)).total == 10
    for role, everywhere in (("staff", True), ("admin", True), ("auditor", False)):
        with pytest.raises(Refused) as caught:
            await audit.search(Filter(), role=role, everywhere=everywhere)  # type: ignore[arg-type]
        assert "ワークスペース" in caught.value.remedy
