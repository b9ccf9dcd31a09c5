"""Make the app package that a Teams administrator uploads.

    python infra/teams/package.py APP_ID https://shomu.example.lg.jp shomu-teams.zip

Fills the manifest in and draws the two icons, so that no binary file is kept here.
"""

from __future__ import annotations

import json
import re
import struct
import sys
import zipfile
import zlib
from pathlib import Path

MANIFEST = Path(__file__).with_name("manifest.json")
INDIGO = (59, 75, 168, 255)
WHITE = (255, 255, 255, 255)
CLEAR = (0, 0, 0, 0)
APP_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
USAGE = "使い方: python infra/teams/package.py APP_ID https://公開アドレス 出力.zip"

Colour = tuple[int, int, int, int]


def manifest(app_id: str, public_url: str) -> str:
    """The manifest for one office. Raises ValueError that says what to correct."""
    if not APP_ID.fullmatch(app_id):
        raise ValueError(f"{app_id}: Entra のアプリケーション ID（UUID）を指定してください。")
    if not re.fullmatch(r"https://[^\s\"]{1,200}", public_url):
        raise ValueError(f"{public_url}: https:// で始まる公開アドレスを指定してください。")
    text = MANIFEST.read_text(encoding="utf-8")
    filled = text.replace("{APP_ID}", app_id).replace("{PUBLIC_URL}", public_url.rstrip("/"))
    json.loads(filled)
    return filled


def icon(size: int, bubble: Colour, lines: Colour, ground: Colour) -> bytes:
    """A square PNG: a speech bubble with three lines of text."""
    rows = bytearray()
    for y in range(size):
        rows.append(0)
        for x in range(size):
            rows += bytes(_pixel(x / size, y / size, bubble, lines, ground))
    header = struct.pack(">IIBBBBB", size, size, 8, 6, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(bytes(rows), 9)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(name, data) for name, data in chunks)


def _pixel(x: float, y: float, bubble: Colour, lines: Colour, ground: Colour) -> Colour:
    in_box = 0.16 < x < 0.84 and 0.2 < y < 0.68
    in_tail = 0.28 < x < 0.44 and 0.68 <= y < 0.68 + (0.44 - x)
    in_lines = 0.27 < x < 0.73 and any(top < y < top + 0.06 for top in (0.29, 0.41, 0.53))
    if in_lines:
        return lines
    return bubble if in_box or in_tail else ground


def _chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def write(app_id: str, public_url: str, target: Path) -> None:
    """Write the zip file."""
    filled = manifest(app_id, public_url)
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as package:
        package.writestr("manifest.json", filled)
        package.writestr("color.png", icon(192, WHITE, INDIGO, INDIGO))
        # Teams asks for white on transparent here.
        package.writestr("outline.png", icon(32, WHITE, CLEAR, CLEAR))


if __name__ == "__main__":
    if len(sys.argv) != 4:
        sys.exit(USAGE)
    try:
        write(sys.argv[1], sys.argv[2], Path(sys.argv[3]))
    except ValueError as mistake:
        sys.exit(str(mistake))
