"""The environment as one frozen value. With nothing set, everything is offline and local.

Secrets come from the environment or from a file named by `<NAME>_FILE`, never from arguments.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from difflib import get_close_matches
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from bot.errors import Misconfigured

ZONES = ("local", "lgwan", "cloud")


def _setting(name: str, default: Any, about: str, *, secret: bool = False) -> Any:
    """Declare one setting: its variable, its default and the line the docs show for it."""
    return field(
        default=default, metadata={"name": name, "about": about, "secret": secret}, repr=not secret
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Every setting, with its default. `repr` never shows a secret."""

    home: Path = _setting("SHOMU_HOME", Path.home() / ".shomu", "the only state directory")
    database_url: str = _setting(
        "SHOMU_DATABASE_URL",
        "",
        "postgresql+asyncpg://… for many replicas; SQLite in SHOMU_HOME",
        secret=True,
    )
    workspace: str = _setting("SHOMU_WORKSPACE", "main", "where messages from unbound places go")
    host: str = _setting("SHOMU_HOST", "127.0.0.1", "the address that `serve` listens on")
    public_url: str = _setting("SHOMU_PUBLIC_URL", "", "https address people reach the pages by")
    slack_signing_secrets: tuple[str, ...] = _setting(
        "SHOMU_SLACK_SIGNING_SECRET",
        (),
        "signing secret; two with a comma while rotating",
        secret=True,
    )
    slack_bot_token: str = _setting("SHOMU_SLACK_BOT_TOKEN", "", "bot token, xoxb-…", secret=True)
    slack_app_token: str = _setting(
        "SHOMU_SLACK_APP_TOKEN", "", "app token, xapp-…: Socket Mode, no inbound port", secret=True
    )
    slack_teams: tuple[str, ...] = _setting(
        "SHOMU_SLACK_TEAMS", (), "team ids that may use the bot; the token's own team when empty"
    )
    slack_api_url: str = _setting(
        "SHOMU_SLACK_API_URL", "https://slack.com/api/", "where Slack's Web API is"
    )
    teams_app_id: str = _setting("SHOMU_TEAMS_APP_ID", "", "Entra application id of the bot")
    teams_app_secret: str = _setting("SHOMU_TEAMS_APP_SECRET", "", "its client secret", secret=True)
    teams_tenant: str = _setting("SHOMU_TEAMS_TENANT", "", "the tenant that may use the bot")
    teams_service_hosts: tuple[str, ...] = _setting(
        "SHOMU_TEAMS_SERVICE_HOSTS", ("smba.trafficmanager.net",), "hosts replies may be sent to"
    )
    teams_openid_url: str = _setting(
        "SHOMU_TEAMS_OPENID_URL",
        "https://login.botframework.com/v1/.well-known/openidconfiguration",
        "where the keys that sign Teams requests are listed",
    )
    teams_dev: bool = _setting(
        "SHOMU_TEAMS_DEV", False, "1 accepts unsigned Teams requests, on loopback only"
    )
    model: str = _setting("SHOMU_MODEL", "", "model name; empty answers offline")
    model_url: str = _setting("SHOMU_MODEL_URL", "", "OpenAI-compatible endpoint, …/v1")
    model_key: str = _setting("SHOMU_MODEL_KEY", "", "its API key", secret=True)
    model_zone: str = _setting("SHOMU_MODEL_ZONE", "cloud", "local, lgwan or cloud")
    model_context: int = _setting("SHOMU_MODEL_CONTEXT", 16_000, "context window in tokens")
    model_timeout: float = _setting("SHOMU_MODEL_TIMEOUT", 30.0, "seconds one answer may take")
    embedding_model: str = _setting(
        "SHOMU_EMBEDDING_MODEL", "", "name of the embedding model at the same endpoint; empty: none"
    )
    egress_hosts: tuple[str, ...] = _setting(
        "SHOMU_EGRESS_HOSTS", (), "hosts the model client may reach besides loopback"
    )
    checkpoint_copy: str = _setting(
        "SHOMU_CHECKPOINT_COPY", "", "file outside SHOMU_HOME that audit checkpoints are added to"
    )
    master_key: str = _setting(
        "SHOMU_MASTER_KEY",
        "",
        "base64 of 32 bytes that wraps body keys; a file in SHOMU_HOME",
        secret=True,
    )
    body_days: int = _setting("SHOMU_BODY_DAYS", 365, "days the words of a turn are kept")
    sync_folder: str = _setting(
        "SHOMU_SYNC_FOLDER", "", "folder of documents that follows into the default workspace"
    )
    sync_label: str = _setting("SHOMU_SYNC_LABEL", "3B", "label of the documents in that folder")

    @property
    def uses_slack(self) -> bool:
        return bool(self.slack_bot_token)

    @property
    def uses_teams(self) -> bool:
        return bool(self.teams_app_id) or self.teams_dev

    @property
    def uses_model(self) -> bool:
        return bool(self.model)

    @property
    def uses_embeddings(self) -> bool:
        return bool(self.embedding_model)

    @property
    def is_loopback(self) -> bool:
        return is_loopback(self.host)


def is_loopback(host: str) -> bool:
    """Whether a host name or address can be reached from this machine only."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def load(environment: Mapping[str, str]) -> Settings:
    """Read settings from the environment.

    Raises Misconfigured with every mistake at once: unknown SHOMU_ names, values that do not
    parse, and settings that are missing beside others that need them.
    """
    mistakes: list[str] = []
    known = {item.metadata["name"]: item for item in fields(Settings)}
    values: dict[str, Any] = {}
    for name, raw in sorted(environment.items()):
        if not name.startswith("SHOMU_"):
            continue
        plain, text = name, raw
        if name not in known and name.endswith("_FILE"):
            plain = name.removesuffix("_FILE")
            try:
                text = Path(raw).read_text(encoding="utf-8").strip()
            except OSError as error:
                mistakes.append(f"{name}: {raw} を読めません（{error.strerror}）。")
                continue
        if plain not in known:
            near = get_close_matches(plain, known, n=1)
            hint = f" {near[0]} のことですか。" if near else ""
            mistakes.append(f"{name} という設定はありません。{hint}")
        elif text:
            _convert(plain, known[plain].name, known[plain].default, text, values, mistakes)
    settings = Settings(**values)
    mistakes += _missing(settings)
    if mistakes:
        raise Misconfigured(mistakes, remedy="設定の一覧は infra/runbook.md にあります。")
    return settings


def _convert(
    name: str, key: str, default: Any, text: str, values: dict[str, Any], mistakes: list[str]
) -> None:
    """Turn one text into the type of its default."""
    try:
        match default:
            case bool():
                if text not in ("0", "1"):
                    raise ValueError
                values[key] = text == "1"
            case int() | float():
                values[key] = type(default)(text)
                if values[key] <= 0:
                    raise ValueError
            case tuple():
                values[key] = tuple(part.strip() for part in text.split(",") if part.strip())
            case Path():
                values[key] = Path(text).expanduser()
            case _:
                values[key] = text
    except ValueError:
        kind = "0 または 1" if isinstance(default, bool) else "正の数"
        mistakes.append(f"{name} は{kind}で指定してください。")


def _missing(settings: Settings) -> list[str]:
    """Say which settings are needed by those that are set."""
    mistakes = _missing_for_platforms(settings)
    if settings.model_url and not (settings.uses_model or settings.uses_embeddings):
        mistakes.append("SHOMU_MODEL がありません。使うモデルの名前を指定してください。")
    if (settings.uses_model or settings.uses_embeddings) and not settings.model_url:
        mistakes.append("SHOMU_MODEL_URL がありません。モデルのアドレスを指定してください。")
    if settings.model_zone not in ZONES:
        mistakes.append(f"SHOMU_MODEL_ZONE は {'、'.join(ZONES)} のどれかです。")
    host = urlsplit(settings.model_url).hostname or ""
    if settings.model_url and not is_loopback(host) and host not in settings.egress_hosts:
        mistakes.append(
            f"SHOMU_MODEL_URL のホスト {host} が SHOMU_EGRESS_HOSTS にありません。"
            "外に出てよい先だけを書いてください。"
        )
    return mistakes


def _missing_for_platforms(settings: Settings) -> list[str]:
    mistakes = []
    if settings.slack_signing_secrets or settings.slack_bot_token or settings.slack_app_token:
        if not settings.slack_bot_token:
            mistakes.append("SHOMU_SLACK_BOT_TOKEN がありません。Slack につなぐために必要です。")
        if not settings.slack_signing_secrets and not settings.slack_app_token:
            mistakes.append(
                "SHOMU_SLACK_SIGNING_SECRET がありません。HTTP で受けるために必要です"
                "（Socket Mode なら SHOMU_SLACK_APP_TOKEN）。"
            )
    if settings.teams_app_id or settings.teams_app_secret or settings.teams_tenant:
        mistakes += [
            f"{name} がありません。Teams につなぐために必要です。"
            for name, value in (
                ("SHOMU_TEAMS_APP_ID", settings.teams_app_id),
                ("SHOMU_TEAMS_APP_SECRET", settings.teams_app_secret),
                ("SHOMU_TEAMS_TENANT", settings.teams_tenant),
            )
            if not value
        ]
    if settings.teams_dev and not settings.is_loopback:
        mistakes.append("SHOMU_TEAMS_DEV=1 は SHOMU_HOST がループバックのときだけ使えます。")
    return mistakes
