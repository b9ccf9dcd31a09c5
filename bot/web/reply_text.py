"""A reply's text as HTML: `**bold**`, `> ` quotes, `- ` bullets and 〔n〕, nothing else.

Every character is escaped first, so whatever a document or a model wrote stays text. A citation
becomes a link only when the reply has that source.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from html import escape

_BOLD = re.compile(r"\*\*([^*\n]{1,2000})\*\*")
_CITATION = re.compile(r"〔([0-9]{1,3})〕")


def to_html(text: str, sources: Collection[int] = (), anchor: str = "s") -> str:
    """Render a reply. 〔n〕 links to `#<anchor>-<n>` for each n of `sources`."""
    blocks: list[tuple[str, list[str]]] = []
    for line in text.replace("\r\n", "\n").split("\n"):
        kind, words = _kind(line.rstrip())
        if blocks and blocks[-1][0] == kind and kind:
            blocks[-1][1].append(words)
        else:
            blocks.append((kind, [words]))
    return "\n".join(
        _block(kind, [_inline(line, sources, anchor) for line in lines])
        for kind, lines in blocks
        if kind
    )


def _kind(line: str) -> tuple[str, str]:
    if not line.strip():
        return "", ""
    for mark, kind in ((">", "quote"), ("- ", "list"), ("・", "list")):
        if line.startswith(mark):
            return kind, line.removeprefix(mark).strip()
    return "paragraph", line


def _block(kind: str, lines: list[str]) -> str:
    if kind == "list":
        return f"<ul>{''.join(f'<li>{line}</li>' for line in lines)}</ul>"
    joined = "<br>".join(lines)
    return f"<blockquote>{joined}</blockquote>" if kind == "quote" else f"<p>{joined}</p>"


def _inline(line: str, sources: Collection[int], anchor: str) -> str:
    def cite(found: re.Match[str]) -> str:
        number = int(found[1])
        if number not in sources:
            return found[0]
        return (
            f'<a class="cite" href="#{escape(anchor)}-{number}" '
            f'aria-label="出典{number}">{number}</a>'
        )

    escaped = escape(line, quote=True)
    return _CITATION.sub(cite, _BOLD.sub(r"<strong>\1</strong>", escaped))
