"""Which rounds of a campaign have batches, told without reading every batch."""

from __future__ import annotations

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """To this schema."""
    op.create_index("ix_commits_round", "commits", ["campaign", "round"])


def downgrade() -> None:
    """Back from it."""
    op.drop_index("ix_commits_round", "commits")
