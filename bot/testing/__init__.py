"""What a test of a skill or an adapter needs: fakes of every port, and a kit that joins them.

Each fake passes the same contract tests as the real service: see `bot.testing.contracts`.
"""

from bot.testing.fake_chat import FakeChat
from bot.testing.fake_embeddings import FakeEmbeddings
from bot.testing.fakes import (
    FakeAudit,
    FakeComputing,
    FakeDirectory,
    FakeFiles,
    FakeInbox,
    FakeLLM,
    FakeRecords,
    FakeReminders,
    FakeSearch,
    StillClock,
)

__all__ = [
    "FakeAudit",
    "FakeChat",
    "FakeComputing",
    "FakeDirectory",
    "FakeEmbeddings",
    "FakeFiles",
    "FakeInbox",
    "FakeLLM",
    "FakeRecords",
    "FakeReminders",
    "FakeSearch",
    "StillClock",
]
