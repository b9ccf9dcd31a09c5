"""Alembic's entry: runs migrations on the connection that `bot.services.migrations` hands over."""

from alembic import context
from sqlmodel import SQLModel

from bot.services import tables  # noqa: F401  # registers the tables on SQLModel.metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=SQLModel.metadata,
    render_as_batch=True,
    transactional_ddl=False,
)
context.run_migrations()
