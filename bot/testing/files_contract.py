"""Contract tests of `bot.ports.Files`: the fake and the real store pass the same ones."""

from __future__ import annotations

from hashlib import sha256

import pytest

from bot.messages import File, new_id
from bot.ports import Files, KeptFile
from bot.testing.fakes import StillClock

CONTENT = b"PK\x03\x04\x00\xff" * 1_000
DAY_SECONDS = 24 * 60 * 60


class FilesContract:
    """The fixtures `files` and `clock` belong together; files are kept for DAYS."""

    DAYS = 30

    @pytest.fixture
    def clock(self) -> StillClock:
        return StillClock()

    @pytest.fixture
    def files(self, clock: StillClock) -> Files:
        raise NotImplementedError

    async def test_a_file_comes_back_byte_for_byte_with_all_that_is_known_of_it(
        self, files: Files
    ) -> None:
        file = _file("議事録（総務課）.docx", CONTENT, label="3C")
        await files.keep(file, CONTENT, workspace="main", subject="slack:T1:U1")
        assert await files.fetch(file.id, workspace="main") == KeptFile(file, CONTENT)

    async def test_files_of_one_name_are_two(self, files: Files) -> None:
        first, second = _file("表.csv", b"a"), _file("表.csv", b"b")
        for file, content in ((first, b"a"), (second, b"b")):
            await files.keep(file, content, workspace="main", subject="slack:T1:U1")
        assert await files.fetch(first.id, workspace="main") == KeptFile(first, b"a")
        assert await files.fetch(second.id, workspace="main") == KeptFile(second, b"b")

    async def test_another_workspace_does_not_find_it(self, files: Files) -> None:
        file = _file("議事録.docx", CONTENT)
        await files.keep(file, CONTENT, workspace="main", subject="slack:T1:U1")
        for elsewhere in ("tax", "", "main/"):
            assert await files.fetch(file.id, workspace=elsewhere) is None

    async def test_a_file_that_never_was_is_not_found(self, files: Files) -> None:
        assert await files.fetch(new_id(), workspace="main") is None
        assert await files.fetch("", workspace="main") is None

    async def test_a_file_whose_time_is_over_is_not_found(
        self, files: Files, clock: StillClock
    ) -> None:
        file = _file("議事録.docx", CONTENT)
        await files.keep(file, CONTENT, workspace="main", subject="slack:T1:U1")
        clock.move(self.DAYS * DAY_SECONDS - 1)
        assert await files.fetch(file.id, workspace="main") is not None
        clock.move(1)
        assert await files.fetch(file.id, workspace="main") is None

    async def test_a_file_that_is_dropped_is_gone_and_no_other(self, files: Files) -> None:
        first, second = _file("記録.json", CONTENT), _file("記録.json", CONTENT)
        for file in (first, second):
            await files.keep(file, CONTENT, workspace="main", subject="slack:T1:U1")
        assert not await files.drop(first.id, workspace="tax")
        assert await files.drop(first.id, workspace="main")
        assert not await files.drop(first.id, workspace="main")
        assert await files.fetch(first.id, workspace="main") is None
        assert await files.fetch(second.id, workspace="main") is not None


def _file(name: str, content: bytes, label: str = "2") -> File:
    digest = sha256(content).hexdigest()
    return File(new_id(), name, "application/octet-stream", len(content), digest, label)
