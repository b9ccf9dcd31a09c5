"""The only place that picks implementations: settings in, a working app out."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from bot.context import Services
from bot.contract import Skill
from bot.errors import Misconfigured, UnknownWorkspace
from bot.instructions import follow
from bot.ports import Workspace
from bot.prompts import PromptBook, load_prompts
from bot.registry import load_skills
from bot.services.audit.record import SqlAudit
from bot.services.audit.vault import Vault
from bot.services.computing import ChildComputing
from bot.services.database import Database
from bot.services.directory import SqlDirectory
from bot.services.files import FileLinks, SqlFiles
from bot.services.inbox import SqlInbox
from bot.services.manuals.library import Library
from bot.services.manuals.references import follow_references
from bot.services.manuals.search import TantivySearch
from bot.services.model import tokens
from bot.services.records import SqlRecords
from bot.services.reminders import SqlReminders
from bot.services.words import keep_words
from bot.settings import Settings
from bot.turn import Bot

if TYPE_CHECKING:
    from bot.services.model.embeddings import OpenAIEmbeddings
    from bot.services.model.openai import OpenAIModel

log = logging.getLogger(__name__)
ROOT = Path(__file__).parents[1]
FIRST_QUESTIONS = 3


class SystemClock:
    """The time as it is."""

    def now(self) -> datetime:
        return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class App:
    """Everything that is open while the app runs."""

    settings: Settings
    database: Database
    clock: SystemClock
    audit: SqlAudit
    directory: SqlDirectory
    library: Library
    search: TantivySearch
    inbox: SqlInbox
    files: SqlFiles
    links: FileLinks
    reminders: SqlReminders
    skills: dict[str, Skill]
    bot: Bot

    @property
    def examples(self) -> Sequence[str]:
        return self.bot.examples

    async def workspace_for(self, name: str, *, make: bool = False) -> str:
        """The workspace that a command means.

        Without a name: the only one, else the default. The first use of a fresh state directory
        makes the default one; `make` makes a named one too. Raises UnknownWorkspace.
        """
        known = [item.name for item in await self.directory.all()]
        wanted = name or await self.directory.only()
        if wanted not in known:
            if not make and (name or known):
                raise UnknownWorkspace(
                    "unknown workspace",
                    remedy=f"「{wanted}」というワークスペースはありません"
                    f"（登録済み：{'、'.join(known) or 'なし'}）。"
                    "shomu workspaces add で作れます。",
                )
            await self.directory.add(Workspace(wanted))
        return wanted


@asynccontextmanager
async def open_app(settings: Settings) -> AsyncIterator[App]:
    """Open the state directory and everything that works on it; close it at the end.

    Raises Misconfigured with every mistake in prompts and skills.
    """
    prompts = load_prompt_book(settings)
    skills = load_skills(skill_folders(settings), prompts, follow)
    clock = SystemClock()
    try:
        settings.home.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        raise Misconfigured(
            [f"SHOMU_HOME のフォルダー {settings.home} を使えません（{error.strerror}）。"],
            remedy="書き込めるフォルダーを SHOMU_HOME に指定してください。",
        ) from error
    model, embeddings = open_model(settings), open_embeddings(settings)
    async with AsyncExitStack() as closing:
        database = await Database.open(
            settings.database_url or f"sqlite+aiosqlite:///{settings.home / 'shomu.db'}"
        )
        # Closed in the other order: what still writes ends before the database.
        closing.push_async_callback(database.close)
        search = TantivySearch(database, settings.home)
        closing.push_async_callback(search.close)
        audit = SqlAudit.open(
            database,
            clock,
            settings.home,
            master_key=settings.master_key,
            body_days=settings.body_days,
            checkpoint_copy=settings.checkpoint_copy,
        )
        closing.push_async_callback(audit.close)
        inbox = SqlInbox(database)
        closing.push_async_callback(inbox.close)
        directory = SqlDirectory(database, settings.workspace, audit.add)
        library = Library(database, audit.add)
        vault = Vault.open(settings.home, settings.master_key)
        files = SqlFiles(database, vault, clock, body_days=settings.body_days)
        await keep_words(database, prompts, skills.values(), clock.now())
        for name, why in await follow_references(library, skills.values()):
            log.warning("%s: %s", name, why)
        for opened in (model, embeddings):
            if opened is not None:
                closing.push_async_callback(opened.close)
        if model is not None:
            # Half a second of work that would hold up the first answer, and everybody else's.
            await asyncio.to_thread(tokens.load)
        reminders = SqlReminders(database)
        computing = ChildComputing()
        closing.push_async_callback(computing.close)
        services = Services(
            search=search,
            records=SqlRecords(database),
            directory=directory,
            clock=clock,
            prompts=prompts,
            audit=audit,
            files=files,
            reminders=reminders,
            computing=computing,
            home=settings.home,
            llm=model,
            embeddings=embeddings,
        )
        bot = Bot(skills, services, first_questions(skills))
        yield App(
            settings=settings,
            database=database,
            clock=clock,
            audit=audit,
            directory=directory,
            library=library,
            search=search,
            inbox=inbox,
            files=files,
            links=FileLinks(vault, clock, settings.public_url),
            reminders=reminders,
            skills=skills,
            bot=bot,
        )


def skill_folders(settings: Settings) -> list[Path]:
    """The skills that are shipped, and the office's own."""
    return [ROOT / "skills", settings.home / "skills"]


def load_prompt_book(settings: Settings) -> PromptBook:
    """The prompts that are shipped, and the office's own. Raises Misconfigured."""
    return load_prompts(prompt_folders(settings))


def prompt_folders(settings: Settings) -> list[Path]:
    return [ROOT / "prompts", settings.home / "prompts"]


def load_skill_set(settings: Settings) -> dict[str, Skill]:
    """Every skill. Raises Misconfigured with every mistake."""
    return load_skills(skill_folders(settings), load_prompt_book(settings), follow)


def first_questions(skills: dict[str, Skill]) -> tuple[str, ...]:
    """Questions for somebody who does not know what to ask: one of each skill, then the next."""
    rows = [skill.examples for skill in skills.values() if skill.examples]
    longest = max((len(row) for row in rows), default=0)
    mixed = [row[n] for n in range(longest) for row in rows if n < len(row)]
    return tuple(mixed[:FIRST_QUESTIONS])


def open_model(settings: Settings) -> OpenAIModel | None:
    """The configured model; None answers offline."""
    if not settings.uses_model:
        return None
    # A second to import: only those who use a model wait for it.
    from bot.services.http import Egress
    from bot.services.model.openai import OpenAIModel

    return OpenAIModel(
        name=settings.model,
        url=settings.model_url,
        egress=Egress(settings.egress_hosts),
        key=settings.model_key,
        zone=settings.model_zone,  # type: ignore[arg-type]  # settings check it
        context_tokens=settings.model_context,
        timeout_seconds=settings.model_timeout,
    )


def open_embeddings(settings: Settings) -> OpenAIEmbeddings | None:
    """The configured embedding model, at the endpoint of the model; None without one."""
    if not settings.uses_embeddings:
        return None
    from bot.services.http import Egress
    from bot.services.model.embeddings import OpenAIEmbeddings

    return OpenAIEmbeddings(
        name=settings.embedding_model,
        url=settings.model_url,
        egress=Egress(settings.egress_hosts),
        key=settings.model_key,
        zone=settings.model_zone,  # type: ignore[arg-type]  # settings check it
        timeout_seconds=settings.model_timeout,
    )
