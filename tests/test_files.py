"""Files that go with a reply: how a skill makes them, and what is kept and recorded of them."""

from __future__ import annotations

from hashlib import sha256

import pytest

from bot import Context, File, Message, Reply, skill
from bot.file_names import MOST_BYTES, media_type, safe_name
from bot.messages import UNKNOWN_LABEL, dump_reply, load_reply
from bot.testing.kit import Kit

MINUTES = "議事録\n一 開会\n".encode()
LARGEST = 20 * 1024 * 1024


def minutes(name: str = "議事録.docx", content: bytes = MINUTES, **about: str) -> Kit:
    @skill(name="minutes", title="議事録", description="議事録を作る", triggers=("議事録",))
    async def write(message: Message, context: Context) -> Reply:
        file = await context.attach(name, content, **about)
        return Reply("議事録の下書きです。", files=(file,))

    return Kit([write])


async def test_a_skill_hands_over_a_file_with_its_reply() -> None:
    kit = minutes()
    reply = await kit.say("議事録を作って")
    (file,) = reply.files
    assert (file.name, file.size) == ("議事録.docx", len(MINUTES))
    assert file.media_type.endswith("wordprocessingml.document")
    assert file.digest == sha256(MINUTES).hexdigest()
    assert kit.files.named("議事録.docx") == MINUTES
    assert kit.chat.replies[0].files == (file,)


async def test_a_file_is_kept_for_its_workspace_and_under_the_key_of_the_asker() -> None:
    kit = minutes()
    (file,) = (await kit.say("議事録を作って")).files
    assert await kit.files.fetch(file.id, workspace="main") is not None
    assert await kit.files.fetch(file.id, workspace="tax") is None
    assert kit.files.subjects[file.id] == "slack:T1:U1"


async def test_the_record_lists_the_file_and_not_its_name() -> None:
    kit = minutes("面談記録（佐藤花子）.docx")
    (file,) = (await kit.say("議事録を作って")).files
    (answer,) = kit.events("assistant.answer")
    assert answer.details["files"] == [
        {"id": file.id, "digest": file.digest, "size": len(MINUTES), "label": "2"}
    ]
    assert "佐藤" not in str(answer.details)


async def test_a_file_of_a_higher_label_is_shown_to_the_asker_alone() -> None:
    kit = minutes(label="3B")
    reply = await kit.say("議事録を作って")
    assert reply.label == "3B"
    assert reply.is_private
    assert not any(action.name == "share" for action in reply.actions)


async def test_a_label_nobody_knows_counts_as_secret() -> None:
    (file,) = (await minutes(label="社外秘").say("議事録を作って")).files
    assert file.label == UNKNOWN_LABEL


async def test_a_file_of_twenty_megabytes_is_taken_and_one_byte_more_is_explained() -> None:
    taken = await minutes("表.csv", bytes(LARGEST)).say("議事録を作って")
    assert taken.files[0].size_title == "20.0MB"
    kit = minutes("表.csv", bytes(LARGEST + 1))
    reply = await kit.say("議事録を作って")
    assert reply.status == "failed"
    assert "表.csv は20MBを超えるため" in reply.text
    assert kit.files.kept == {}


async def test_an_empty_file_is_explained_instead_of_sent() -> None:
    reply = await minutes("表.csv", b"").say("議事録を作って")
    assert (reply.status, reply.files) == ("failed", ())
    assert "表.csv は中身が空" in reply.text


async def test_a_kept_reply_still_has_its_files_and_an_older_one_has_none() -> None:
    reply = Reply("下書きです。", files=(File("f1", "表.csv", "text/csv", 3, "ab", "3C"),))
    assert load_reply(dump_reply(reply)) == reply
    older = dump_reply(Reply("5日です。")).replace('"files": [], ', "")
    assert "files" not in older
    assert load_reply(older) == Reply("5日です。")


@pytest.mark.parametrize(
    ("given", "safe"),
    [
        ("議事録.docx", "議事録.docx"),
        ("../../etc/passwd", "_.._etc_passwd"),
        ("C:\\Users\\表.csv", "C__Users_表.csv"),
        ("会議\u202excod.exe", "会議xcod.exe"),
        ("総務課　議事録\r\n.docx", "総務課 議事録.docx"),
        ("か\u3099いよう.csv", "がいよう.csv"),
        ("CON.txt", "_CON.txt"),
        (".htaccess", "htaccess"),
        ('a"b;c.csv', "a_b;c.csv"),
        ("...", "ファイル"),
        ("", "ファイル"),
    ],
)
def test_a_file_name_is_one_that_every_system_takes(given: str, safe: str) -> None:
    assert safe_name(given) == safe


def test_a_long_file_name_is_cut_and_keeps_its_ending() -> None:
    name = safe_name("令和八年度第三回個人情報保護審査会" * 20 + ".docx")
    assert name.startswith("令和八年度")
    assert name.endswith(".docx")
    assert MOST_BYTES - 3 < len(name.encode()) <= MOST_BYTES


def test_a_media_type_is_the_given_one_or_that_of_the_ending() -> None:
    assert media_type("図.PNG") == "image/png"
    assert media_type("図.bin", "image/png") == "image/png"
    assert media_type("表.xyz") == "application/octet-stream"
    assert media_type("表.csv", "text/csv\r\nX: 1") == "text/csv"


@pytest.fixture
def reopening() -> Kit:
    """A skill that keeps a file, and reads it back when it is asked the next time."""
    kept: list[File] = []

    @skill(name="minutes", title="議事録", description="議事録を作る", triggers=("議事録",))
    async def write(message: Message, context: Context) -> Reply:
        if not kept:
            kept.append(await context.attach("議事録.txt", MINUTES))
            return Reply("預かりました。")
        return Reply(f"{len(await context.open(kept[0]))}、{await context.text(kept[0])}")

    return Kit([write])


async def test_a_skill_opens_later_what_it_has_kept(reopening: Kit) -> None:
    await reopening.say("議事録を作って")
    again = await reopening.say("議事録を見せて")
    assert again.text == f"{len(MINUTES)}、{MINUTES.decode()}"


async def test_what_is_kept_no_longer_is_asked_for_again(reopening: Kit) -> None:
    await reopening.say("議事録を作って")
    reopening.clock.move(400 * 24 * 60 * 60)
    gone = await reopening.say("議事録を見せて")
    assert gone.status == "failed"
    assert "議事録.txt の保存期間が過ぎました。もう一度お送りください。" in gone.text
