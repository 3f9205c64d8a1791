"""How alembic takes the steps: each in a transaction of its own, on the connection that it is given."""

from __future__ import annotations

from alembic import context

context.configure(
    connection=context.config.attributes["connection"],
    version_table_schema="milepost",
    transaction_per_migration=True,
)
with context.begin_transaction():
    context.run_migrations()
