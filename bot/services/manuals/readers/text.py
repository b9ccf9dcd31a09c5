"""Plain text, Markdown and CSV in the encodings Japanese offices use."""

from __future__ import annotations

import codecs
import csv
import io
import re
import unicodedata

from bot.services.manuals.readers.document import Block, Document, Unreadable, table
from bot.services.manuals.readers.gate import suffix

MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
MAX_ROWS = 200_000
HEADING = re.compile(r"(#{1,6})[ \u3000]{1,8}(?=[^ \u3000])")
ITEM = re.compile(r"\s{0,12}(?:[-*+]|[0-9]{1,3}[.)])[ \u3000]+")
RULE = re.compile(r"[\s|:-]{3,2000}$")
TITLE_KEYS = ("title", "タイトル", "表題")
DATE_KEYS = ("revised", "updated", "date", "改正日", "改訂日", "更新日")


def decode(content: bytes) -> str:
    """Text from UTF-8, UTF-16 with a mark, ISO-2022-JP, CP932 or EUC-JP.

    Bytes can be valid in both CP932 and EUC-JP; the reading with fewer half-width katakana and
    rare characters is the right one.
    """
    for mark, encoding in MARKS:
        if content.startswith(mark):
            return _decoded(content, encoding) or _give_up()
    if b"\x1b$" in content and (text := _decoded(content, "iso2022_jp")):
        return text
    if (text := _decoded(content, "utf-8")) is not None:
        return text if "\x00" not in text else _give_up()
    readings = [_decoded(content, encoding) for encoding in ("cp932", "euc_jp")]
    found = [text for text in readings if text is not None and "\x00" not in text]
    return min(found, key=_strangeness) if found else _give_up()


def read(name: str, content: bytes) -> Document:
    text = decode(content)
    match suffix(name):
        case ".csv" | ".tsv":
            return Document(name=name, blocks=tuple(_csv(text)))
        case ".md" | ".markdown":
            return _markdown(name, text)
    blocks = [Block(text=line.strip()) for line in text.splitlines() if line.strip()]
    return Document(name=name, blocks=tuple(blocks))


def _csv(text: str) -> list[Block]:
    first = text.partition("\n")[0]
    delimiter = "\t" if first.count("\t") > first.count(",") else ","
    try:
        rows = list(csv.reader(io.StringIO(text), delimiter=delimiter))
    except csv.Error as error:
        raise Unreadable(
            "CSV として読めません", "表計算ソフトで開き、保存し直してください。"
        ) from error
    if len(rows) > MAX_ROWS:
        raise Unreadable(
            f"行が多すぎます（{len(rows)} 行）", f"{MAX_ROWS} 行以下に分けてください。"
        )
    return table(rows, header_rows=1, is_sure=True)


def _markdown(name: str, text: str) -> Document:
    lines = text.splitlines()
    about, lines = _front_matter(lines)
    blocks: list[Block] = []
    paragraph: list[str] = []
    rows: list[str] = []
    is_code = False

    def flush() -> None:
        if paragraph:
            blocks.extend(_prose(paragraph))
            paragraph.clear()
        if rows:
            blocks.extend(_pipes(rows))
            rows.clear()

    for line in lines:
        stripped = line.strip()
        if stripped.startswith(("```", "~~~")):
            is_code = not is_code
        elif is_code:
            paragraph.append(line)
        elif found := HEADING.match(stripped):
            flush()
            blocks.append(
                Block(text=_plain(stripped[found.end() :].rstrip(" #")), level=len(found[1]))
            )
        elif paragraph and re.fullmatch(r"={2,200}|-{2,200}", stripped):
            title = paragraph.pop()
            flush()
            blocks.append(Block(text=_plain(title), level=1 if stripped[0] == "=" else 2))
        elif stripped.startswith("|"):
            blocks.extend(_prose(paragraph))
            paragraph.clear()
            rows.append(stripped)
        elif not stripped:
            flush()
        else:
            if rows:
                flush()
            paragraph.append(line)
    flush()
    title = next((about[key] for key in TITLE_KEYS if key in about), "")
    revised = next((about[key] for key in DATE_KEYS if key in about), "")
    return Document(name=name, title=title, revised=revised, blocks=tuple(blocks))


def _front_matter(lines: list[str]) -> tuple[dict[str, str], list[str]]:
    """`key: value` lines between two `---` at the top; anything else is left in the text."""
    if not lines or lines[0].strip() != "---":
        return {}, lines
    for at, line in enumerate(lines[1:50], 1):
        if line.strip() == "---":
            pairs = (part.partition(":") for part in lines[1:at])
            about = {key.strip().lower(): value.strip(" \"'") for key, _, value in pairs if value}
            return about, lines[at + 1 :]
    return {}, lines


def _prose(lines: list[str]) -> list[Block]:
    """Each line is its own block; an indented line under a list item belongs to the item."""
    blocks: list[Block] = []
    for line in lines:
        text = _plain(line.strip().removeprefix(">").strip())
        is_item = ITEM.match(line) is not None
        if blocks and blocks[-1].is_item and not is_item and line.startswith(("  ", "\t")):
            blocks[-1] = Block(text=f"{blocks[-1].text} {text}", is_item=True)
        elif text and not re.fullmatch(r"[-*_ ]{3,200}", text):
            blocks.append(Block(text=text, is_item=is_item))
    return blocks


def _pipes(lines: list[str]) -> list[Block]:
    has_rule = len(lines) > 1 and RULE.match(lines[1]) is not None
    rows = [
        [
            _plain(cell.replace("\0", "|"))
            for cell in line.replace("\\|", "\0").strip("|").split("|")
        ]
        for line in lines
        if not RULE.match(line)
    ]
    return table(rows, header_rows=1 if has_rule else 0, is_sure=has_rule)


def _plain(text: str) -> str:
    """Take the marks away, keep the words: **bold**, `code`, [words](address)."""
    text = re.sub(r"!?\[([^\]\[]{0,300})\]\([^)(]{0,500}\)", r"\1", text)
    text = re.sub(r"<br\s{0,2}/?>", " ", text)
    return text.replace("**", "").replace("__", "").replace("`", "").strip()


def _decoded(content: bytes, encoding: str) -> str | None:
    try:
        return content.decode(encoding)
    except UnicodeError:
        return None


def _strangeness(text: str) -> int:
    return sum(
        "\uff61" <= letter <= "\uff9f"
        or (letter not in "\r\n\t" and unicodedata.category(letter) in ("Co", "Cc"))
        for letter in text
    )


def _give_up() -> str:
    raise Unreadable(
        "文字コードが分からないか、文書ではありません", "UTF-8 で保存し直してください。"
    )
