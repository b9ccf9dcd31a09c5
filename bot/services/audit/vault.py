"""The only file that imports cryptography's AES-GCM: keeps the words of a turn, by subject.

Each subject has a data key, wrapped by one master key. Deleting the wrapped key makes every
word of that subject unreadable, also in copies of the rows that were made before.
"""

from __future__ import annotations

import base64
import binascii
import os
from hashlib import sha256
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand

from bot.errors import Misconfigured, Tampered
from bot.services.audit import keys

KEY_BYTES = 32
NONCE_BYTES = 12
SALT_BYTES = 32
VERSION = b"\x01"


def body_digest(salt: bytes, body: bytes) -> str:
    """SHA-256(salt ‖ body), hexadecimal. The salt goes when the body goes: no guessing then."""
    return sha256(salt + body).hexdigest()


def new_salt() -> bytes:
    return os.urandom(SALT_BYTES)


class Vault:
    """Encrypts and decrypts; holds the master key and what is derived from it."""

    def __init__(self, master: bytes) -> None:
        self._master = AESGCM(master)
        # Signs links for every replica that holds the master key, and says nothing about it.
        self.link_key = HKDFExpand(hashes.SHA256(), KEY_BYTES, b"shomu file links").derive(master)

    @classmethod
    def open(cls, home: Path, master_key: str = "") -> Vault:
        """Use the master key of the settings (base64 of 32 bytes), or a file in `home`/keys/."""
        path = home / keys.FOLDER / "master.key"
        text = master_key or keys.load_secret(path, _new_master)
        try:
            master = base64.b64decode(text, validate=True)
        except (binascii.Error, ValueError):
            master = b""
        if len(master) != KEY_BYTES:
            name = "SHOMU_MASTER_KEY" if master_key else str(path)
            raise Misconfigured([f"{name} は 32 バイトを base64 で書いたものではありません。"])
        return cls(master)

    def new_key(self, subject: str) -> bytes:
        """Make a data key; what comes back is wrapped and may be stored."""
        nonce = os.urandom(NONCE_BYTES)
        key = AESGCM.generate_key(KEY_BYTES * 8)
        return VERSION + nonce + self._master.encrypt(nonce, key, _key_context(subject))

    def seal(self, wrapped: bytes, subject: str, event_id: str, salt: bytes, body: bytes) -> bytes:
        """Encrypt a body and its salt, bound to its event."""
        nonce = os.urandom(NONCE_BYTES)
        key = self._unwrap(wrapped, subject)
        return VERSION + nonce + key.encrypt(nonce, salt + body, event_id.encode())

    def unseal(
        self, wrapped: bytes, subject: str, event_id: str, sealed: bytes
    ) -> tuple[bytes, bytes]:
        """Return (salt, body). Raises Tampered when key or words are not what was stored."""
        plain = _decrypt(self._unwrap(wrapped, subject), sealed, event_id.encode())
        return plain[:SALT_BYTES], plain[SALT_BYTES:]

    def _unwrap(self, wrapped: bytes, subject: str) -> AESGCM:
        return AESGCM(_decrypt(self._master, wrapped, _key_context(subject)))


def _new_master() -> str:
    return base64.b64encode(os.urandom(KEY_BYTES)).decode()


def _key_context(subject: str) -> bytes:
    return b"shomu subject key\x00" + subject.encode()


def _decrypt(key: AESGCM, sealed: bytes, context: bytes) -> bytes:
    nonce, content = sealed[1 : 1 + NONCE_BYTES], sealed[1 + NONCE_BYTES :]
    try:
        if sealed[:1] != VERSION:
            raise InvalidTag
        return key.decrypt(nonce, content, context)
    except (InvalidTag, ValueError) as error:
        raise Tampered(
            "words kept beside an audit event do not decrypt",
            remedy="マスター鍵（SHOMU_MASTER_KEY または keys/master.key）が"
            "記録したときと同じか確認してください。同じなら、本文が書き換えられています。",
        ) from error
