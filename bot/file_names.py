"""File names that every system takes, and the media types of what skills write."""

from __future__ import annotations

import re
import unicodedata

# A file system takes 255 bytes; a second copy adds a number, a download its own suffix.
MOST_BYTES = 200
UNKNOWN = "application/octet-stream"
# Not the standard library's guess: that depends on the machine it runs on.
_OFFICE = "application/vnd.openxmlformats-officedocument"
MEDIA_TYPES = {
    "csv": "text/csv",
    "docx": f"{_OFFICE}.wordprocessingml.document",
    "html": "text/html",
    "json": "application/json",
    "md": "text/markdown",
    "pdf": "application/pdf",
    "png": "image/png",
    "pptx": f"{_OFFICE}.presentationml.presentation",
    "svg": "image/svg+xml",
    "txt": "text/plain",
    "xlsx": f"{_OFFICE}.spreadsheetml.sheet",
    "zip": "application/zip",
}
# Source: Microsoft, "Naming Files, Paths, and Namespaces", reserved characters and names.
_RESERVED = re.compile(r'[<>:"/\\|?*]')
_DEVICES = re.compile(r"(con|prn|aux|nul|com[0-9]|lpt[0-9])(\.|$)", re.IGNORECASE)
_MEDIA_TYPE = re.compile(r"[a-z]+/[a-z0-9][a-z0-9.+-]{0,100}")


def safe_name(name: str) -> str:
    """A name without folders and without characters that hide or break something.

    Its ending stays when it has to be cut; a name with nothing left becomes ファイル.
    """
    spaced = " ".join(unicodedata.normalize("NFC", name).split())
    visible = "".join(letter for letter in spaced if letter.isprintable())
    plain = _RESERVED.sub("_", visible).strip(" .") or "ファイル"
    if _DEVICES.match(plain):
        plain = f"_{plain}"
    stem, dot, ending = plain.rpartition(".")
    if not stem or len(ending) > 10:
        stem, dot, ending = plain, "", ""
    room = MOST_BYTES - len(f"{dot}{ending}".encode())
    return stem.encode()[:room].decode(errors="ignore").rstrip(" .") + dot + ending


def media_type(name: str, given: str = "") -> str:
    """The given media type when it is one, else the one of the name's ending."""
    if _MEDIA_TYPE.fullmatch(given):
        return given
    return MEDIA_TYPES.get(name.rpartition(".")[2].lower(), UNKNOWN)
