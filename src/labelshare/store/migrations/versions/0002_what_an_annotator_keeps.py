"""What an annotator keeps: campaigns followed, proofs of inclusion, refused batches, drafts."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """To this schema."""
    op.add_column("memberships", sa.Column("roster", sa.LargeBinary(), nullable=True))
    op.create_table(
        "drafts",
        sa.Column("campaign", sa.LargeBinary(), nullable=False),
        sa.Column("annotator", sa.LargeBinary(), nullable=False),
        sa.Column("item", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("label", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("campaign", "annotator", "item"),
    )
    op.create_table(
        "followed",
        sa.Column("campaign", sa.LargeBinary(), nullable=False),
        sa.Column("annotator", sa.LargeBinary(), nullable=False),
        sa.Column("spec_hash", sa.LargeBinary(), nullable=False),
        sa.Column("service", sa.String(500), nullable=False),
        sa.Column("enrolled", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("campaign", "annotator"),
    )
    op.create_table(
        "inclusions",
        sa.Column("campaign", sa.LargeBinary(), nullable=False),
        sa.Column("annotator", sa.LargeBinary(), nullable=False),
        sa.Column("root", sa.LargeBinary(), nullable=False),
        sa.Column("proof", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("campaign", "annotator", "root"),
    )
    op.create_table(
        "refused",
        sa.Column("campaign", sa.LargeBinary(), nullable=False),
        sa.Column("annotator", sa.LargeBinary(), nullable=False),
        sa.Column("root", sa.LargeBinary(), nullable=False),
        sa.Column("round", sa.BigInteger(), nullable=False),
        sa.Column("batch", sa.BigInteger(), nullable=False),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.Column("cumulative_count", sa.BigInteger(), nullable=False),
        sa.Column("labels", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("campaign", "annotator", "root"),
    )


def downgrade() -> None:
    """Back to the first schema."""
    for name in ("refused", "inclusions", "followed", "drafts"):
        op.drop_table(name)
    op.drop_column("memberships", "roster")
