"""The first schema."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """To this schema."""
    op.create_table(
        "batches",
        sa.Column("campaign", sa.LargeBinary(), nullable=False),
        sa.Column("annotator", sa.LargeBinary(), nullable=False),
        sa.Column("batch", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("round", sa.BigInteger(), nullable=False),
        sa.Column("root", sa.LargeBinary(), nullable=False),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.Column("cumulative_count", sa.BigInteger(), nullable=False),
        sa.Column("labels", sa.LargeBinary(), nullable=False),
        sa.Column("alone", sa.Boolean(), nullable=False),
        sa.Column("receipt", sa.LargeBinary(), nullable=True),
        sa.Column("opening_receipt", sa.LargeBinary(), nullable=True),
        sa.PrimaryKeyConstraint("campaign", "annotator", "batch"),
    )
    op.create_table(
        "blocks",
        sa.Column("number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.Column("parent", sa.LargeBinary(), nullable=False),
        sa.Column("time", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("number"),
    )
    op.create_table(
        "bundles",
        sa.Column("campaign", sa.LargeBinary(), nullable=False),
        sa.Column("bundle_hash", sa.LargeBinary(), nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("campaign", "bundle_hash"),
    )
    op.create_table(
        "campaigns",
        sa.Column("campaign", sa.LargeBinary(), nullable=False),
        sa.Column("spec", sa.LargeBinary(), nullable=False),
        sa.Column("enrolling", sa.Boolean(), nullable=False),
        sa.Column("round", sa.Integer(), nullable=True),
        sa.PrimaryKeyConstraint("campaign"),
    )
    op.create_table(
        "chains",
        sa.Column("chain_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("genesis", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("chain_id"),
    )
    op.create_table(
        "commits",
        sa.Column("campaign", sa.LargeBinary(), nullable=False),
        sa.Column("annotator", sa.LargeBinary(), nullable=False),
        sa.Column("commit_hash", sa.LargeBinary(), nullable=False),
        sa.Column("round", sa.BigInteger(), nullable=False),
        sa.Column("batch", sa.BigInteger(), nullable=False),
        sa.Column("root", sa.LargeBinary(), nullable=False),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.Column("cumulative_count", sa.BigInteger(), nullable=False),
        sa.Column("signature", sa.LargeBinary(), nullable=False),
        sa.Column("items", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("campaign", "annotator", "commit_hash"),
        sa.UniqueConstraint("campaign", "annotator", "batch", name="uq_commits_batch"),
    )
    op.create_table(
        "enrolments",
        sa.Column("campaign", sa.LargeBinary(), nullable=False),
        sa.Column("annotator", sa.LargeBinary(), nullable=False),
        sa.Column("signature", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("campaign", "annotator"),
    )
    op.create_table(
        "jobs",
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("key", sa.String(length=200), nullable=False),
        sa.Column("due", sa.BigInteger(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("taken_by", sa.String(length=200), nullable=True),
        sa.Column("taken_until", sa.BigInteger(), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("done", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("kind", "key"),
    )
    with op.batch_alter_table("jobs", schema=None) as batch_op:
        batch_op.create_index("ix_jobs_due", ["done", "due"], unique=False)

    op.create_table(
        "logs",
        sa.Column("block", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("position", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("block_hash", sa.LargeBinary(), nullable=False),
        sa.Column("transaction", sa.LargeBinary(), nullable=False),
        sa.Column("address", sa.LargeBinary(), nullable=False),
        sa.Column("topics", sa.LargeBinary(), nullable=False),
        sa.Column("subject", sa.LargeBinary(), nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("block", "position"),
    )
    with op.batch_alter_table("logs", schema=None) as batch_op:
        batch_op.create_index("ix_logs_subject", ["subject"], unique=False)

    op.create_table(
        "memberships",
        sa.Column("campaign", sa.LargeBinary(), nullable=False),
        sa.Column("annotator", sa.LargeBinary(), nullable=False),
        sa.Column("roster_proof", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("campaign", "annotator"),
    )
    op.create_table(
        "openings",
        sa.Column("campaign", sa.LargeBinary(), nullable=False),
        sa.Column("annotator", sa.LargeBinary(), nullable=False),
        sa.Column("commit_hash", sa.LargeBinary(), nullable=False),
        sa.Column("secret", sa.LargeBinary(), nullable=False),
        sa.Column("labels", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("campaign", "annotator", "commit_hash"),
    )
    op.create_table(
        "replies",
        sa.Column("account", sa.LargeBinary(), nullable=False),
        sa.Column("key", sa.String(length=200), nullable=False),
        sa.Column("request_hash", sa.LargeBinary(), nullable=False),
        sa.Column("status", sa.Integer(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("expires", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("account", "key"),
    )
    op.create_table(
        "sessions",
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("account", sa.LargeBinary(), nullable=False),
        sa.Column("expires", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("token_hash"),
    )
    op.create_table(
        "sign_ins",
        sa.Column("nonce", sa.String(length=40), nullable=False),
        sa.Column("account", sa.LargeBinary(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("expires", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("nonce"),
    )
    op.create_table(
        "specs",
        sa.Column("spec_hash", sa.LargeBinary(), nullable=False),
        sa.Column("spec", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("spec_hash"),
    )
    op.create_table(
        "transactions",
        sa.Column("number", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.Column("sender", sa.LargeBinary(), nullable=False),
        sa.Column("nonce", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=True),
        sa.Column("call", sa.LargeBinary(), nullable=False),
        sa.Column("label", sa.String(length=200), nullable=False),
        sa.Column("raw", sa.LargeBinary(), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("gas_used", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("number"),
        sa.UniqueConstraint("hash", name="uq_transactions_hash"),
    )
    with op.batch_alter_table("transactions", schema=None) as batch_op:
        batch_op.create_index("ix_transactions_name", ["name"], unique=False)
        batch_op.create_index("ix_transactions_state", ["state"], unique=False)


def downgrade() -> None:
    """Back to the one before."""
    with op.batch_alter_table("transactions", schema=None) as batch_op:
        batch_op.drop_index("ix_transactions_state")
        batch_op.drop_index("ix_transactions_name")

    op.drop_table("transactions")
    op.drop_table("specs")
    op.drop_table("sign_ins")
    op.drop_table("sessions")
    op.drop_table("replies")
    op.drop_table("openings")
    op.drop_table("memberships")
    with op.batch_alter_table("logs", schema=None) as batch_op:
        batch_op.drop_index("ix_logs_subject")

    op.drop_table("logs")
    with op.batch_alter_table("jobs", schema=None) as batch_op:
        batch_op.drop_index("ix_jobs_due")

    op.drop_table("jobs")
    op.drop_table("enrolments")
    op.drop_table("commits")
    op.drop_table("chains")
    op.drop_table("campaigns")
    op.drop_table("bundles")
    op.drop_table("blocks")
    op.drop_table("batches")
