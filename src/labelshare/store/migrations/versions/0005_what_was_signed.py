"""Texts to be signed are kept once they are used, and what has expired is found without reading all."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """To this schema."""
    op.drop_table("sign_ins")
    op.create_table(
        "sign_ins",
        sa.Column("nonce", sa.LargeBinary(), nullable=False),
        sa.Column("expires", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("nonce"),
    )
    op.create_index("ix_sign_ins_expires", "sign_ins", ["expires"])
    op.create_index("ix_sessions_expires", "sessions", ["expires"])
    op.create_table(
        "sign_in_salts",
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("salt", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("number"),
    )


def downgrade() -> None:
    """Back from it."""
    op.drop_table("sign_in_salts")
    op.drop_index("ix_sessions_expires", "sessions")
    op.drop_table("sign_ins")
    op.create_table(
        "sign_ins",
        sa.Column("nonce", sa.String(40), nullable=False),
        sa.Column("account", sa.LargeBinary(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("expires", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("nonce"),
    )
