"""Files of replies in the database: sealed, expired, erased; and the links that open one."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest
from sqlalchemy import text

from bot.messages import File, new_id
from bot.ports import AuditEvent, Files
from bot.services.audit.record import SqlAudit
from bot.services.audit.search import Filter
from bot.services.audit.vault import Vault
from bot.services.database import Database
from bot.services.files import LINK_SECONDS, FileLinks, SqlFiles
from bot.testing.fakes import FakeFiles, StillClock
from bot.testing.files_contract import DAY_SECONDS, FilesContract

DAYS = FilesContract.DAYS
FILE = File("f1", "面談記録（佐藤花子）.docx", "text/csv", 9, "ab", "3C")


@pytest.fixture
def clock() -> StillClock:
    return StillClock()


@pytest.fixture
def vault(tmp_path: Path) -> Vault:
    return Vault.open(tmp_path / "home")


@pytest.fixture
def files(database: Database, vault: Vault, clock: StillClock) -> SqlFiles:
    return SqlFiles(database, vault, clock, body_days=DAYS)


@pytest.fixture
def audit(database: Database, clock: StillClock, tmp_path: Path) -> SqlAudit:
    return SqlAudit.open(database, clock, tmp_path / "home", body_days=DAYS)


class TestSqlFiles(FilesContract):
    @pytest.fixture
    def files(self, database: Database, vault: Vault, clock: StillClock) -> Files:
        return SqlFiles(database, vault, clock, body_days=self.DAYS)


class TestFakeFiles(FilesContract):
    @pytest.fixture
    def files(self, clock: StillClock) -> Files:
        return FakeFiles(clock, self.DAYS)


async def left(database: Database) -> tuple[Sequence[str], Sequence[str]]:
    """The ids of kept files, and the subjects that have a key."""
    async with database.read() as connection:
        ids = (await connection.scalars(text("SELECT id FROM file ORDER BY id"))).all()
        query = text("SELECT subject FROM subject_key ORDER BY subject")
        return ids, (await connection.scalars(query)).all()


async def test_neither_bytes_nor_name_stand_readable_in_the_database(
    files: SqlFiles, database: Database
) -> None:
    await files.keep(FILE, b"confidential", workspace="main", subject="slack:T1:U1")
    async with database.read() as connection:
        row = (await connection.execute(text("SELECT * FROM file"))).one()
    stored = b"".join(value if isinstance(value, bytes) else str(value).encode() for value in row)
    assert b"confidential" not in stored
    assert "佐藤花子".encode() not in stored


async def test_the_night_deletes_expired_files_and_the_key_with_the_last_thing_it_opens(
    files: SqlFiles, audit: SqlAudit, database: Database, clock: StillClock
) -> None:
    old, new = new_id(), new_id()
    await files.keep(_named(old), b"1", workspace="main", subject="U1")
    await files.keep(_named(new_id()), b"2", workspace="tax", subject="U2")
    clock.move(20 * DAY_SECONDS)
    await files.keep(_named(new), b"3", workspace="main", subject="U1")
    assert await audit.expire() == 0
    clock.move(10 * DAY_SECONDS)
    assert await audit.expire() == 2
    assert await left(database) == ([new], ["U1"])
    for workspace in ("main", "tax"):
        fields = (await audit.search(Filter(workspace))).lines[0].fields
        assert (fields["action"], fields["reason"]) == ("data.erase", "expired")
        assert fields["details"] == {"bodies": 0, "files": 1}
    clock.move(20 * DAY_SECONDS)
    assert await audit.expire() == 1
    assert await left(database) == ([], [])


async def test_a_key_stays_while_a_file_needs_it_though_the_words_are_gone(
    files: SqlFiles, audit: SqlAudit, clock: StillClock
) -> None:
    await audit.record(AuditEvent("assistant.answer", "main"), body="古", subject="U1")
    clock.move(DAY_SECONDS)
    await files.keep(FILE, b"1", workspace="main", subject="U1")
    clock.move(29 * DAY_SECONDS)
    assert await audit.expire() == 1
    kept = await files.fetch(FILE.id, workspace="main")
    assert kept is not None
    assert kept.content == b"1"


async def test_erasing_a_person_erases_their_files_in_every_workspace(
    files: SqlFiles, audit: SqlAudit, database: Database
) -> None:
    other = new_id()
    await files.keep(_named(new_id()), b"1", workspace="main", subject="U1")
    await files.keep(_named(new_id()), b"2", workspace="tax", subject="U1")
    await files.keep(_named(other), b"3", workspace="main", subject="U2")
    assert await audit.erase("U1", actor="admin") == 2
    assert await left(database) == ([other], ["U2"])
    assert (await audit.search(Filter("tax"))).lines[0].fields["details"]["files"] == 1


def links(
    vault: Vault, clock: StillClock, address: str = "https://shomu.example.lg.jp/"
) -> FileLinks:
    return FileLinks(vault, clock, address)


def key_of(address: str) -> str:
    return address.partition("?key=")[2]


def test_a_link_opens_its_file_for_a_day(vault: Vault, clock: StillClock) -> None:
    made = links(vault, clock)
    address = made.link("総務課", FILE)
    assert address.startswith(
        "https://shomu.example.lg.jp/files/%E7%B7%8F%E5%8B%99%E8%AA%B2/f1?key="
    )
    assert made.opens("総務課", "f1", key_of(address))
    clock.move(LINK_SECONDS - 1)
    assert made.opens("総務課", "f1", key_of(address))
    clock.move(1)
    assert not made.opens("総務課", "f1", key_of(address))


def test_a_link_opens_nothing_else(vault: Vault, clock: StillClock, tmp_path: Path) -> None:
    made = links(vault, clock)
    key = key_of(made.link("main", FILE))
    expires, _, mac = key.partition(".")
    assert not made.opens("tax", "f1", key)
    assert not made.opens("main", "f2", key)
    later, guessed = f"{int(expires) + 1}.{mac}", f"{expires}.{'0' * 64}"
    for wrong in ("", "1", later, guessed, f"{key}0", f"x{key}"):
        assert not made.opens("main", "f1", wrong)
    elsewhere = links(Vault.open(tmp_path / "elsewhere"), clock)
    assert not elsewhere.opens("main", "f1", key)


def test_every_replica_that_holds_the_master_key_knows_the_others_links(
    vault: Vault, clock: StillClock, tmp_path: Path
) -> None:
    again = links(Vault.open(tmp_path / "home"), clock)
    assert again.opens("main", "f1", key_of(links(vault, clock).link("main", FILE)))


def test_without_a_public_address_there_is_no_link(vault: Vault, clock: StillClock) -> None:
    assert links(vault, clock, "").link("main", FILE) == ""


def _named(file_id: str) -> File:
    return File(file_id, "表.csv", "text/csv", 1, "ab")
