"""What is listed, served and handed in: logs by kind and of share tokens, content, facts of specs.

The index is emptied: it lacks the logs of share tokens, and is read from the chain anew.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """To this schema."""
    op.drop_table("logs")
    op.execute("DELETE FROM blocks")
    _create_logs(sa.Column("kind", sa.LargeBinary(), nullable=False))
    op.create_index("ix_logs_kind", "logs", ["address", "kind", "block", "position"])
    op.create_index("ix_logs_subject", "logs", ["subject", "block", "position"])
    op.create_table(
        "spec_facts",
        sa.Column("spec_hash", sa.LargeBinary(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("items", sa.BigInteger(), nullable=False),
        sa.Column("price", sa.String(78), nullable=False),
        sa.PrimaryKeyConstraint("spec_hash"),
    )
    op.create_table(
        "contents",
        sa.Column("campaign", sa.LargeBinary(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("account", sa.LargeBinary(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("campaign", "digest"),
    )
    op.create_index("ix_contents_account", "contents", ["account"])
    op.create_index("ix_replies_expires", "replies", ["expires"])
    if op.get_bind().dialect.name == "postgresql":
        # A bundle is read in parts, which a compressed column would be unpacked for from its beginning.
        op.execute("ALTER TABLE bundles ALTER COLUMN data SET STORAGE EXTERNAL")


def downgrade() -> None:
    """Back from it."""
    if op.get_bind().dialect.name == "postgresql":
        op.execute("ALTER TABLE bundles ALTER COLUMN data SET STORAGE EXTENDED")
    op.drop_index("ix_replies_expires", "replies")
    op.drop_table("contents")
    op.drop_table("spec_facts")
    op.drop_table("logs")
    op.execute("DELETE FROM blocks")
    _create_logs()
    op.create_index("ix_logs_subject", "logs", ["subject"])


def _create_logs(*more: sa.Column[bytes]) -> None:
    op.create_table(
        "logs",
        sa.Column("block", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("position", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("block_hash", sa.LargeBinary(), nullable=False),
        sa.Column("transaction", sa.LargeBinary(), nullable=False),
        sa.Column("address", sa.LargeBinary(), nullable=False),
        sa.Column("topics", sa.LargeBinary(), nullable=False),
        *more,
        sa.Column("subject", sa.LargeBinary(), nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("block", "position"),
    )
