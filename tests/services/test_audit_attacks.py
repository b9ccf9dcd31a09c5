"""Someone with the database changes the record; each way of doing so is seen and named."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from bot.errors import Tampered
from bot.ports import AuditEvent
from bot.services.audit.checkpoints import CheckpointCopy, Signer, known_keys
from bot.services.audit.merkle import Tiles, leaf_hash
from bot.services.audit.record import SqlAudit
from bot.services.audit.vault import Vault
from bot.services.audit.verify import VerifyReport
from bot.services.database import Database
from bot.testing.fakes import StillClock

# More than one tile, and a checkpoint in the middle of a tile.
SEALED = (200, 100, 20)
SIZE = sum(SEALED)


class Office:
    """A record of 320 events under three checkpoints, with a copy of these outside."""

    def __init__(self, database: Database, folder: Path) -> None:
        self.database = database
        self.home = folder / "home"
        self.copy = folder / "outside.txt"
        self.audit = self.open()
        self.ids: list[str] = []

    def open(self) -> SqlAudit:
        return SqlAudit.open(self.database, StillClock(), self.home, checkpoint_copy=str(self.copy))

    async def fill(self) -> None:
        for count in SEALED:
            async with self.database.write() as connection:
                for n in range(count):
                    event = AuditEvent(
                        "assistant.answer", "main", actor=f"U{n}", outcome="answered"
                    )
                    body = "五日" if n % 50 == 0 else ""
                    await self.audit.add(connection, event, body=body, subject="U1")
            await self.audit.seal()
        async with self.database.read() as connection:
            query = text("SELECT id FROM audit_event ORDER BY leaf_index")
            self.ids = list((await connection.scalars(query)).all())

    async def run(self, statement: str, **values: object) -> None:
        """What the attacker does: SQL on the database itself."""
        async with self.database.write() as connection:
            await connection.execute(text(statement), values)

    async def rows(self, statement: str, **values: object) -> list[Mapping[str, Any]]:
        async with self.database.read() as connection:
            found = await connection.execute(text(statement), values)
            return [dict(row) for row in found.mappings()]

    async def verify(self, *, against: bool = False) -> VerifyReport:
        return await self.audit.verify(self.copy if against else None)


@pytest.fixture
async def office(database: Database, tmp_path: Path) -> Office:
    opened = Office(database, tmp_path)
    await opened.fill()
    return opened


async def forge(office: Office, at: int) -> tuple[str, bytes]:
    """Change one event's text as the bot itself would have written it."""
    (row,) = await office.rows("SELECT canonical FROM audit_event WHERE leaf_index = :at", at=at)
    fields = json.loads(row["canonical"]) | {"outcome": "refused"}
    canonical = json.dumps(fields, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    leaf = leaf_hash(canonical.encode())
    await office.run(
        "UPDATE audit_event SET canonical = :text, outcome = 'refused', leaf_hash = :leaf"
        " WHERE leaf_index = :at",
        text=canonical,
        leaf=leaf,
        at=at,
    )
    return office.ids[at], leaf


async def test_an_untouched_record_holds_also_against_the_copy(office: Office) -> None:
    await office.audit.record(AuditEvent("data.ingest", "main"))
    report = await office.audit.verify(office.copy, seals=False)
    assert report.ok, report.lines
    assert (report.events, report.checkpoints, report.unsealed) == (SIZE, 3, 1)
    assert report.lines[0] == "監査記録は改ざんされていません。"
    assert any("まだ封印していない記録が 1 件" in line for line in report.notes)
    sealed = await office.verify(against=True)
    assert (sealed.ok, sealed.events, sealed.unsealed) == (True, SIZE + 1, 0)


@pytest.mark.parametrize(
    "column",
    ["key", "turn", "workspace", "platform", "actor", "action", "target", "outcome", "skill",
     "engine", "occurred"],
)  # fmt: skip
async def test_an_edit_of_any_column_is_seen(office: Office, column: str) -> None:
    await office.run(f"UPDATE audit_event SET {column} = 'x' WHERE leaf_index = 7")
    report = await office.verify()
    assert report.broken_ids == (office.ids[7],)
    assert "検索用の項目" in report.problems[0]


async def test_an_edited_id_is_seen(office: Office) -> None:
    await office.run("UPDATE audit_event SET id = 'x' WHERE leaf_index = 7")
    report = await office.verify()
    assert report.broken_ids == ("x",)


async def test_an_edited_text_is_seen(office: Office) -> None:
    await office.run("UPDATE audit_event SET canonical = '{' WHERE leaf_index = 255")
    report = await office.verify()
    assert report.broken_ids == (office.ids[255],)
    assert "書き換えられています" in report.problems[0]
    assert office.ids[255] in report.problems[0]


async def test_a_consistent_edit_of_one_event_is_seen(office: Office) -> None:
    event_id, _ = await forge(office, 201)
    report = await office.verify()
    assert report.broken_ids == (event_id,)
    assert len(report.problems) == 1


async def test_an_edit_that_also_reaches_the_tree_fails_at_the_checkpoint(office: Office) -> None:
    _, leaf = await forge(office, 210)
    (tile,) = await office.rows("SELECT hashes FROM audit_tile WHERE level = 0 AND position = 0")
    hashes = bytearray(tile["hashes"])
    hashes[210 * 32 : 211 * 32] = leaf
    forged = "UPDATE audit_tile SET hashes = :hashes WHERE level = 0 AND position = 0"
    await office.run(forged, hashes=bytes(hashes))
    report = await office.verify()
    assert any("200 番から 299 番まで" in line for line in report.problems)


async def test_a_deleted_event_is_seen(office: Office) -> None:
    await office.run("DELETE FROM audit_event WHERE leaf_index IN (42, 43, 260)")
    report = await office.verify()
    assert "42 番から 43 番までの記録 2 件が削除されています。" in report.problems
    assert "260 番の記録 1 件が削除されています。" in report.problems


async def test_an_event_taken_out_of_the_tree_and_sealed_again_is_seen(office: Office) -> None:
    await office.run("UPDATE audit_event SET leaf_index = NULL WHERE leaf_index = 42")
    report = await office.verify()
    assert "42 番の記録 1 件が削除されています。" in report.problems
    await office.run("UPDATE audit_event SET leaf_index = -1 WHERE leaf_index = 43")
    assert not (await office.verify()).ok


async def test_swapped_events_are_seen(office: Office) -> None:
    for old, new in ((10, 9999), (300, 10), (9999, 300)):
        await office.run(
            "UPDATE audit_event SET leaf_index = :new WHERE leaf_index = :old", old=old, new=new
        )
    report = await office.verify()
    assert set(report.broken_ids) == {office.ids[10], office.ids[300]}
    assert len(report.problems) == 1
    assert "入れ替え" in report.problems[0]


async def test_a_new_order_of_all_events_is_seen(office: Office) -> None:
    await office.run("UPDATE audit_event SET leaf_index = -1 - leaf_index")
    await office.run(
        f"UPDATE audit_event SET leaf_index = {SIZE} + leaf_index WHERE leaf_index < 0"
    )
    report = await office.verify()
    assert len(report.broken_ids) == SIZE
    assert "入れ替え" in report.problems[0]
    assert "ほか" in report.problems[0]


async def cut_rows(office: Office) -> None:
    events = "SELECT id FROM audit_event WHERE leaf_index >= 300"
    await office.run(f"DELETE FROM audit_body WHERE event_id IN ({events})")
    await office.run("DELETE FROM audit_event WHERE leaf_index >= 300")


async def test_a_cut_tail_is_seen(office: Office) -> None:
    await cut_rows(office)
    report = await office.verify()
    assert report.problems == ("300 番から 319 番までの記録 20 件が削除されています。",)


async def cut_completely(office: Office) -> None:
    """Cut the last events, their checkpoint, and the tree back to what it was before."""
    await cut_rows(office)
    await office.run("DELETE FROM audit_checkpoint WHERE size > 300")
    await office.run(
        "UPDATE audit_tile SET hashes = :hashes WHERE level = 0 AND position = 1",
        hashes=await leaves(office, 256, 300),
    )


async def leaves(office: Office, start: int, end: int) -> bytes:
    rows = await office.rows(
        "SELECT leaf_hash FROM audit_event WHERE leaf_index >= :start AND leaf_index < :end"
        " ORDER BY leaf_index",
        start=start,
        end=end,
    )
    return b"".join(bytes(row["leaf_hash"]) for row in rows)


async def test_a_tail_cut_with_its_checkpoints_is_seen_only_with_the_copy(office: Office) -> None:
    await cut_completely(office)
    assert (await office.verify()).ok
    report = await office.verify(against=True)
    assert any("320 件あった記録が 300 件しかありません" in line for line in report.problems)


async def test_a_tail_cut_and_grown_again_is_seen_with_the_copy(office: Office) -> None:
    await cut_completely(office)
    for _ in range(40):
        await office.audit.record(AuditEvent("data.ingest", "main"))
    assert (await office.verify()).ok
    assert "今の記録にありません" in office.audit.tree.copy_problem
    report = await office.verify(against=True)
    assert any("320 件）と記録が一致しません" in line for line in report.problems)


async def test_checkpoints_deleted_without_their_events_are_seen(office: Office) -> None:
    await office.run("DELETE FROM audit_checkpoint WHERE size > 300")
    report = await office.verify()
    assert set(report.broken_ids) == set(office.ids[300:])
    await office.audit.record(AuditEvent("data.ingest", "main"))
    with pytest.raises(Tampered):
        await office.audit.seal()


async def test_a_checkpoint_missing_in_the_middle_is_seen_with_the_copy(office: Office) -> None:
    await office.run("DELETE FROM audit_checkpoint WHERE size = 300")
    assert (await office.verify()).ok
    report = await office.verify(against=True)
    assert report.problems == ("外に保管した検証点（300 件）が、記録の中から消されています。",)


async def test_an_edited_checkpoint_is_seen(office: Office) -> None:
    await office.run(
        "UPDATE audit_checkpoint SET note = replace(note, '300', '301') WHERE size = 300"
    )
    report = await office.verify()
    assert any("署名" in line for line in report.problems)
    await office.run("UPDATE audit_checkpoint SET note = 'x' WHERE size = 300")
    assert any("読めません" in line for line in (await office.verify()).problems)


async def rewrite(office: Office, signer: Signer) -> None:
    """Change an event and build everything on top of it again, signed with another key."""
    await forge(office, 5)
    tiles, whole, start = Tiles(), await leaves(office, 0, SIZE), 0
    await office.run("DELETE FROM audit_checkpoint")
    await office.run("DELETE FROM audit_tile")
    for count in SEALED:
        part = whole[start * 32 : (start + count) * 32]
        tiles.append(part[at : at + 32] for at in range(0, len(part), 32))
        start += count
        point = signer.sign(start, tiles.root())
        await office.run(
            "INSERT INTO audit_checkpoint VALUES (:size, :root, :note, '')",
            size=point.size,
            root=point.root,
            note=point.note,
        )
    for level, position in tiles.places():
        await office.run(
            "INSERT INTO audit_tile VALUES (:level, :position, :hashes)",
            level=level,
            position=position,
            hashes=tiles[level, position],
        )


async def test_a_rewritten_tree_with_another_key_is_seen_by_the_key_file(
    office: Office, tmp_path: Path
) -> None:
    await rewrite(office, Signer.open(tmp_path / "attacker"))
    report = await office.verify()
    assert len(report.problems) == 3
    assert all("公開鍵では確かめられません" in line for line in report.problems)
    await office.audit.record(AuditEvent("data.ingest", "main"))
    with pytest.raises(Tampered):
        await office.audit.seal()
    assert any("封印できません" in line for line in (await office.verify()).problems)


@pytest.mark.parametrize("takes", ["the key itself", "a key of the same name", "other keys"])
async def test_a_rewritten_tree_is_seen_with_the_copy_whatever_key_signed_it(
    office: Office, tmp_path: Path, takes: str
) -> None:
    attacker = Signer.open(office.home)
    if takes == "other keys":
        shutil.rmtree(office.home / "keys")
        attacker = Signer.open(office.home)
    elif takes == "a key of the same name":
        other = Signer.open(tmp_path / "attacker")
        attacker = Signer(attacker.key.name, other._private)
        (office.home / "keys" / "audit.pub").write_text(f"{attacker.key}\n")
    await rewrite(office, attacker)
    audit = SqlAudit(
        office.database,
        Vault(b"k" * 32) if takes == "other keys" else Vault.open(office.home),
        StillClock(),
        signer=attacker,
        known_keys=known_keys(office.home),
    )
    await office.run("DELETE FROM audit_body")
    assert (await audit.verify()).ok
    report = await audit.verify(office.copy)
    assert any("件）と記録が一致しません" in line for line in report.problems)
    if takes != "the key itself":
        assert any("鍵が替えられたおそれ" in line for line in report.problems)


async def test_words_put_in_the_place_of_others_are_seen(office: Office) -> None:
    first, second = (await office.rows("SELECT * FROM audit_body ORDER BY event_id"))[:2]
    await office.run(
        "UPDATE audit_body SET sealed = :sealed WHERE event_id = :id",
        sealed=first["sealed"],
        id=second["event_id"],
    )
    report = await office.verify()
    assert report.broken_ids == (second["event_id"],)
    assert "本文" in report.problems[0]


async def test_words_encrypted_anew_with_the_right_keys_are_seen(office: Office) -> None:
    vault = Vault.open(office.home)
    (key,) = await office.rows("SELECT wrapped FROM subject_key")
    sealed = vault.seal(bytes(key["wrapped"]), "U1", office.ids[0], b"s" * 32, "六日".encode())
    await office.run(
        "UPDATE audit_body SET sealed = :sealed WHERE event_id = :id",
        sealed=sealed,
        id=office.ids[0],
    )
    assert (await office.verify()).broken_ids == (office.ids[0],)


async def test_a_key_that_is_gone_while_words_remain_is_seen(office: Office) -> None:
    await office.run("DELETE FROM subject_key")
    report = await office.verify()
    assert "本文" in report.problems[0]


@pytest.mark.parametrize("level", [0, 1])
async def test_a_tile_that_is_gone_is_seen_and_stops_sealing(office: Office, level: int) -> None:
    await office.run("DELETE FROM audit_tile WHERE level = :level", level=level)
    report = await office.verify()
    assert any("控え" in line for line in report.problems)
    await office.audit.record(AuditEvent("data.ingest", "main"))
    with pytest.raises(Tampered):
        await office.audit.seal()


async def test_a_forged_row_that_waits_for_sealing_is_seen(office: Office) -> None:
    event_id = await office.audit.record(AuditEvent("data.ingest", "main"))
    await office.run("UPDATE audit_event SET canonical = '{}' WHERE id = :id", id=event_id)
    assert (await office.audit.verify(seals=False)).broken_ids == (event_id,)


async def test_a_copy_that_cannot_be_read_is_a_problem_not_a_crash(
    office: Office, tmp_path: Path
) -> None:
    assert "読めません" in (await office.audit.verify(tmp_path / "none")).problems[0]
    (tmp_path / "empty").write_text("")
    assert "検証点がありません" in (await office.audit.verify(tmp_path / "empty")).problems[0]


async def test_a_copy_whose_last_line_was_cut_by_a_crash_still_serves(office: Office) -> None:
    whole = office.copy.read_text()
    office.copy.write_text(whole[:-30])
    report = await office.verify(against=True)
    assert report.ok
    assert any("途中で切れています" in line for line in report.notes)
    await office.audit.record(AuditEvent("data.ingest", "main"))
    await office.audit.seal()
    sizes = [point.size for point in CheckpointCopy(office.copy).read()[0]]
    assert sizes == [200, 300, 320, 321]
    assert (await office.verify(against=True)).ok
