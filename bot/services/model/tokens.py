"""The only file that imports tiktoken: counts and cuts text in o200k tokens, with no network.

tiktoken would download its ranks on first use. They are kept beside this file instead and read
into memory, because a cache file is one more thing that can be corrupt or unwritable.
Nothing is loaded before the first count: it takes about a second and 100 MB.
"""

from __future__ import annotations

import base64
import hashlib
import lzma
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from bot.errors import Misconfigured

if TYPE_CHECKING:
    import tiktoken

RANKS = Path(__file__).parent / "data" / "o200k_base.tiktoken.xz"
RANKS_SHA256 = "446a9538cb6c348e3516120d7c08b09f57c36495e2acfffe59a5bf8b0cfb1a2d"

# The parts of o200k_base other than its ranks.
# Source: tiktoken_ext/openai_public.py of tiktoken 0.14; a test compares the two.
SPECIAL_TOKENS = {"<|endoftext|>": 199999, "<|endofprompt|>": 200018}
_LOWER = r"[\p{Ll}\p{Lm}\p{Lo}\p{M}]"
_UPPER = r"[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]"
_SUFFIX = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)?"
PATTERN = "|".join(
    (
        rf"[^\r\n\p{{L}}\p{{N}}]?{_UPPER}*{_LOWER}+{_SUFFIX}",
        rf"[^\r\n\p{{L}}\p{{N}}]?{_UPPER}+{_LOWER}*{_SUFFIX}",
        r"\p{N}{1,3}",
        r" ?[^\s\p{L}\p{N}]+[\r\n/]*",
        r"\s*[\r\n]+",
        r"\s+(?!\S)",
        r"\s+",
    )
)


def count(text: str) -> int:
    """Count tokens. Markers such as <|endoftext|> count as the plain text they are."""
    return len(_encoding().encode_ordinary(text))


def cut(text: str, tokens: int) -> str:
    """Return the longest beginning of `text` that is at most `tokens` long, in whole characters."""
    if tokens <= 0:
        return ""
    if len(text) <= tokens // 4:
        # No character needs more than four tokens: one for each byte of UTF-8.
        return text
    encoding = _encoding()
    encoded = encoding.encode_ordinary(text)
    if len(encoded) <= tokens:
        return text
    return encoding.decode_bytes(encoded[:tokens]).decode("utf-8", errors="ignore")


def load() -> None:
    """Read the ranks now, off the event loop, so that the first answer does not wait for them."""
    _encoding()


@cache
def _encoding() -> tiktoken.Encoding:
    import tiktoken

    return tiktoken.Encoding(
        "o200k_base",
        pat_str=PATTERN,
        mergeable_ranks=_ranks(RANKS),
        special_tokens=SPECIAL_TOKENS,
    )


def _ranks(path: Path) -> dict[bytes, int]:
    """Read `base64-token rank` lines. Raises Misconfigured when the file is not the pinned one."""
    try:
        content = lzma.decompress(path.read_bytes())
    except (OSError, lzma.LZMAError, EOFError):
        content = b""
    if hashlib.sha256(content).hexdigest() != RANKS_SHA256:
        raise Misconfigured(
            [f"{path} が壊れているか、ありません。"],
            remedy="インストールし直してください。",
        )
    return {
        base64.b64decode(token): int(rank)
        for token, rank in (line.split() for line in content.splitlines())
    }
