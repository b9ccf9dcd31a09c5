"""What the way a sentence is put says about it: decided, promised, asked for, asked, left open.

What speaks against an item (past, conditional, a quoted rule, talk about the meeting itself) is
looked at first. Tuned on tests/minutes/data/actions-dev.jsonl; measured by
tests/bench/minutes_actions.py.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from skills.minutes import owners
from skills.minutes.transcript import Due, Kind

_EARLIER = re.compile(r"昨年|去年|先月|先週|先日|昨日|前回|以前|年前|当時|平成|昭和")
_END = (
    r"(?:です|でございます|であります|でした)?"
    r"(?:ね|よ|よね|が|けど|けれど|ので|から|かな)?[。！!．.]?$"
)
_CONDITION = re.compile(
    r"もし(?!く)|もしも|仮に|万が?一|場合(?:に|は|、)|必要に応じ|必要が?あ(?:れ|り)|その都度|(?:であれ|なけれ)ば、"
    r"|(?:あり|ござい)ましたら|(?:あっ|なっ|出|入っ|余っ|遅れ|だっ|付い|来|きたし)たら|(?:付|余|取|なく|行|あ)(?:け|れ)ば"
)
_QUOTED = re.compile(
    r"(?:とさ|と?定めら|と?規定さ|と書か|と記載さ|義務付けら|義務づけら|となっ(?=て)|ことになっ(?=て))(?:れ)?て?"
    r"(?:います|おります|いる|ます|いて|おり|る)|(?:もの|こと|する|なければならない)とあります|と書いてあ"
    r"|(?:条|(?<![方手用])法|規則|規程|条例|約款|要綱)(?:で|に|の規定)[^。]{0,80}(?:できる|することになって|こととなって|ます)[。]?$"
    r"|ことに?な(?:っ)?て(?:い|お)?(?:り)?ます[。]?$|こととなって(?:い|おり)ます"
)
_HEARSAY = re.compile(
    r"(?:らしい|そう|とのこと|みたい)(?:です|でございます)(?!か)|と(?:聞いて|言われて|伺って)|って(?:言って|話)"
)
_PAST = re.compile(
    rf"(?:まし|でし|かっ|[っいんしえけせてねべめれげじ])た(?:ところ|もの|わけ|の|ん)?{_END}|と(?:思い|考え)まし"
)
_ONGOING = re.compile(
    r"(?:て|で)(?:お|い)?(?:り)?ます(?:ね|よ|が|けど|ので)?[。]?$|て(?:あり|ある|る)(?:ます|ん)|ところで(?:す|ござ)"
    r"|(?:て|で)いる(?:ところ|状況)"
)
_OPINION = re.compile(
    r"(?:たい|べき|いい|よい|必要|大切|重要|はず|見込み|つもりは?)(?:だ|である)?(?:と(?:思|考|存)|もの)"
    r"|と(?:思|考え|存じ)(?:っ|い|え|て)|たいです(?:ね|よ)?[。]?$|(?:思|考え)(?:い|て)(?:おり)?ます"
)
_ABOUT_THE_MEETING = re.compile(
    r"(?:開会|閉会|散会|開議|進行|議題|諮り|申し上げ|お答え|質問いたし|質問し|議事に入り|質疑を|審査に入り"
    r"|異議なしと認め|質疑なしと認め|許し|ご?覧(?:ください|いただ)|資料の確認|よろしくお願い|ありがとう"
    r"|お疲れ|お世話|感謝)[^、。]{0,12}[。]?$|^\([^)]{0,40}\)[。]?$|^(?:なお、?)?次回(?:の[^、。]{1,12})?は"
    r"|^(?:日程第[0-9]{1,2}、)?(?:これより|ただいまから|ただいまより|続いて|引き続き|[本今]日は)(?![^。]{0,60}(?:まで|中に|以内))"
    r"[^。]{0,60}(?:行い|始め|開き|入り|いたし|し)ます"
)
# The same words with a date are about something else: 「募集は4月1日から始めます」.
_ABOUT_NOW = re.compile(
    r"(?:休憩|再開|終わり|終了|閉じ|始め|採決|署名|付託|説明(?:いた|申|さ|し(?!て)|を)|会議を開|総会を開|会を開き)"
    r"[^、。]{0,12}[。]?$"
)
_PROCEDURAL = re.compile(
    r"(?:異議|質疑|意見|質問|発言|ほかに|他に)[^。]{0,12}(?:ありません|ございません|あります|ございます|ないでしょう|いかがでしょう)か"
    r"|(?:説明|報告|質疑|答弁|発言|質問|進行|補足|紹介|挨拶|挙手|起立|着席|静粛)(?:を|は|の|について|に)?(?:よろしく)?(?:お願|願い|求め|許し|くださ)|(?:説明|報告)して(?:ください|下さい)"
    r"|お気軽に|御?ご?注意(?:ください|願)|ご覧|御覧|よろしくお願い|打合せをお願い|(?:確認|質問|報告|説明|紹介|発言)を?させてください|^(?:[^、。に]{0,8}、)?お願い(?:いた)?します|始めましょう"
)
_DECISION = re.compile(
    r"(?:決定|確定|合意|了承|承認|可決|採択|否決|決し|決まり|決め)"
    r"(?:いたし|致し|し|され|と(?:し|いたし))?(?:ます|まし(?:た|ょう)|です|で|といたします|ということで)(?:た)?"
    r"(?:ね|よ)?[。]?$"
    r"|(?:べきもの|こと|もの|方針)(?:と|に|で)(?:決定|決し|決まり|し|いたし|合意と?し|決め|なり)"
    r"(?:いたし)?(?:ます|まし(?:た|ょう))[。]?$"
    r"|ことと?(?:に)?(?:いたし|し)(?:まし(?:た|ょう)|ます)[。]?$|[ぁ-ん一-龥ァ-ヶー」』0-9%件円人名回枚部](?<!こと)とします[。]?$"
    r"|(?<![んい])で(?:いき|行き|進め|決まり|決定|確定)(?:ます|ましょう|です|で)?(?:ね|よ)?[。]?$"
    r"|(?:承認|了承|可決|決定|採択|一任|指名)(?:いただく)?(?:する)?(?:こと)?(?:と|を)?(?:いたし|し|され)(?:ます|ました)[。]?$"
    r"|(?:決まり|決定|確定)(?:って|という)?(?:こと)?(?:で|です)(?:ね)?[。]?$|異議なしと認め.{0,40}(?:決|承認|可決)"
    r"|見送り(?:といたし|とし)?ます[。]?$"
)
_OPEN = re.compile(
    r"継続(?:審議|審査|協議)|持ち(?:帰|越)|持越|未定|未確定|検討中|調整中|協議中|保留|宿題|ペンディング|積み残し"
    r"|次回.{0,16}(?:検討|議論|協議|決め|決定し|話し)|(?:決ま|定ま|固ま|まとま|詰めら?れ|絞れ)(?:っ)?て?(?:い)?(?:ま|な)(?:せん|い)"
    r"|(?:決ま|定ま|固ま)って(?:い)?ない|結論(?:が|は|を)[^。]{0,6}(?:出ませ|出さ|出てい?な|出せ|先送|持ち越)|決めかね|判断がつか|(?:引き?続き|今後)の?(?:検討|協議|課題)(?:課題|事項)?(?:と|です|に|で)"
    r"|改めてお諮り|(?:てから|た上で|のうえで|の上で)(?:ですね|決め|判断|です)|読めな(?:い|く)|現時点では?(?:決|お答えでき|申し上げら)"
)
_OPEN_NOT = re.compile(
    r"(?:持ち帰って|宿題を)(?:ください|いただ)|(?:未定|保留|検討中)で(?:した|しょうか)|か[。？?]?$"
)
_REQUEST = re.compile(
    r"(?:要望(?:いたし|し|とさせ)|求め)(?:ます|て[、,]|、)|(?:て|で)(?:いただき(?:たい|ます(?:よう|と))|もらい(?:たい|ます)|(?:もらって|いただいて)も?(?:いい|よろしい)|ほし|欲し|いただけ(?:ます|る|れ)|もらえ|くれ|ください|下さい|頂)"
    r"|(?:お|ご|御)[一-龥ぁ-ん]{1,6}(?:ください|下さい|願います|いただけ(?:ます|る|れ)|いただき(?:たい|ます(?:よう|と))|頂け(?:ます|る)|頂きたい|願えます)|(?:ください|下さい|願います)[。]?$"
    r"|お願い(?:し|いた|致|でき|申)|(?:欲し|ほし)い(?:です|と|の|な|。|$)|(?:検討|善処|配慮)されたい|(?:いただ|もら|頂)(?:き)?(?:い)?たい"
    r"|頂けますか|頂きたい"
)
_PLAIN_REQUEST = re.compile(r"(?:てお|い)て?(?:もらえる|くれる|ほしい)|頼みます|頼む")
_QUESTION = re.compile(
    r"(?:か|かね|かな|の|どう|んでしたっけ|っけ)[？?]$|か[。]?$|かと?、?(?:再度|改めて|重ねて|あわせて)?(?:お?伺|問|お?尋ね|お聞き)|[？?]$|(?:[をかとて点]伺い|お尋ねし|お聞きし|お伺いし|お尋ねいたし|お聞きいたし)"
    r"(?:たい|ます|いた)|(?:聞か|示)(?:せ|し)(?:て)?ください|(?:教え|聞か)(?:て|せて)(?:も)?(?:ください|いただ)|答弁を|見解を(?:求|問)"
    r"|でしたよね[。]?$"
)
_INFO_REQUEST = re.compile(
    r"(?:お(?:聞か|示)[しせ]|教えて)(?:ください|いただ)|(?:お示し|お聞かせ|お答え)(?:ください|願)|(?:答弁|見解)を(?:求|伺)"
)
_STATIVE = re.compile(
    r"(?:あり|ござい|おり|てい|なり|でき|思い|考え|分かり|わかり|存じ|かかり|見え|聞こえ|要し|言い|申し|続き|増え|減り|助かり|困り|いただけ|もらえ|使え)ます"
)
_NEGATIVE = re.compile(
    r"(?:ません|ないです|ありません|ない|なかった|ませんでした)(?:が|ので|ね|よ|と思います)?[。]?$"
)
_ACCEPTED = re.compile(
    r"^(?:はい|承知|了解|わかりました|分かりました|かしこまり|承り|いいですよ|ええ)"
)
_AGREED = re.compile(
    r"異議(?:は)?(?:なし|ありません(?!か)|ございません(?!か))|(?:賛成|挙手|起立)(?:多数|全員)|全員賛成"
)
_PROPOSED = re.compile(
    r".{8,}(?:御?ご?異議(?:は)?(?:ありません|ございません)か|よろしい(?:です|でしょう)(?:か|ね))[。?]?$"
)
_ASKING = re.compile(
    r"お願|願います|(?:ください|下さい|ますか|たい|ほしい|欲しい|もらえる|くれる|頼む)[^、]{0,8}$"
    r"|(?:いい|よろしい)(?:です|でしょう)か|もらいます|求め"
)


def kind_of(plain: str, due: Due | None, asked: str) -> Kind | None:
    """The kind of item a sentence is, or None.

    `plain` is the sentence after NFKC and without fillers, ending in 「。」 or 「?」; `asked` is
    whom a request in it names, or an empty string.
    """
    if len(plain) < 5 or _QUOTED.search(plain) or _HEARSAY.search(plain):
        return None
    if _OPEN.search(plain) and not _OPEN_NOT.search(plain):
        return None if _CONDITION.search(plain) else "open"
    if _DECISION.search(plain) and not _ABOUT_THE_MEETING.search(plain):
        reported = _EARLIER.search(plain) and _PAST.search(plain)
        return None if reported or _CONDITION.search(plain) else "decision"
    if _INFO_REQUEST.search(plain):
        return "question"
    if _REQUEST.search(plain) or _PLAIN_REQUEST.search(plain):
        return _kind_of_request(plain, due, asked)
    if _QUESTION.search(plain):
        return "question"
    return "action" if promises(plain, due) else None


def asks(plain: str) -> bool:
    """Whether a sentence asks another to do something, and does not promise it."""
    asked = _REQUEST.search(plain) or _PLAIN_REQUEST.search(plain)
    return bool(asked and _ASKING.search(plain))


def is_procedural(plain: str) -> bool:
    """Whether a sentence only moves the meeting on: 「御質問はありませんか」."""
    return _PROCEDURAL.search(plain) is not None


def is_about_the_meeting(plain: str) -> bool:
    """Whether a sentence greets, opens, closes or calls on somebody."""
    now = _ABOUT_NOW.search(plain) and not _PAST.search(plain)
    return bool(now or _ABOUT_THE_MEETING.search(plain))


def is_vague(plain: str) -> bool:
    """Whether a sentence only says that one will make an effort: 「取り組んでまいります」."""
    return _doing().vague.search(plain) is not None


def is_past(plain: str) -> bool:
    """Whether a sentence says how things were or are: 「完了しました」「進めております」."""
    return bool(_PAST.search(plain) or _ONGOING.search(plain))


def does(plain: str) -> bool:
    """Whether a text begins with the name of something that is done: 「開催」「入札」."""
    return _doing().noun.match(plain) is not None


def agrees(plain: str) -> bool:
    """Whether nobody objects: 「異議なし」「賛成多数」."""
    return _AGREED.search(plain) is not None


def proposes(plain: str) -> bool:
    """Whether a sentence puts something to the meeting: 「…に御異議ありませんか」."""
    return _PROPOSED.search(plain) is not None


def accepts(plain: str) -> bool:
    """Whether a sentence begins by agreeing: 「はい、」「承知しました」."""
    return _ACCEPTED.search(plain) is not None


def _kind_of_request(plain: str, due: Due | None, asked: str) -> Kind | None:
    if _PROCEDURAL.search(plain) or _CONDITION.search(plain) or _PAST.search(plain):
        return None
    if not asks(plain) and promises(plain, due):
        return "action"
    if _ONGOING.search(plain) or plain.endswith(("いただきます。", "いただきました。")):
        return None
    everyone = asked.startswith("各") and due is None
    return "action" if asked and not everyone else "request"


def promises(plain: str, due: Due | None) -> bool:
    """Whether a sentence says that its speaker will do something."""
    dated = due is not None and not due.text.startswith(("次回", "次の", "今度の"))
    if dated and _MEANT.search(plain) and not _CONDITION.search(plain):
        return True
    if any(no.search(plain) for no in (_CONDITION, _PAST, _NEGATIVE, _ONGOING)):
        return bool(due and _PLANNED.search(plain) and not _PAST.search(plain))
    patterns = _doing()
    if patterns.vague.search(plain):
        return dated or bool(owners.SELF.search(plain) and "対応" in plain)
    if patterns.dated.search(plain):
        return dated
    if _ABOUT_THE_MEETING.search(plain) or (not dated and _ABOUT_NOW.search(plain)):
        return False
    if _OPINION.search(plain) and not _PLANNED.search(plain):
        return False
    if patterns.plan.search(plain) or (dated and _PLANNED.search(plain)):
        return True
    return dated and bool(_WILL.search(plain)) and not _STATIVE.search(plain)


_PLANNED = re.compile(
    rf"予定(?:を|に)?(?:して(?:おり|い|ござい)ます|で|といたし|{_END})|予定(?:です|でござ|であ)"
)
# In the assembly a date makes a wish a promise: 「3月までに策定したいと考えております」.
_MEANT = re.compile(r"まで[^。]{0,60}たいと(?:思い|考え|存じ)")
_WILL = re.compile(rf"ます{_END}")


@dataclass(frozen=True, slots=True)
class _Doing:
    noun: re.Pattern[str]
    plan: re.Pattern[str]
    vague: re.Pattern[str]
    dated: re.Pattern[str]


@lru_cache(maxsize=1)
def _doing() -> _Doing:
    """Patterns of promises from the verbs in words/doing.txt."""
    nouns = "|".join(sorted(owners.read("doing.txt", "nouns"), key=len, reverse=True))
    five = [_forms(verb, one_row=False) for verb in owners.read("doing.txt", "verbs")]
    one = [_forms(verb, one_row=True) for verb in owners.read("doing.txt", "verbs-1")]
    stems = "|".join(sorted({form[0] for form in five + one}, key=len, reverse=True))
    te = "|".join(sorted({form[1] for form in five + one}, key=len, reverse=True))
    short = "|".join(sorted({form[1][:-1] for form in five + one}, key=len, reverse=True))
    let = "|".join(sorted({form[2] for form in five + one}, key=len, reverse=True))
    plain = "|".join(owners.read("doing.txt", "verbs") + owners.read("doing.txt", "verbs-1"))
    later = r"(?:おき|まいり|参り|いき|み|き|もらい|いただき|頂き|くれ)ます"
    do = (
        r"(?:(?:いたし|致し|し|行い|行ない|やり|させていただき|させて頂き|していただき)ます"
        rf"|(?:し|行っ|やっ|いたし)て{later}|(?:し|やっ)ときます|(?:を|)差し上げます|させます"
        r"|(?:し|やっ)て(?:おく|みる)|(?:し|やっ)とく|する(?=[ねよ]))"
    )
    plan = r"(?:予定|つもり|計画|運び|考え)(?:で|と|を|に|$)"
    end = r"(?:ね|よ|よね|わ|が|けど|けれど|ので|から)?(?:[。、!]|$)"
    return _Doing(
        re.compile(rf"(?:{nouns})(?=[をにでと、の])"),
        re.compile(
            rf"(?:{nouns})(?:を|も|は|など|等)?{do}{end}"
            rf"|(?:{nouns})(?:を)?(?:する|行う|実施する|いただく|していただく|いたす){plan}"
            rf"|(?:{stems})(?:(?:いたし|致し|し|させていただき)?ます){end}|(?:{plain})[ねよ][。]"
            rf"|(?:{te})(?:おく|みる){end}|(?:{short})[とど]く{end}"
            rf"|(?:{te}){later}{end}|(?:{short})[とど]きます{end}|(?:{let})ていただきます{end}"
            rf"|(?:{plain}){plan}|(?:{stems})つもり"
            rf"|見(?:とき|ておき)ます{end}|(?:私|わたし|僕)(?:が|で|から)?やります|(?:よう|こと)に(?:いた|し|致)し?ます{end}"
        ),
        re.compile(
            rf"(?:{'|'.join(owners.read('doing.txt', 'vague'))})[ぁ-ん参行続]{{0,14}}ます{end}"
        ),
        re.compile(
            rf"(?:{'|'.join(owners.read('doing.txt', 'dated'))})(?:を)?(?:{do}|(?:する)?{plan})"
        ),
    )


def _forms(verb: str, *, one_row: bool) -> tuple[str, str, str]:
    """The forms before ます and ending in て, and the causative before て: 送り, 送って, 送らせ."""
    root, last = verb[:-1], verb[-1]
    if one_row:
        return root, root + "て", root + "させ"
    te = {"く": "いて", "ぐ": "いで", "す": "して", "む": "んで", "ぶ": "んで", "ぬ": "んで"}
    row = "うくぐすつぬぶむる"
    i_row, a_row = "いきぎしちにびみり"[row.index(last)], "わかがさたなばまら"[row.index(last)]
    joined = "行って" if verb == "行く" else root + te.get(last, "って")
    return root + i_row, joined, root + a_row + "せ"
