"""Forms of a skill in two steps: what opens, what is wrong, what reaches the skill."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from bot.contract import Context, Skill, skill_folder
from bot.messages import Field, Form, Message, Reply, dump_reply, load_reply
from bot.ports import Workspace
from bot.testing.kit import Kit

FIRST = Form("trip", "出張の申請", (Field("kind", "種類", "choice", choices=("日帰り", "宿泊")),))
DAYS = Form("trip/宿泊", "宿泊の申請", (Field("days", "泊数"), Field("place", "行き先")))


def ask(name: str, values: Mapping[str, str], folder: Path) -> Form | None:
    if not name:
        return FIRST
    if name == "trip":
        return DAYS if values["kind"] == "宿泊" else None
    if not values["days"].isdecimal():
        return DAYS.filled(values, {"days": "数字で入力してください。"})
    return None


async def file_trip(message: Message, context: Context) -> Reply:
    return Reply(f"受け付けました：{message.values['days']}泊、{message.values['place']}")


TRIP = Skill(file_trip, name="trip", title="出張申請", description="出張を申請します。", ask=ask)


async def test_a_skill_named_without_words_shows_its_first_form() -> None:
    for kit, text, command in (
        (Kit([TRIP]), "出張申請", ""),
        (Kit([TRIP]), "/trip", ""),
        (Kit([TRIP]), "", "trip"),
    ):
        reply = await kit.say(text, command=command)
        assert reply.form == FIRST


async def test_a_form_leads_to_the_next_then_to_what_is_wrong_then_to_the_skill() -> None:
    kit = Kit([TRIP])
    step = await kit.say("", kind="form", command="trip", values={"form": "trip", "kind": "宿泊"})
    assert step.form == DAYS
    typed = {"form": "trip/宿泊", "days": "二", "place": "県庁"}
    wrong = await kit.say("", kind="form", command="trip", values=typed)
    assert wrong.form is not None
    assert wrong.form.problems == {"days": "数字で入力してください。"}
    assert [field.value for field in wrong.form.fields] == ["二", "県庁"]
    assert "泊数：数字で入力してください。" in wrong.text
    done = await kit.say("", kind="form", command="trip", values={**typed, "days": "2"})
    assert done.text == "受け付けました：2泊、県庁"


async def test_words_and_files_go_to_the_skill_and_not_to_a_form() -> None:
    reply = await Kit([TRIP]).say("出張申請 2泊で県庁", values={"days": "2", "place": "県庁"})
    assert reply.form is None
    assert reply.text == "受け付けました：2泊、県庁"


async def test_a_skill_that_is_not_allowed_opens_no_form() -> None:
    kit = Kit([TRIP], workspace=Workspace("main", skills=("manual-search",)))
    message = kit.message("", kind="command", command="trip")
    assert await kit.bot.forms.first(message) is None
    reply = await kit.say("", kind="command", command="trip")
    assert reply.status == "refused"


async def test_a_form_is_read_back_from_the_reply_that_offered_it_by_its_reader_alone() -> None:
    kit = Kit([TRIP])
    asked = kit.message("出張申請")
    reply = await kit.bot.receive(asked, kit.chat)
    press = kit.message("", kind="button", command="form", values={"turn": reply.turn})
    assert await kit.bot.forms.offered(press) == FIRST
    gone = kit.message("", kind="button", command="form", values={"turn": "none"})
    assert await kit.bot.forms.offered(gone) is None


def test_a_form_with_problems_survives_being_kept() -> None:
    reply = Reply("", form=DAYS.filled({"days": "二"}, {"days": "数字で"}))
    assert load_reply(dump_reply(reply)) == reply


def test_the_offices_own_files_of_a_skill_have_one_place() -> None:
    assert skill_folder(Path("/h"), "kikaku", "trip") == Path("/h/workspaces/kikaku/trip")


async def test_a_thread_in_which_a_form_was_answered_is_followed_with_words() -> None:
    kit = Kit([TRIP])
    typed = {"form": "trip/宿泊", "days": "2", "place": "県庁"}
    await kit.say("", kind="form", command="trip", values=typed)
    reply = await kit.say("もう1泊", kind="follow-up", values={"days": "3", "place": "県庁"})
    assert reply.text == "受け付けました：3泊、県庁"
