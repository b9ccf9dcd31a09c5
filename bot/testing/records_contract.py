"""Contract tests of `bot.ports.Records`."""

from __future__ import annotations

import pytest

from bot.ports import Records


class RecordsContract:
    @pytest.fixture
    def records(self) -> Records:
        raise NotImplementedError

    async def test_a_value_comes_back_as_it_was_put(self, records: Records) -> None:
        for value in ({"日数": 5, "可": True, "備考": None}, [1, 2.5, "三"], "文", 0, False):
            await records.put("main", "leave", "鍵", value)
            assert await records.get("main", "leave", "鍵") == value
        assert await records.get("main", "leave", "ない鍵") is None

    async def test_what_is_kept_does_not_change_with_the_value_that_was_put(
        self, records: Records
    ) -> None:
        value = {"days": [1]}
        await records.put("main", "leave", "k", value)
        value["days"].append(2)
        assert await records.get("main", "leave", "k") == {"days": [1]}

    async def test_workspaces_and_skills_do_not_see_each_other(self, records: Records) -> None:
        await records.put("main", "leave", "k", 1)
        assert await records.get("tax", "leave", "k") is None
        assert await records.get("main", "parking", "k") is None
        assert await records.list("tax", "leave") == {}
        assert await records.list("main", "parking") == {}

    async def test_what_is_dropped_is_gone_and_dropping_it_again_does_no_harm(
        self, records: Records
    ) -> None:
        await records.put("main", "leave", "k", 1)
        await records.put("main", "parking", "k", 2)
        for _ in range(2):
            await records.drop("main", "leave", "k")
        assert await records.get("main", "leave", "k") is None
        assert await records.get("main", "parking", "k") == 2

    async def test_a_prefix_is_taken_to_the_letter_and_keys_come_in_order(
        self, records: Records
    ) -> None:
        for key in ("b", "a_1", "a%2", "ab", "a_0"):
            await records.put("main", "leave", key, key)
        assert list(await records.list("main", "leave", "a_")) == ["a_0", "a_1"]
        assert list(await records.list("main", "leave", "a%")) == ["a%2"]
        assert dict(await records.list("main", "leave", "b")) == {"b": "b"}
        assert len(await records.list("main", "leave")) == 5
