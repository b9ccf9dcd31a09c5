"""The only file that imports cryptography's signing: checkpoints of the audit tree, and proofs.

A checkpoint says how many events there are and what their root is, signed with Ed25519. Kept
outside, it is what a cut or rewritten record cannot be made to match.

Source: C2SP tlog-checkpoint and signed-note (the text, the key ids and how keys are written).
"""

from __future__ import annotations

import base64
import binascii
import os
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import (
    Ed25519PrivateKey,
    Ed25519PublicKey,
)

from bot.errors import BadInput, Misconfigured
from bot.services.audit import keys

ED25519 = b"\x01"
KEY_FILE = "audit.key"
PUBLIC_FILE = "audit.pub"
LINES = 5
SIGNATURE_BYTES = 4 + 64
TAIL_BYTES = 4096


@dataclass(frozen=True, slots=True)
class PublicKey:
    """Who signs checkpoints: a name without spaces or plus signs, and 32 bytes."""

    name: str
    content: bytes

    @property
    def id(self) -> bytes:
        """Four bytes that say which key signed."""
        return sha256(self.name.encode() + b"\n" + ED25519 + self.content).digest()[:4]

    def __str__(self) -> str:
        return f"{self.name}+{self.id.hex()}+{_base64(ED25519 + self.content)}"

    @classmethod
    def parse(cls, text: str) -> PublicKey:
        """Read `name+id+base64`. Raises BadInput."""
        # Base64 may hold plus signs; names and ids may not.
        name, _, rest = text.strip().partition("+")
        key_id, _, content = rest.partition("+")
        raw = _unbase64(content)
        key = cls(name, raw[1:])
        if raw[:1] != ED25519 or len(raw) != 33 or key_id != key.id.hex():
            raise BadInput("not a public key of checkpoints", remedy="公開鍵の書き方が違います。")
        return key


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """`size` events have the root `root`. `note` is the signed text."""

    origin: str
    size: int
    root: bytes
    note: str

    @classmethod
    def parse(cls, note: str) -> Checkpoint:
        """Read a signed note; the signature is not looked at. Raises BadInput."""
        lines = note.split("\n")
        root = _unbase64(lines[2]) if len(lines) > LINES else b""
        is_size = len(lines) > LINES and lines[1].isascii() and lines[1].isdigit()
        is_text = not any("\ud800" <= letter <= "\udfff" for letter in note)
        if (
            not (is_size and is_text and lines[0])
            or len(lines[1]) > 18
            or len(root) != 32
            or lines[3]
        ):
            raise BadInput("not a checkpoint", remedy="検証点の書き方が違います。")
        return cls(lines[0], int(lines[1]), root, note)

    def is_signed_by(self, known: Sequence[PublicKey]) -> bool:
        """Whether one of the known keys signed exactly this text."""
        text, _, signatures = self.note.rpartition("\n\n")
        for line in signatures.split("\n"):
            dash, name, signature = (*line.split(" "), "", "")[:3]
            raw = _unbase64(signature)
            for key in known:
                if dash == "—" and name == key.name == self.origin and raw[:4] == key.id:
                    return _verifies(key, raw[4:], f"{text}\n".encode())
        return False


class Signer:
    """Signs checkpoints. The key is made at first use and stays in the state directory."""

    def __init__(self, name: str, private: Ed25519PrivateKey) -> None:
        self._private = private
        self.key = PublicKey(name, private.public_key().public_bytes_raw())

    @classmethod
    def open(cls, home: Path) -> Signer:
        """Load `home`/keys/audit.key; its public half is written beside it for auditors."""
        path = home / keys.FOLDER / KEY_FILE
        text = keys.load_secret(path, _new_private)
        marker, _, rest = text.partition("PRIVATE+KEY+")
        name, _, content = rest.partition("+")
        raw = _unbase64(content.partition("+")[2])
        if marker or raw[:1] != ED25519 or len(raw) != 33:
            raise Misconfigured([f"{path} は検証点の署名鍵ではありません。"])
        signer = cls(name, Ed25519PrivateKey.from_private_bytes(raw[1:]))
        _add_line(home / keys.FOLDER / PUBLIC_FILE, str(signer.key))
        return signer

    def sign(self, size: int, root: bytes) -> Checkpoint:
        text = f"{self.key.name}\n{size}\n{_base64(root)}\n"
        signature = _base64(self.key.id + self._private.sign(text.encode()))
        note = f"{text}\n— {self.key.name} {signature}\n"
        return Checkpoint(self.key.name, size, root, note)


def known_keys(home: Path) -> tuple[PublicKey, ...]:
    """The public keys whose checkpoints are believed: one a line, earlier ones too."""
    path = home / keys.FOLDER / PUBLIC_FILE
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
        return tuple(PublicKey.parse(line) for line in lines if line.strip())
    except FileNotFoundError:
        return ()
    except (OSError, UnicodeDecodeError, BadInput) as error:
        raise Misconfigured([f"{path} を公開鍵の一覧として読めません。"]) from error


class CheckpointCopy:
    """Checkpoints kept in a file outside, one signed note behind the other."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def append(self, checkpoints: Sequence[Checkpoint]) -> None:
        """Add notes and wait for the disk. Raises OSError."""
        with self.path.open("ab") as file:
            # A line cut by a crash must not swallow the first line of the next note.
            start = b"\n" if file.tell() else b""
            file.write(start + "\n".join(point.note for point in checkpoints).encode())
            file.flush()
            os.fsync(file.fileno())

    def read(self) -> tuple[list[Checkpoint], int]:
        """All notes, oldest first, and how many cannot be read. Raises OSError."""
        return _notes(self.path.read_text(encoding="utf-8", errors="replace"))

    def last(self) -> Checkpoint | None:
        """The newest note, None without one. Raises OSError."""
        try:
            with self.path.open("rb") as file:
                end = file.seek(0, os.SEEK_END)
                file.seek(max(0, end - TAIL_BYTES))
                tail = file.read().decode("utf-8", "replace")
        except FileNotFoundError:
            return None
        notes, _ = _notes(tail)
        return notes[-1] if notes else None


def _notes(text: str) -> tuple[list[Checkpoint], int]:
    """Find notes by their signature line, whatever broken lines lie between them."""
    lines, notes, unreadable = text.split("\n"), [], 0
    for at, line in enumerate(lines):
        if line.startswith("— "):
            note = "\n".join(lines[max(0, at - LINES + 1) : at + 1]) + "\n"
            try:
                if len(_unbase64(line.rpartition(" ")[2])) != SIGNATURE_BYTES:
                    raise BadInput("a signature is cut short")
                notes.append(Checkpoint.parse(note))
            except BadInput:
                unreadable += 1
    return notes, unreadable


def _new_private() -> str:
    # Two records never share a name, so that one's checkpoint cannot pass for the other's.
    name = f"shomu/audit/{os.urandom(4).hex()}"
    private = Ed25519PrivateKey.generate()
    public = PublicKey(name, private.public_key().public_bytes_raw())
    seed = _base64(ED25519 + private.private_bytes_raw())
    return f"PRIVATE+KEY+{name}+{public.id.hex()}+{seed}"


def _add_line(path: Path, line: str) -> None:
    held = path.read_text(encoding="utf-8") if path.exists() else ""
    if line not in held.splitlines():
        with path.open("a", encoding="utf-8") as file:
            file.write(line + "\n")


def _verifies(key: PublicKey, signature: bytes, content: bytes) -> bool:
    try:
        Ed25519PublicKey.from_public_bytes(key.content).verify(signature, content)
    except InvalidSignature:
        return False
    return True


def _base64(content: bytes) -> str:
    return base64.b64encode(content).decode()


def _unbase64(text: str) -> bytes:
    """Decode base64; nothing when it is not base64."""
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return b""
