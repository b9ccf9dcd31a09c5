"""Who speaks: 「課長 佐藤」「佐藤課長」「議長（山田太郎君）」 into a name and a role."""

from __future__ import annotations

import re
import unicodedata
from functools import cache
from pathlib import Path

_WORDS = Path(__file__).parent.parent / "words"
_BRACKETED = re.compile(r"([^（(]{1,30})[（(]([^（()）]{1,30})[)）][君様]?")
# People put pictures into their display names.
_PICTURES = ("So", "Sk", "Cf", "Mn")
_HONORIFIC = re.compile(r"(?<=\S)[ 　]?(?:君|くん|氏|さん|様|殿|先生)$")
_SEAT = re.compile(r"第?(?:\d{1,2}|[一二三四五六七八九十]{1,3})番(?:議員|委員)?|第\d{1,2}委員")
_OFFICE = re.compile(r"\S{2,14}(?:課|部|係|局|室|署|センター|グループ|班|支所|協議会|自治会)")
_NAME = re.compile(
    r"[一-龥々ヶ〆〇髙﨑𠮷ぁ-んァ-ヴー]{1,10}"
    r"(?:[ 　・][一-龥々ヶ髙﨑𠮷ぁ-んァ-ヴー]{1,10})?[A-ZＡ-Ｚ\d]?"
    r"|[A-Z][A-Za-z.'’\-]{0,20}(?: [A-Z][A-Za-z.'’\-]{0,20}){0,3}"
    r"|[A-ZＡ-Ｚ]"
)
_SENTENCE_LIKE = re.compile(r"[ぁ-ん]{4}|[はがをにで]$|(?:です|ます|した|する|ない|こと|もの|とき)")


@cache
def table(name: str) -> frozenset[str]:
    """Read a word list of skills/minutes/words/; lines that begin with # explain it."""
    lines = (_WORDS / name).read_text(encoding="utf-8").splitlines()
    return frozenset(
        word for line in lines if not line.startswith("#") for word in line.lower().split()
    )


def clean(label: str) -> str:
    """A label with its spaces made single and the marks around it taken off."""
    shown = "".join(each for each in label if unicodedata.category(each) not in _PICTURES)
    text = " ".join(shown.replace("　", " ").split())
    return text.strip("○◯◎●〇・■□◆◇▽*-[]［］【】<>＜＞「」 ").strip()


def parse(label: str) -> tuple[str, str]:
    """The name and the role a label states. A role alone is also the name: nobody else is named."""
    text = clean(label)
    bracketed = _BRACKETED.fullmatch(text)
    if bracketed:
        outer, inner = bracketed[1].strip(), _HONORIFIC.sub("", bracketed[2].strip())
        if is_role(outer) or _SEAT.fullmatch(unicodedata.normalize("NFKC", outer)):
            return inner, outer
        name, role = parse(outer)
        return (name, role) if role and role != name else (name, inner)
    text = _HONORIFIC.sub("", text)
    if is_role(text):
        return text, text
    words = text.split(" ")
    for cut in range(len(words) - 1, 0, -1):
        if is_role(words[cut - 1]):
            return " ".join(words[cut:]), " ".join(words[:cut])
    # 西村, 大館 and 西部 are names too: an office without a role only stands first, in full.
    if len(words) > 1 and _OFFICE.fullmatch(words[0]):
        return " ".join(words[1:]), words[0]
    if len(words) > 1 and is_role(words[-1]):
        return " ".join(words[:-1]), words[-1]
    return _role_behind(text)


def is_role(text: str) -> bool:
    """Whether a text is a role and names nobody: 議長, 総務課長, 施設課長."""
    if text.lower() in table("roles.txt"):
        return True
    if "兼" in text[1:-1]:
        return all(is_role(one) for one in text.split("兼"))
    for size in range(min(6, len(text) - 1), 1, -1):
        if text[-size:] in table("roles.txt") and is_office(text[:-size]):
            return True
    return False


def is_office(text: str) -> bool:
    """Whether a text names a part of an office: 総務, 総務課, 福祉部介護."""
    offices = table("departments.txt")
    bare = re.sub(r"(?:課|部|係|局|室)$", "", text)
    if text.lower() in offices or bare.lower() in offices:
        return True
    return any(
        bare[:at].lower() in offices and is_office(bare[at:].lstrip("課部係局室"))
        for at in range(2, len(bare) - 1)
    )


def may_speak(label: str) -> bool:
    """Whether the words before a colon may be somebody who speaks."""
    text = clean(label)
    plain = unicodedata.normalize("NFKC", text).lower()
    bare = re.sub(r"[\d(). ]+", "", plain)
    if not text or plain in table("not-speakers.txt") or bare in table("not-speakers.txt"):
        return False
    name, role = parse(text)
    if role:
        return True
    return bool(_NAME.fullmatch(name)) and not (_SENTENCE_LIKE.search(name) and not name.isascii())


def key(name: str) -> str:
    """The same for the same name, however its spaces are written."""
    return unicodedata.normalize("NFKC", name).replace(" ", "").lower()


def _role_behind(text: str) -> tuple[str, str]:
    """「佐藤課長」「福田施設課長」: the longest role at the end, with its office if it has one."""
    for size in range(min(6, len(text) - 1), 1, -1):
        if text[-size:].lower() not in table("roles.txt"):
            continue
        left = text[:-size].rstrip()
        for at in range(1, len(left) - 1):
            if is_office(left[at:]):
                return left[:at], left[at:] + text[-size:]
        return left, text[-size:]
    return text, ""
