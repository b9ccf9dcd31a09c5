"""Tokens are counted with no network, and the ranks are the pinned ones."""

from __future__ import annotations

import importlib
import lzma
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from bot.errors import Misconfigured
from bot.services.model import tokens


def test_japanese_is_counted_as_o200k_counts_it() -> None:
    assert tokens.count("夏季休暇は何日まで取れますか") == 12
    assert tokens.count("hello world") == 2
    assert tokens.count("") == 0


def test_a_chat_marker_in_a_text_counts_as_plain_text() -> None:
    assert tokens.count("<|endoftext|>") > 1


def test_counting_needs_no_network() -> None:
    code = (
        "import socket\n"
        "def closed(*a, **k): raise AssertionError('network')\n"
        "socket.socket.connect = closed; socket.getaddrinfo = closed\n"
        "from bot.services.model import tokens\n"
        "assert tokens.count('夏季休暇') > 0"
    )
    done = subprocess.run([sys.executable, "-c", code], timeout=60, capture_output=True)
    assert done.returncode == 0, done.stderr


def test_importing_the_counter_loads_nothing() -> None:
    code = "import sys; from bot.services.model import tokens; sys.exit('tiktoken' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], timeout=60).returncode == 0


@pytest.mark.parametrize("limit", [1, 2, 3, 5, 8])
def test_a_cut_text_is_its_beginning_and_fits(limit: int) -> None:
    text = "夏季休暇は、𠮷野家の👨‍👩‍👧と5日以内で取得できます。"
    beginning = tokens.cut(text, limit)
    assert text.startswith(beginning)
    assert tokens.count(beginning) <= limit


def test_a_text_that_fits_is_not_cut() -> None:
    assert tokens.cut("夏季休暇", 100) == "夏季休暇"
    assert tokens.cut("夏季休暇", 0) == ""


@pytest.mark.parametrize("content", [b"", b"not xz", lzma.compress(b"AAAA 0\n")])
def test_damaged_ranks_are_named_and_not_used(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "ranks.xz"
    path.write_bytes(content)
    with pytest.raises(Misconfigured, match=r"ranks\.xz"):
        tokens._ranks(path)


def test_pattern_and_special_tokens_are_those_of_tiktoken(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    openai_public = importlib.import_module("tiktoken_ext.openai_public")
    monkeypatch.setattr(socket, "create_connection", lambda *_: pytest.fail("network"))
    monkeypatch.setattr(openai_public, "load_tiktoken_bpe", lambda *_, **__: {})
    theirs = openai_public.o200k_base()
    assert theirs["pat_str"] == tokens.PATTERN
    assert theirs["special_tokens"] == tokens.SPECIAL_TOKENS
