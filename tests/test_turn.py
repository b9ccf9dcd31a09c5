"""What a person sees, and what the record holds, when they say something to the bot."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot import Context, Message, Passage, Reply, Skill, Source, skill
from bot.errors import ModelFailed, Unavailable, Withdrawn
from bot.messages import Actor, Said, dump_reply, load_reply
from bot.ports import Member, Workspace
from bot.testing.fake_chat import FakeChat
from bot.testing.kit import Kit

SUMMER = Passage(
    "p1",
    "職員服務規程.docx",
    "第3章 休暇 ＞ 第12条",
    "夏季休暇は、7月から9月までの間に5日以内とする。",
    revised="2026-03-24",
    label="1",
)


@skill(name="manual-search", title="マニュアル検索", description="探す")
async def search(message: Message, context: Context) -> Reply:
    passages = await context.find(message.text)
    if not passages:
        return Reply("見つかりませんでした。", status="not_found")
    best = passages[0]
    source = Source(
        1, best.document, best.heading, best.text, best.id, revised=best.revised, label=best.label
    )
    return Reply(f"{best.text}〔1〕", sources=(source,))


@skill(name="broken", title="こわれた", description="必ず失敗する", triggers=("こわして",))
async def broken(message: Message, context: Context) -> Reply:
    raise RuntimeError(f"内部の事情: {message.text}")


def kit(**about: object) -> Kit:
    about.setdefault("passages", [SUMMER])
    return Kit([search, broken], **about)  # type: ignore[arg-type]


async def test_a_question_is_answered_with_its_source_and_accounted_for() -> None:
    bot = kit()
    reply = await bot.say("夏季休暇は何日ですか")
    assert "5日以内" in reply.text
    assert reply.sources[0].where == (
        "職員服務規程.docx ＞ 第3章 休暇 ＞ 第12条（2026-03-24 改正）"
    )
    assert bot.chat.replies == [reply]
    request, answer = bot.events("assistant.request")[0], bot.events("assistant.answer")[0]
    assert request.turn == answer.turn == reply.turn
    assert answer.outcome == "answered"
    assert answer.details["sources"][0]["passage"] == "p1"
    assert "夏季休暇" not in str(request.details)


async def test_the_request_is_on_record_before_anything_is_done() -> None:
    seen: list[list[str]] = []

    @skill(name="manual-search", title="x", description="x")
    async def watch(message: Message, context: Context) -> Reply:
        seen.append(bot.audit.actions())
        return Reply("はい")

    bot = Kit([watch])
    await bot.say("何ですか")
    assert seen == [["assistant.request"]]


async def test_a_skill_that_fails_ends_in_a_sentence_and_a_reference_number(
    caplog: pytest.LogCaptureFixture,
) -> None:
    bot = kit()
    reply = await bot.say("こわしてください、秘密の言葉")
    assert reply.status == "failed"
    assert "申し訳ありません" in reply.text
    assert "内部の事情" not in reply.text
    assert bot.events("assistant.answer")[0].reason == "RuntimeError"
    assert "秘密の言葉" not in caplog.text
    assert reply.turn in caplog.text


async def test_an_actor_who_is_not_active_is_refused_and_recorded() -> None:
    for state, words in (("applied", "研修"), ("trained", "管理者"), ("suspended", "停止")):
        bot = kit(members=[Member("U1", "main", state=state)])  # type: ignore[arg-type]
        reply = await bot.say("夏季休暇は")
        assert reply.status == "refused"
        assert words in reply.text
        assert reply.is_private
        assert [event.outcome for event in bot.events("auth.denied")] == ["refused"]


async def test_a_guest_is_refused() -> None:
    bot = kit()
    reply = await bot.say("夏季休暇は", actor=Actor("U9", is_guest=True))
    assert reply.status == "refused"
    assert bot.events("auth.denied")[0].reason == "guest"


async def test_a_paused_workspace_answers_nobody() -> None:
    bot = kit(workspace=Workspace("main", paused=True))
    assert (await bot.say("夏季休暇は")).status == "refused"


async def test_a_skill_outside_the_allow_list_does_not_run() -> None:
    bot = kit(workspace=Workspace("main", skills=("manual-search",)))
    reply = await bot.say("こわして")
    assert reply.status == "refused"
    assert "こわれた" in reply.text


async def test_the_daily_limit_stops_the_next_question() -> None:
    bot = kit(workspace=Workspace("main", daily_turns=2))
    replies = [await bot.say("夏季休暇は") for _ in range(3)]
    assert [reply.status for reply in replies] == ["answered", "answered", "refused"]


async def test_an_unknown_workspace_is_named_to_the_asker() -> None:
    bot = kit()
    reply = await bot.say("夏季休暇は", workspace="どこか")
    assert reply.status == "failed"
    assert bot.events("assistant.answer")[0].reason == "unknown_workspace"


async def test_an_empty_mention_gets_help_with_questions_to_start_from() -> None:
    bot = kit(examples=["夏季休暇は何日ですか", "出張の日当は", "公印の手続は", "四つ目"])
    for text in ("", "  ", "ありがとうございます！", "ヘルプ", "？"):
        reply = await bot.say(text)
        assert reply.status == "help"
        assert reply.suggestions == ("夏季休暇は何日ですか", "出張の日当は", "公印の手続は")


async def test_a_question_of_20000_characters_is_explained_not_lost() -> None:
    bot = kit()
    reply = await bot.say("あ" * 20_000)
    assert reply.status == "failed"
    assert "20,000文字" in reply.text
    assert len(bot.audit.bodies[reply.turn]) == 20_000


async def test_an_answer_above_the_ceiling_of_the_channel_goes_to_the_asker_alone() -> None:
    bot = kit(passages=[replace(SUMMER, label="3C")], clearance="3C")
    public = await bot.say("夏季休暇は何日ですか")
    assert public.is_private
    assert not any(action.name == "share" for action in public.actions)
    assert not (await bot.say("夏季休暇は何日ですか", visibility="private")).is_private


async def test_a_passage_above_the_clearance_of_the_asker_is_never_a_source() -> None:
    bot = kit(passages=[replace(SUMMER, label="3B")], clearance="2")
    reply = await bot.say("夏季休暇は何日ですか", visibility="direct")
    assert reply.status == "not_found"


async def test_a_turn_that_was_already_posted_is_not_done_again() -> None:
    bot = kit()
    message = bot.message("夏季休暇は何日ですか")
    await bot.bot.receive(message, bot.chat)
    await bot.bot.receive(replace(message, attempt=2), bot.chat)
    assert len(bot.chat.replies) == 1
    assert bot.audit.actions() == ["assistant.request", "assistant.answer"]


async def test_a_reply_that_could_not_be_posted_is_posted_later_and_not_worked_out_again() -> None:
    worked: list[str] = []

    @skill(name="manual-search", title="x", description="x")
    async def count(message: Message, context: Context) -> Reply:
        worked.append(message.turn)
        return Reply(f"{len(worked)}回目")

    class Unreachable(FakeChat):
        async def answer(self, message: Message, reply: Reply) -> None:
            raise Unavailable("platform")

    bot = Kit([count], workspace=Workspace("main", daily_turns=1))
    message = bot.message("教えて")
    with pytest.raises(Unavailable):
        await bot.bot.receive(message, Unreachable())
    reply = await bot.bot.receive(replace(message, attempt=2), bot.chat)
    assert reply.text == "1回目"
    assert bot.chat.replies == [reply]
    assert len(worked) == 1
    assert bot.audit.actions() == ["assistant.request", "assistant.answer"]


async def test_a_kill_after_posting_leaves_the_sources_on_record_and_the_thread_joined() -> None:
    bot = kit()
    message = bot.message("夏季休暇は何日ですか")
    first = await bot.bot.receive(message, bot.chat)
    bot.directory.threads.clear()
    again = await bot.bot.receive(replace(message, attempt=2), bot.chat)
    assert again.sources == first.sources
    assert await bot.directory.joined(message.place) == "manual-search"


async def test_what_is_said_in_private_or_refused_does_not_join_a_thread() -> None:
    bot = kit()
    shortcut = bot.message("夏季休暇は何日ですか", kind="shortcut")
    await bot.bot.receive(shortcut, bot.chat)
    guest = bot.message("夏季休暇は", actor=Actor("U9", is_guest=True))
    await bot.bot.receive(guest, bot.chat)
    assert await bot.directory.joined(shortcut.place) == ""


async def test_thanks_and_feedback_do_not_change_what_a_thread_is_about() -> None:
    bot = kit()
    reply = await bot.say("夏季休暇は何日ですか")
    await bot.say("ありがとうございます", kind="follow-up")
    values = {"value": "good", "turn": reply.turn}
    await bot.say("good", kind="button", command="feedback", values=values)
    assert await bot.directory.joined(bot.message("").place) == "manual-search"


async def test_a_message_deleted_meanwhile_gets_no_answer_and_is_on_record() -> None:
    @skill(name="manual-search", title="x", description="x")
    async def interrupted(message: Message, context: Context) -> Reply:
        raise Withdrawn("deleted")

    bot = Kit([interrupted])
    await bot.say("夏季休暇は")
    assert bot.chat.replies == []
    assert [event.outcome for event in bot.events("assistant.answer")] == ["withdrawn"]
    assert bot.events("auth.denied") == []


async def test_feedback_is_recorded_once_for_each_person_and_answer() -> None:
    bot = kit()
    reply = await bot.say("夏季休暇は何日ですか")
    values = {"value": "good", "turn": reply.turn}
    for _ in range(2):
        pressed = await bot.say("good", kind="button", command="feedback", values=values)
        assert pressed.is_private
    assert [event.target for event in bot.events("assistant.feedback")] == [reply.turn]


async def test_a_private_answer_can_be_shared_by_the_one_who_asked_only() -> None:
    @skill(name="manual-search", title="x", description="x")
    async def whisper(message: Message, context: Context) -> Reply:
        return Reply("あなただけに。", is_private=True)

    bot = Kit([whisper])
    private = await bot.say("教えて")
    assert any(action.name == "share" for action in private.actions)
    values = {"value": "", "turn": private.turn}
    shared = await bot.say("", kind="button", command="share", values=values)
    assert shared.text == "あなただけに。"
    assert not shared.is_private
    stranger = await bot.say("", kind="button", command="share", values=values, actor=Actor("U2"))
    assert "あなただけに" not in stranger.text


async def test_a_thread_is_joined_so_that_follow_ups_need_no_mention() -> None:
    bot = kit()
    message = bot.message("夏季休暇は何日ですか")
    assert not await bot.directory.joined(message.place)
    await bot.bot.receive(message, bot.chat)
    assert await bot.directory.joined(message.place) == "manual-search"


async def test_a_skill_reads_what_was_said_in_its_thread() -> None:
    @skill(name="manual-search", title="x", description="x")
    async def recall(message: Message, context: Context) -> Reply:
        return Reply("、".join(said.text for said in context.history))

    bot = Kit([recall])
    bot.chat.said = [Said("前の質問", by_bot=False), Said("前の答え", by_bot=True)]
    assert (await bot.say("それは何日前まで")).text == "前の質問、前の答え"


def _with_model() -> Skill:
    from bot import answer_from

    @skill(name="manual-search", title="x", description="x")
    async def ask(message: Message, context: Context) -> Reply:
        return await answer_from(message, context, await context.find(message.text))

    return ask


async def test_a_model_answers_with_numbered_sentences_and_is_named() -> None:
    bot = Kit([_with_model()], passages=[SUMMER], answers=["夏季休暇は5日以内です〔1〕。"])
    reply = await bot.say("夏季休暇は何日ですか")
    assert reply.engine == "fake-model"
    assert "fake-model" in reply.notice
    details = bot.events("assistant.answer")[0].details
    assert details["prompts"][0].startswith("manual-search/answer.ja@1.0.0+")
    assert details["tokens_in"] > 0


async def test_a_model_that_fails_gives_way_to_the_passages_and_the_reply_says_so() -> None:
    bot = Kit([_with_model()], passages=[SUMMER], answers=[ModelFailed("timeout")])
    reply = await bot.say("夏季休暇は何日ですか")
    assert reply.engine == "offline"
    assert "AIの応答が得られなかった" in reply.notice
    assert "5日以内" in reply.text
    assert bot.events("assistant.answer")[0].details["model_failures"] == ["timeout"]


async def test_a_model_that_lies_gives_way_to_the_passages() -> None:
    for lie in ("夏季休暇は30日です〔1〕。", "夏季休暇は5日です。", "夏季休暇は5日です〔7〕。", ""):
        bot = Kit([_with_model()], passages=[SUMMER], answers=[lie])
        reply = await bot.say("夏季休暇は何日ですか")
        assert reply.engine == "offline", lie
        assert "30日" not in reply.text


async def test_secret_documents_never_reach_a_model_in_the_cloud() -> None:
    bot = Kit(
        [_with_model()], passages=[replace(SUMMER, label="3C")], answers=["x〔1〕"], clearance="3C"
    )
    assert bot.llm is not None
    bot.llm.zone = "cloud"
    reply = await bot.say("夏季休暇は何日ですか", visibility="direct")
    assert bot.llm.asked == []
    assert "機密性の定め" in reply.notice


async def test_personal_data_is_masked_before_a_cloud_model_and_restored_after() -> None:
    bot = Kit(
        [_with_model()],
        passages=[replace(SUMMER, text=SUMMER.text + "連絡先は taro@example.jp とする。")],
        answers=["夏季休暇は5日以内とする〔1〕。"],
    )
    assert bot.llm is not None
    bot.llm.zone = "cloud"
    await bot.say("夏季休暇は何日ですか。電話は 090-1234-5678 です")
    sent = "".join(turn.text for turn in bot.llm.asked[0])
    assert "taro@example.jp" not in sent
    assert "090-1234-5678" not in sent
    assert bot.events("assistant.answer")[0].details["policy"]["masks"]


async def test_the_token_budget_of_a_workspace_is_never_exceeded() -> None:
    bot = Kit(
        [_with_model()],
        passages=[SUMMER],
        answers=["夏季休暇は5日以内です〔1〕。"] * 3,
        workspace=Workspace("main", monthly_tokens=1_000),
    )
    reply = await bot.say("夏季休暇は何日ですか")
    assert "利用枠" in reply.notice
    assert bot.llm is not None
    assert bot.llm.asked == []


def test_a_reply_survives_being_kept_as_json() -> None:
    from bot.messages import Action, Card, Field, Form

    reply = Reply(
        "本文〔1〕",
        sources=(Source(1, "文書", "見出し", "引用", "p1", "p.4", "2026-03-24", "2"),),
        card=Card("表", (("名", "値"),)),
        actions=(Action("share", "共有"),),
        suggestions=("次の質問",),
        form=Form("f", "様式", (Field("a", "件名", choices=("一", "二")),)),
        turn="t",
    )
    assert load_reply(dump_reply(reply)) == reply


async def test_a_skill_gets_the_cells_of_an_attached_table() -> None:
    @skill(name="count", title="数える", description="行を数える", triggers=("数えて",))
    async def count(message: Message, context: Context) -> Reply:
        (sheet,) = await context.sheets(message.attachments[0])
        return Reply(f"{len(sheet.rows) - 1}件、見出しは{'と'.join(sheet.rows[0])}です。")

    kit = Kit([count])
    reply = await kit.say("数えて", files={"意見.csv": "番号,ご意見\n1,道\n2,橋\n".encode()})
    assert reply.text == "2件、見出しは番号とご意見です。"
