"""Sealing, proofs, the copy outside and exports."""

from __future__ import annotations

import asyncio
import base64
import csv
import io
import json
import logging
from pathlib import Path
from typing import Any

import pytest

from bot.errors import BadInput, Refused
from bot.messages import new_id
from bot.ports import AuditEvent
from bot.services.audit.checkpoints import Checkpoint, CheckpointCopy, PublicKey, Signer, known_keys
from bot.services.audit.export import export
from bot.services.audit.proof import verify_proof
from bot.services.audit.record import SqlAudit
from bot.services.audit.search import Filter
from bot.services.database import Database
from bot.sheets import BOM, safe_cell
from bot.testing.fakes import StillClock

# Source: the example of the C2SP signed-note page, read 2026-11-22.
EXAMPLE_KEY = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
EXAMPLE_NOTE = (
    "If you think cryptography is the answer to your problem,\n"
    "then you don't know what your problem is.\n\n"
    "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotp"
    "RZb6KE6RyyBwJnAM=\n"
)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


@pytest.fixture
def audit(database: Database, home: Path) -> SqlAudit:
    return SqlAudit.open(database, StillClock(), home)


def test_keys_and_signatures_are_those_of_the_published_format() -> None:
    key = PublicKey.parse(EXAMPLE_KEY)
    assert str(key) == EXAMPLE_KEY
    note = Checkpoint(key.name, 0, b"", EXAMPLE_NOTE)
    assert note.is_signed_by([key])
    spoiled = Checkpoint(key.name, 0, b"", EXAMPLE_NOTE.replace("answer", "solution"))
    assert not spoiled.is_signed_by([key])


def test_a_checkpoint_reads_as_it_was_signed(home: Path) -> None:
    signer = Signer.open(home)
    point = signer.sign(7, bytes(range(32)))
    lines = point.note.split("\n")
    assert lines[:3] == [signer.key.name, "7", base64.b64encode(bytes(range(32))).decode()]
    assert Checkpoint.parse(point.note) == point
    assert point.is_signed_by(known_keys(home))


@pytest.mark.parametrize("note", ["", "a\nb\nc\n\n— a b\n", "a\n1\nAAAA\n\n— a b\n", "\n" * 9])
def test_what_is_not_a_checkpoint_is_refused(note: str) -> None:
    with pytest.raises(BadInput):
        Checkpoint.parse(note)


@pytest.mark.parametrize("text", ["", "a+b+c", EXAMPLE_KEY[:-8], EXAMPLE_KEY.replace("c7", "c8")])
def test_what_is_not_a_public_key_is_refused(text: str) -> None:
    with pytest.raises(BadInput):
        PublicKey.parse(text)


async def test_sealing_with_nothing_new_signs_nothing(audit: SqlAudit) -> None:
    assert await audit.seal() is None
    await audit.record(AuditEvent("data.ingest", "main"))
    first = await audit.seal()
    assert first is not None
    assert first.size == 1
    assert await audit.seal() is None
    report = await audit.verify()
    assert (report.ok, report.checkpoints) == (True, 1)


async def test_an_empty_record_holds(audit: SqlAudit) -> None:
    assert (await audit.verify()).ok


async def test_two_who_seal_at_once_make_one_tree(
    audit: SqlAudit, database: Database, home: Path
) -> None:
    other = SqlAudit.open(database, StillClock(), home)

    async def write(by: SqlAudit) -> None:
        for _ in range(15):
            await asyncio.gather(*(by.record(AuditEvent("data.ingest", "main")) for _ in range(3)))
            await by.seal()

    await asyncio.gather(write(audit), write(other))
    await audit.seal()
    report = await audit.verify()
    assert (report.ok, report.events, report.unsealed) == (True, 90, 0)


async def test_a_proof_is_checked_without_the_database(audit: SqlAudit, home: Path) -> None:
    turn = new_id()
    for n in range(300):
        await audit.record(AuditEvent("data.ingest", "main", target=f"文書{n}"))
    await audit.record(AuditEvent("assistant.request", "main", turn=turn), body="何日？")
    answer = await audit.record(AuditEvent("assistant.answer", "main", turn=turn), body="五日")
    proof = json.loads(json.dumps(await audit.prove(turn)))
    key = (home / "keys" / "audit.pub").read_text().strip()
    report = verify_proof(proof, key)
    assert report.holds, report.lines
    assert {event["id"] for event in proof["events"]} == {turn, answer}
    assert [event["id"] for event in (await audit.prove(answer))["events"]] == [answer]
    assert verify_proof(proof).holds
    assert "見比べて" in verify_proof(proof).lines[-1]


async def test_a_proof_of_something_else_does_not_hold(audit: SqlAudit, tmp_path: Path) -> None:
    for _ in range(9):
        event_id = await audit.record(AuditEvent("data.ingest", "main", target="服務規程"))
    proof = await audit.prove(event_id)

    def changed(**values: Any) -> dict[str, Any]:
        return {**proof, "events": [{**proof["events"][0], **values}]}

    event = proof["events"][0]
    stranger = Signer.open(tmp_path / "stranger").key
    for spoiled in (
        changed(canonical=event["canonical"].replace("服務規程", "旅費規程")),
        changed(leaf_index=0),
        changed(leaf_index=10**9),
        changed(leaf_index="0"),
        changed(path=event["path"][:-1]),
        changed(path=["x"]),
        changed(id="other"),
        changed(canonical='{"id":"\ud800"}', id="\ud800"),
        changed(canonical="[" * 100_000),
        {**proof, "checkpoint": proof["checkpoint"].replace("\n\n", "\n\n\ud800\n\n")},
        {**proof, "checkpoint": proof["checkpoint"][:-30] + "\n"},
        {**proof, "public_key": f"{proof['public_key'].split('+')[0]}+00000000+AQ=="},
        {**proof, "checkpoint": proof["checkpoint"].replace("\n9\n", "\n10\n")},
        {**proof, "checkpoint": "x"},
        {**proof, "checkpoint": None},
        {**proof, "public_key": str(stranger)},
        {**proof, "events": []},
        {**proof, "events": [None]},
        {},
    ):
        assert not verify_proof(spoiled).holds, spoiled
    assert not verify_proof(proof, str(stranger)).holds
    assert not verify_proof(proof, "not a key").holds


async def test_a_proof_shows_that_the_record_still_begins_as_the_checkpoint_one_holds(
    audit: SqlAudit, tmp_path: Path
) -> None:
    held = []
    for count in (1, 255, 1, 50):
        for _ in range(count):
            event_id = await audit.record(AuditEvent("data.ingest", "main"))
        point = await audit.seal()
        assert point is not None
        held.append(point)
    for point in held:
        proof = await audit.prove(event_id, held=point)
        report = verify_proof(proof, held=point.note)
        assert report.holds, report.lines
        assert f"手元の検証点（{point.size} 件）から後に" in report.lines[2]
    stranger = Signer.open(tmp_path / "stranger")
    for other in (
        held[0],
        stranger.sign(held[-1].size, held[-1].root),
    ):
        report = verify_proof(proof, held=other.note)
        assert not report.holds
        assert "つながりません" in report.lines[2]
    assert not verify_proof(await audit.prove(event_id), held=held[0].note).holds


async def test_a_number_that_nobody_recorded_has_no_proof(audit: SqlAudit) -> None:
    with pytest.raises(BadInput) as caught:
        await audit.prove("受付1")
    assert "記録はありません" in caught.value.remedy


async def test_checkpoints_are_copied_and_an_outage_is_made_good(
    database: Database, home: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    outside = tmp_path / "share" / "checkpoints.txt"
    audit = SqlAudit.open(database, StillClock(), home, checkpoint_copy=str(outside))
    await audit.record(AuditEvent("data.ingest", "main"))
    with caplog.at_level(logging.ERROR):
        assert await audit.seal()
    assert str(outside) in audit.tree.copy_problem
    assert f"audit_checkpoint_copy_failed: 検証点を {outside} に書けません" in caplog.text
    outside.parent.mkdir()
    await audit.record(AuditEvent("data.ingest", "main"))
    await audit.seal()
    assert audit.tree.copy_problem == ""
    points, unreadable = CheckpointCopy(outside).read()
    assert ([point.size for point in points], unreadable) == ([1, 2], 0)
    assert (await audit.verify(outside)).ok


async def test_a_key_that_was_replaced_with_care_leaves_the_record_valid(
    audit: SqlAudit, database: Database, home: Path
) -> None:
    await audit.record(AuditEvent("data.ingest", "main"))
    await audit.seal()
    (home / "keys" / "audit.key").unlink()
    renewed = SqlAudit.open(database, StillClock(), home)
    event_id = await renewed.record(AuditEvent("data.ingest", "main"))
    await renewed.seal()
    assert (await renewed.verify()).ok
    assert len(known_keys(home)) == 2
    assert verify_proof(await renewed.prove(event_id)).holds


async def read(audit: SqlAudit, kind: Any, wanted: Filter | None = None, **who: Any) -> str:
    pieces = export(
        audit, wanted or Filter("main"), kind, **{"actor": "U1", "role": "staff", **who}
    )
    return "".join([piece async for piece in pieces])


async def test_every_exported_line_proves_itself_and_the_export_is_recorded(
    audit: SqlAudit, home: Path
) -> None:
    for n in range(520):
        await audit.record(AuditEvent("data.ingest", "main" if n % 2 else "soumu"))
    lines = (await read(audit, "jsonl")).splitlines()
    key = str(known_keys(home)[0])
    assert all(verify_proof(json.loads(line), key).holds for line in lines)
    workspaces = [json.loads(json.loads(line)["events"][0]["canonical"]) for line in lines]
    assert {fields["workspace"] for fields in workspaces} == {"main"}
    recorded = (await audit.search(Filter("main", action="admin.export"))).lines[0]
    assert (recorded.actor, recorded.target) == ("U1", "audit.jsonl")
    assert recorded.fields["details"]["events"] == len(lines) - 1 == 260
    assert recorded.fields["details"]["filter"] == {"workspace": "main"}


FORMULAS = ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "＝1", "＋1", "－1", "＠A"]


async def test_no_cell_of_an_export_is_run_by_a_spreadsheet(audit: SqlAudit) -> None:
    for formula in FORMULAS:
        await audit.record(
            AuditEvent("data.ingest", "main", target=f'{formula},"x"', actor=formula, reason="可")
        )
    text = await read(audit, "csv")
    assert text.startswith(BOM)
    rows = list(csv.reader(io.StringIO(text.removeprefix(BOM), newline="")))
    assert len(rows) == len(FORMULAS) + 2
    assert rows[0][:3] == ["記録ID", "受付番号", "発生日時（UTC）"]
    for formula, row in zip(FORMULAS, rows[1:], strict=False):
        assert row[rows[0].index("利用者")] == f"'{formula}"
        assert row[rows[0].index("対象")] == f'\'{formula},"x"'
        assert row[rows[0].index("理由")] == "可"
    assert not any(cell.startswith(tuple(FORMULAS)) for row in rows for cell in row)
    assert safe_cell("服務規程") == "服務規程"


async def test_an_export_across_workspaces_is_refused_to_others_and_not_recorded(
    audit: SqlAudit,
) -> None:
    with pytest.raises(Refused):
        await read(audit, "csv", Filter(), role="admin", everywhere=True)
    assert (await audit.search(Filter(), role="operator", everywhere=True)).total == 0
    assert "記録ID" in await read(audit, "csv", Filter(), role="auditor", everywhere=True)
    with pytest.raises(BadInput):
        await read(audit, "xlsx")
