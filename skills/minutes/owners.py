"""Who is to do it, as far as the words say; a name is never guessed."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from skills.minutes.transcript import Transcript

WORDS = Path(__file__).parent / "words"

_HONORIFIC = r"(?:さん|くん|君|氏|様)"
_NOT_A_PERSON = re.compile(
    r"(?:業者|社協|警察|消防|会社|学校|印刷所?|農協|生協|組合|商店|お客|患者|利用者|保護者|住民|市民|県民"
    r"|皆|みな|班長|お子|奥|議員|屋|県|市|町|国|銀行|病院|保育園|事務所|先方|担当者?)$"
)
_UNIT = (
    r"(?:各(?:課|部局?|係|班|校|学校|室|局|委員)"
    r"|[一-龥ァ-ヶーA-Z]{1,10}?(?:課|係|部|局|室|班|センター)(?![一-龥])|事務局)"
)
_NOT_A_UNIT = re.compile(
    r"(?:関係|全部|一部|内部|外部|本部|上部|下部|結局|当局|薬局|会議室|教室|応接室|相談室|和室|幹部|細部)$"
)
SELF = re.compile(
    r"(?:私|わたし|わたくし|僕|ぼく|自分|こちら)(?:のほう|の方|の側)?(?:で|から|が|にて|[、,])"
    r"|(?:^|[、。])(?:私|わたし|僕)(?=[^のどたはもに])"
)
_OWN_OFFICE = re.compile(
    r"(?:弊社|当社|当課|当係|当室|うちの[課係]|本課)(?:で|から|が|にて|において)"
)
_START = (
    r"(?:^|[、。])(?:(?:はい|じゃあ?|では|それでは|それじゃ|あと|また|なお|えっと|なら)[、,]?)?"
)
_RECIPIENT = re.compile(
    r"(?:確認|連絡|相談|報告|提出|送付|伝達|申請|説明|照会|問い?合わせ)を?(?:お願|願)"
)


@dataclass(frozen=True, slots=True)
class People:
    """Who speaks in a meeting, as patterns that find them in a sentence."""

    speakers: tuple[str, ...]
    trusted: re.Pattern[str] = field(repr=False)
    addressed: re.Pattern[str] = field(repr=False)
    entrusted: re.Pattern[str] = field(repr=False)
    acting: re.Pattern[str] = field(repr=False)


def people_of(transcript: Transcript) -> People:
    """The people of a meeting: its speakers and the roles they speak in."""
    speakers = dict.fromkeys((*transcript.speakers, *(line.speaker for line in transcript.lines)))
    roles = dict.fromkeys(line.role for line in transcript.lines)
    names = [unicodedata.normalize("NFKC", name) for name in (*speakers, *roles) if name]
    # 200 names are a large assembly; more are a file that is no list of speakers.
    known = "|".join(re.escape(name) for name in sorted(names, key=len, reverse=True)[:200])
    person = (
        rf"(?:(?:{known or '(?!)'})(?:{_HONORIFIC}|委員|議員)?|[一-龥々ァ-ヶー]{{1,5}}{_HONORIFIC}"
        rf"|[一-龥々]{{0,6}}(?:{'|'.join(roles_known())}))"
    )
    named_one = rf"(?:(?:{known or '(?!)'})(?:{_HONORIFIC})?|[一-龥々]{{1,5}}{_HONORIFIC})"
    who = rf"(?P<who>(?:{person}[と・])?{person}|{_UNIT})"
    return People(
        tuple(name for name in speakers if name),
        # 「司会は小林さんにお願いします」: what stands before は is the task here.
        re.compile(rf"{who}にも?お願い"),
        re.compile(
            rf"{_START}{who}(?:[、,]|は[、,]?|も[、,])"
            rf"|(?P<all>{person}|{_UNIT})(?:には|におかれ|とも(?![にな]))"
        ),
        re.compile(
            rf"{who}(?:のほうで|の方で|で|にて|において)(?!の|す|し|あ|ご)"
            rf"|(?P<name>{named_one})、?(?=お願い)|(?P<to>{person}|{_UNIT})に(?:も)?(?:.{{0,20}}を)?お願い"
        ),
        re.compile(
            rf"{who}(?:(?:のほう|の方)?(?:で|にて|において|が|から)(?!の|す|し[たて]|あ|ご)|は[、,])"
        ),
    )


def asked(sentence: str, people: People, speaker: str) -> str:
    """The person or office that a request names, or an empty string."""
    for pattern in (people.trusted, people.addressed, people.entrusted):
        for match in pattern.finditer(sentence):
            groups = match.groupdict()
            to = groups.get("to") or groups.get("all") or groups.get("name")
            if (
                groups.get("to")
                and _RECIPIENT.search(sentence[match.start() :])
                and "を" not in match[0]
            ):
                continue
            owner = _known(groups.get("who") or to or "", people)
            if owner and owner != speaker:
                return owner
    return ""


def committed(sentence: str, people: People, speaker: str) -> tuple[str, bool]:
    """Who undertakes what a sentence promises, and whether that is inferred."""
    if SELF.search(sentence):
        return speaker, False
    if not _OWN_OFFICE.search(sentence):
        for match in people.acting.finditer(sentence):
            owner = _known(match["who"], people)
            # 「税務課は、」 may be a topic; a person is not.
            if owner and not (match[0].endswith(("は、", "は,")) and _is_unit(owner)):
                return owner, False
    return speaker, bool(speaker)


@lru_cache(maxsize=1)
def roles_known() -> tuple[str, ...]:
    """Roles that a request may name instead of a person, longest first."""
    roles = (word for word in read("roles.txt") if len(word) > 1)
    return tuple(sorted(map(re.escape, roles), key=len, reverse=True))


def read(name: str, section: str = "") -> list[str]:
    """The words of a list in words/: between spaces and line breaks, after its `[section]`."""
    found, current = [], ""
    for line in (WORDS / name).read_text(encoding="utf-8").splitlines():
        if line.startswith("["):
            current = line.strip("[]")
        elif not line.startswith("#") and current == section:
            found += line.split()
    return found


def named(text: str) -> Iterable[str]:
    """Names with an honorific in a text: 「白石さん」 → 白石."""
    for match in re.finditer(rf"([一-龥々ァ-ヶー]{{1,8}}){_HONORIFIC}", text):
        if not _NOT_A_PERSON.search(match[1]):
            yield match[1]


def _known(who: str, people: People) -> str:
    """The name as it is kept; a speaker's whole name when only one speaker fits."""
    two = re.fullmatch(rf"(.+{_HONORIFIC})[と・](.+)", who)
    if two:
        return "・".join(filter(None, (_known(one, people) for one in two.groups())))
    name = re.sub(rf"{_HONORIFIC}$", "", who)
    if not name or _NOT_A_PERSON.search(name) or _NOT_A_UNIT.search(name):
        return ""
    fitting = [speaker for speaker in people.speakers if speaker.startswith(name)]
    return fitting[0] if len(fitting) == 1 and who != name else name


def _is_unit(owner: str) -> bool:
    return re.fullmatch(_UNIT, owner) is not None
