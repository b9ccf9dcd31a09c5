"""What an operator sees of `docs add`, `docs list` and `docs remove`, and what the audit holds."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel import col

from bot.errors import BadInput, UnknownWorkspace
from bot.ports import AuditEvent
from bot.services.database import Database
from bot.services.manuals.library import Library
from bot.services.tables import IndexVersionRow, PassageRow


class Ledger:
    """Collects audit events; refuses them when `is_full`."""

    def __init__(self) -> None:
        self.events: list[AuditEvent] = []
        self.is_full = False

    async def record(self, connection: AsyncConnection, event: AuditEvent) -> None:
        assert connection.in_transaction() or connection.closed is False
        if self.is_full:
            raise RuntimeError("the audit record cannot be written")
        self.events.append(event)

    @property
    def actions(self) -> list[tuple[str, str]]:
        return [(event.action, event.target) for event in self.events]


@pytest.fixture
def ledger() -> Ledger:
    return Ledger()


@pytest.fixture
def library(database: Database, ledger: Ledger) -> Library:
    return Library(database, ledger.record)


async def version(database: Database, workspace: str = "city") -> str:
    async with database.read() as connection:
        query = select(col(IndexVersionRow.version)).where(
            col(IndexVersionRow.workspace) == workspace
        )
        return str(await connection.scalar(query) or "")


async def passages(database: Database) -> list[PassageRow]:
    async with database.read() as connection:
        rows = await connection.execute(select(PassageRow).order_by(col(PassageRow.position)))
        return [PassageRow(**row._mapping) for row in rows]


async def test_a_folder_is_added_with_its_subfolders_and_without_leftovers(
    library: Library, tmp_path: Path
) -> None:
    folder = tmp_path / "docs"
    for name in ("規程.txt", "旅費/表.csv", "~$規程.docx", ".DS_Store", "Thumbs.db", ".git/a.txt"):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("品目,額\n宿泊,100\n", encoding="utf-8")
    seen: list[tuple[int, int, str]] = []

    report = await library.add(
        [folder], workspace="city", label="2", progress=lambda *step: seen.append(step)
    )

    assert report.added == ["旅費/表.csv", "規程.txt"]
    assert report.failed == []
    assert seen == [(0, 2, "旅費/表.csv"), (1, 2, "規程.txt"), (2, 2, "")]
    assert [listed.name for listed in await library.list("city")] == ["旅費/表.csv", "規程.txt"]


async def test_adding_again_changes_only_what_changed(
    library: Library, database: Database, ledger: Ledger
) -> None:
    await library.add([("a.txt", b"one"), ("b.txt", b"two")], workspace="city", label="2")
    before, ids = await version(database), {row.id for row in await passages(database)}

    same = await library.add([("a.txt", b"one")], workspace="city", label="2")
    assert (same.unchanged, same.added, same.updated) == (["a.txt"], [], [])
    assert await version(database) == before

    changed = await library.add([("a.txt", b"one"), ("b.txt", b"2")], workspace="city", label="2")
    assert (changed.unchanged, changed.updated) == (["a.txt"], ["b.txt"])
    assert await version(database) != before
    assert len({row.id for row in await passages(database)} & ids) == 1
    assert ledger.actions == [
        ("document.added", "a.txt"),
        ("document.added", "b.txt"),
        ("document.updated", "b.txt"),
    ]


async def test_a_new_label_is_taken_over_without_reading_again(
    library: Library, database: Database, ledger: Ledger
) -> None:
    await library.add([("a.txt", b"one")], workspace="city", label="2")
    before = await version(database)

    report = await library.add([("a.txt", b"one")], workspace="city", label="3A")

    assert report.updated == ["a.txt"]
    assert (await library.list("city"))[0].label == "3A"
    assert await version(database) != before
    assert ledger.events[-1].action == "document.relabelled"
    assert ledger.events[-1].details["label_before"] == "2"


async def test_one_unreadable_document_is_named_and_the_rest_is_loaded(library: Library) -> None:
    report = await library.add(
        [("壊れ.docx", b"PK\x03\x04"), ("良い.txt", b"fine"), Path("/nowhere/あ.txt")],
        workspace="city",
        label="2",
    )

    assert report.added == ["良い.txt"]
    assert [name for name, _ in report.failed] == ["/nowhere/あ.txt", "壊れ.docx"]
    assert "「壊れ.docx」" in report.failed[1][1]


async def test_an_updated_document_that_cannot_be_read_stays_as_it_was(library: Library) -> None:
    await library.add([("a.txt", b"one")], workspace="city", label="2")

    report = await library.add([("a.txt", b"\x00\x01\x02\xff")], workspace="city", label="2")

    assert [name for name, _ in report.failed] == ["a.txt"]
    assert (await library.list("city"))[0].passages == 1


async def test_nothing_is_kept_when_the_audit_record_cannot_be_written(
    library: Library, database: Database, ledger: Ledger
) -> None:
    ledger.is_full = True

    with pytest.raises(RuntimeError):
        await library.add([("a.txt", b"one")], workspace="city", label="2")

    assert await library.list("city") == []
    assert await passages(database) == []
    assert await version(database) == ""


async def test_a_removed_document_is_gone_with_its_passages(
    library: Library, database: Database, ledger: Ledger
) -> None:
    await library.add([("a.txt", b"one"), ("b.txt", b"two")], workspace="city", label="2")

    assert await library.remove(["a.txt", "無い.txt"], workspace="city") == ["a.txt"]

    assert [row.text for row in await passages(database)] == ["two"]
    assert ledger.actions[-1] == ("document.removed", "a.txt")


async def test_workspaces_and_collections_do_not_touch_each_other(library: Library) -> None:
    await library.add([("a.txt", b"one")], workspace="city", label="2")
    await library.add([("a.txt", b"one")], workspace="town", label="1")
    await library.add([("a.txt", b"one")], workspace="city", label="2", collection="skill/x")

    await library.remove(["a.txt"], workspace="city")

    assert await library.list("city") == []
    assert [listed.label for listed in await library.list("town")] == ["1"]
    assert [row.collection for row in await library.list("city", collection=None)] == ["skill/x"]


async def test_stored_tokens_hold_the_title_and_the_heading(
    library: Library, database: Database
) -> None:
    text = "---\ntitle: 公用車の手引\n---\n## 予約\n前日までに電話する。"
    await library.add([("x.md", text.encode())], workspace="city", label="2")

    (row,) = await passages(database)
    assert {"公用", "手引き", "予約", "電話"} <= set(row.words.split())
    assert "公用" in row.grams.split()


async def test_a_synced_folder_loses_what_was_deleted_but_not_when_it_is_unmounted(
    library: Library, tmp_path: Path
) -> None:
    folder = tmp_path / "share"
    folder.mkdir()
    for name in ("a.txt", "b.txt"):
        (folder / name).write_text(name)
    await library.sync(folder, workspace="city", label="2")
    await library.add([("手で追加.txt", b"x")], workspace="city", label="2")

    (folder / "a.txt").unlink()
    report = await library.sync(folder, workspace="city", label="2")
    assert report.removed == ["a.txt"]

    (folder / "b.txt").unlink()
    report = await library.sync(folder, workspace="city", label="2")
    assert report.removed == []
    assert {listed.name for listed in await library.list("city")} == {"b.txt", "手で追加.txt"}


async def test_two_files_of_one_name_are_reported(library: Library, tmp_path: Path) -> None:
    for place in ("x", "y"):
        (tmp_path / place).mkdir()
        (tmp_path / place / "a.txt").write_text(place)

    report = await library.add(
        [tmp_path / "x" / "a.txt", tmp_path / "y" / "a.txt"], workspace="city", label="2"
    )

    assert report.added == ["a.txt"]
    assert "同じ名前" in report.failed[0][1]


async def test_a_wrong_label_or_no_workspace_is_refused_before_anything_is_read(
    library: Library,
) -> None:
    with pytest.raises(BadInput) as wrong:
        await library.add([("a.txt", b"one")], workspace="city", label="極秘")
    assert "3A" in wrong.value.remedy
    with pytest.raises(UnknownWorkspace):
        await library.add([("a.txt", b"one")], workspace="", label="2")


async def test_no_passage_is_left_without_its_document(
    library: Library, database: Database
) -> None:
    for content in (b"one", b"two", b"three"):
        await library.add([("a.txt", content)], workspace="city", label="2")

    async with database.read() as connection:
        assert await connection.scalar(select(func.count()).select_from(PassageRow)) == 1
