"""The environment: defaults that stay at home, and every mistake said at once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path

import pytest

from bot.errors import Misconfigured
from bot.settings import Settings, is_loopback, load

SLACK = {"SHOMU_SLACK_BOT_TOKEN": "xoxb-1", "SHOMU_SLACK_SIGNING_SECRET": "s1"}
TEAMS = {
    "SHOMU_TEAMS_APP_ID": "app",
    "SHOMU_TEAMS_APP_SECRET": "secret",
    "SHOMU_TEAMS_TENANT": "tenant",
}
MODEL = {"SHOMU_MODEL": "m", "SHOMU_MODEL_URL": "http://127.0.0.1:8000/v1"}


def mistakes_of(environment: Mapping[str, str]) -> tuple[str, ...]:
    with pytest.raises(Misconfigured) as caught:
        load(environment)
    assert caught.value.remedy.startswith("設定の一覧は")
    return caught.value.mistakes


def test_with_nothing_set_everything_is_local_and_offline() -> None:
    settings = load({"PATH": "/usr/bin"})
    assert (settings.host, settings.is_loopback) == ("127.0.0.1", True)
    assert not settings.uses_slack
    assert not settings.uses_teams
    assert not settings.uses_model
    assert settings.home == Path.home() / ".shomu"
    assert settings == Settings()


def test_an_empty_variable_counts_as_not_set() -> None:
    assert load({"SHOMU_MODEL": "", "SHOMU_BODY_DAYS": ""}) == Settings()


@pytest.mark.parametrize(
    ("environment", "mistake"),
    [
        ({"SHOMU_BODY_DAYS": "一年"}, "SHOMU_BODY_DAYS は正の数で指定してください。"),
        ({"SHOMU_BODY_DAYS": "0"}, "SHOMU_BODY_DAYS は正の数で指定してください。"),
        ({"SHOMU_BODY_DAYS": "-1"}, "SHOMU_BODY_DAYS は正の数で指定してください。"),
        (MODEL | {"SHOMU_MODEL_TIMEOUT": "-3"}, "SHOMU_MODEL_TIMEOUT は正の数で"),
        (MODEL | {"SHOMU_MODEL_CONTEXT": "16k"}, "SHOMU_MODEL_CONTEXT は正の数で"),
        ({"SHOMU_TEAMS_DEV": "yes"}, "SHOMU_TEAMS_DEV は0 または 1で指定してください。"),
        ({"SHOMU_MODEL_ZONE": "moon"}, "SHOMU_MODEL_ZONE は local、lgwan、cloud のどれかです。"),
        ({"SHOMU_MODEL": "m"}, "SHOMU_MODEL_URL がありません。"),
        ({"SHOMU_EMBEDDING_MODEL": "e"}, "SHOMU_MODEL_URL がありません。"),
        ({"SHOMU_MODEL_URL": MODEL["SHOMU_MODEL_URL"]}, "SHOMU_MODEL がありません。"),
        (
            {"SHOMU_EMBEDDING_MODEL": "e", "SHOMU_MODEL_URL": "https://example.com/v1"},
            "SHOMU_MODEL_URL のホスト example.com が SHOMU_EGRESS_HOSTS にありません。",
        ),
        (
            MODEL | {"SHOMU_MODEL_URL": "https://example.com/v1"},
            "SHOMU_MODEL_URL のホスト example.com が SHOMU_EGRESS_HOSTS にありません。",
        ),
        ({"SHOMU_SLACK_SIGNING_SECRET": "s"}, "SHOMU_SLACK_BOT_TOKEN がありません。"),
        ({"SHOMU_SLACK_APP_TOKEN": "xapp-1"}, "SHOMU_SLACK_BOT_TOKEN がありません。"),
        ({"SHOMU_SLACK_BOT_TOKEN": "xoxb-1"}, "SHOMU_SLACK_SIGNING_SECRET がありません。"),
        (
            {"SHOMU_TEAMS_DEV": "1", "SHOMU_HOST": "0.0.0.0"},
            "SHOMU_TEAMS_DEV=1 は SHOMU_HOST がループバックのときだけ使えます。",
        ),
        ({"SHOMU_MODL": "m"}, "SHOMU_MODEL のことですか。"),
        ({"SHOMU_XYZZY": "1"}, "SHOMU_XYZZY という設定はありません。"),
        ({"SHOMU_MODEL_KEY_FILE": "/ない/key"}, "SHOMU_MODEL_KEY_FILE: /ない/key を読めません"),
    ],
)
def test_a_mistake_names_its_setting_and_what_to_do(
    environment: Mapping[str, str], mistake: str
) -> None:
    (found,) = mistakes_of(environment)
    assert mistake in found


@pytest.mark.parametrize("missing", sorted(TEAMS))
def test_teams_needs_all_of_its_three_settings(missing: str) -> None:
    assert load(TEAMS).uses_teams
    (found,) = mistakes_of({name: value for name, value in TEAMS.items() if name != missing})
    assert found.startswith(f"{missing} がありません。")


def test_every_mistake_is_listed_at_once() -> None:
    found = mistakes_of(
        {
            "SHOMU_MODL": "m",
            "SHOMU_BODY_DAYS": "x",
            "SHOMU_MODEL_ZONE": "moon",
            "SHOMU_SLACK_APP_TOKEN": "xapp-secret",
            "SHOMU_MODEL_KEY_FILE": "/ない",
        }
    )
    assert len(found) == 5
    assert "xapp-secret" not in "".join(found)


def test_a_secret_can_come_from_a_file(tmp_path: Path) -> None:
    path = tmp_path / "token"
    path.write_text("xoxb-from-file\n", encoding="utf-8")
    environment = {**SLACK, "SHOMU_SLACK_BOT_TOKEN_FILE": str(path)}
    del environment["SHOMU_SLACK_BOT_TOKEN"]
    assert load(environment).slack_bot_token == "xoxb-from-file"


SECRETS = [
    (item.metadata["name"], item.name) for item in fields(Settings) if item.metadata["secret"]
]


@pytest.mark.parametrize(("name", "attribute"), SECRETS)
def test_every_secret_has_a_file_variant_and_is_never_shown(
    name: str, attribute: str, tmp_path: Path
) -> None:
    path = tmp_path / "secret"
    path.write_text("canary-4711", encoding="utf-8")
    environment = {**SLACK, **TEAMS, **MODEL, f"{name}_FILE": str(path)}
    environment.pop(name, "")
    settings = load(environment)
    assert getattr(settings, attribute) in ("canary-4711", ("canary-4711",))
    assert "canary-4711" not in repr(settings)


def test_lists_are_split_at_commas_and_trimmed() -> None:
    settings = load(
        {**SLACK, "SHOMU_SLACK_SIGNING_SECRET": "new, old ,", "SHOMU_SLACK_TEAMS": "T1"}
    )
    assert settings.slack_signing_secrets == ("new", "old")
    assert settings.slack_teams == ("T1",)


def test_a_home_may_be_written_with_a_tilde() -> None:
    assert load({"SHOMU_HOME": "~/shomu"}).home == Path.home() / "shomu"


def test_a_model_on_this_machine_or_on_the_list_may_be_reached() -> None:
    assert load(MODEL).uses_model
    assert load({**MODEL, "SHOMU_MODEL_URL": "http://[::1]:8000/v1"}).uses_model
    remote = {
        "SHOMU_MODEL_URL": "https://llm.example.jp/v1",
        "SHOMU_EGRESS_HOSTS": "llm.example.jp",
    }
    assert load({**MODEL, **remote}).uses_model


def test_embeddings_need_no_chat_model() -> None:
    settings = load({"SHOMU_EMBEDDING_MODEL": "e", "SHOMU_MODEL_URL": MODEL["SHOMU_MODEL_URL"]})
    assert settings.uses_embeddings
    assert not settings.uses_model
    assert not load(MODEL).uses_embeddings


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "127.8.9.1", "::1", "[::1]"])
def test_these_hosts_are_this_machine_only(host: str) -> None:
    assert is_loopback(host)


@pytest.mark.parametrize(
    "host",
    ["", "0.0.0.0", "::", "10.0.0.1", "example.com", "localhost.example.com", "127.0.0.1.nip.io",
     "2130706433", "127.1"],
)  # fmt: skip
def test_these_hosts_are_not(host: str) -> None:
    assert not is_loopback(host)
