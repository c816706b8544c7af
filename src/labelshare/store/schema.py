"""The tables. `migrations/` leads every database here, and a test compares the two.

Hashes, addresses, signatures and labels are the bytes that the protocol signs and hashes, so that nothing is
spelt twice. Amounts are not stored: they are on the chain.
"""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
)

__all__ = [
    "batches",
    "blocks",
    "bundles",
    "campaigns",
    "chains",
    "commits",
    "contents",
    "drafts",
    "enrolments",
    "followed",
    "inclusions",
    "jobs",
    "logs",
    "memberships",
    "metadata",
    "openings",
    "refused",
    "replies",
    "sessions",
    "sign_in_salts",
    "sign_ins",
    "spec_facts",
    "specs",
    "transactions",
]

metadata = MetaData()


def _bytes(name: str, *, key: bool = False, optional: bool = False) -> Column[Any]:
    return Column(name, LargeBinary, primary_key=key, nullable=optional)


# SQLite counts an Integer key up by itself; a BigInteger one it does not.
_SERIAL: Final = BigInteger().with_variant(Integer, "sqlite")

# The one chain that everything in the database is about.
chains = Table(
    "chains",
    metadata,
    Column("chain_id", BigInteger, primary_key=True, autoincrement=False),
    _bytes("genesis"),
)

# Every transaction signed, stored before it is sent. `name` is what it was sent for, where that is said;
# `call` hashes what it does; `state` is one of `labelshare.chain.journal.State`.
transactions = Table(
    "transactions",
    metadata,
    Column("number", _SERIAL, primary_key=True),
    _bytes("hash"),
    _bytes("sender"),
    Column("nonce", BigInteger, nullable=False),
    Column("name", String(200)),
    _bytes("call"),
    Column("label", String(200), nullable=False),
    _bytes("raw"),
    Column("state", String(10), nullable=False),
    Column("gas_used", BigInteger),
    UniqueConstraint("hash", name="uq_transactions_hash"),
    Index("ix_transactions_name", "name"),
    Index("ix_transactions_state", "state"),
)

# A campaign that the oracle runs: its spec, of which the chain has only the hash, and what it takes now.
campaigns = Table(
    "campaigns",
    metadata,
    _bytes("campaign", key=True),
    _bytes("spec"),
    Column("enrolling", Boolean, nullable=False),
    Column("round", Integer),
)

enrolments = Table(
    "enrolments",
    metadata,
    _bytes("campaign", key=True),
    _bytes("annotator", key=True),
    _bytes("signature"),
)

# `items` are 8 bytes each, big-endian, ascending.
commits = Table(
    "commits",
    metadata,
    _bytes("campaign", key=True),
    _bytes("annotator", key=True),
    _bytes("commit_hash", key=True),
    Column("round", BigInteger, nullable=False),
    Column("batch", BigInteger, nullable=False),
    _bytes("root"),
    Column("count", BigInteger, nullable=False),
    Column("cumulative_count", BigInteger, nullable=False),
    _bytes("signature"),
    _bytes("items"),
    UniqueConstraint("campaign", "annotator", "batch", name="uq_commits_batch"),
    Index("ix_commits_round", "campaign", "round"),
)

# `secret` and `labels` are sealed by the vault; the latter as they are hashed: item 8 bytes ‖ length 2 ‖
# label, each.
openings = Table(
    "openings",
    metadata,
    _bytes("campaign", key=True),
    _bytes("annotator", key=True),
    _bytes("commit_hash", key=True),
    _bytes("secret"),
    _bytes("labels"),
)

bundles = Table(
    "bundles",
    metadata,
    _bytes("campaign", key=True),
    _bytes("bundle_hash", key=True),
    _bytes("data"),
)

# What an annotator's client seals, stored before it is sent; `labels` are sealed by the vault, `alone` is
# what goes to the chain without the oracle. The secret is not here: the key makes it again.
batches = Table(
    "batches",
    metadata,
    _bytes("campaign", key=True),
    _bytes("annotator", key=True),
    Column("batch", BigInteger, primary_key=True, autoincrement=False),
    Column("round", BigInteger, nullable=False),
    _bytes("root"),
    Column("count", BigInteger, nullable=False),
    Column("cumulative_count", BigInteger, nullable=False),
    _bytes("labels"),
    Column("alone", Boolean, nullable=False),
    _bytes("receipt", optional=True),
    _bytes("opening_receipt", optional=True),
)

# An annotator's place under a roster's root (32 bytes a step), kept against an oracle that falls silent, and
# who is on it (20 bytes each): who labels what follows from that.
memberships = Table(
    "memberships",
    metadata,
    _bytes("campaign", key=True),
    _bytes("annotator", key=True),
    _bytes("roster_proof"),
    _bytes("roster", optional=True),
)

# A campaign that an account works in: which spec, whose service it asks (empty for none), and whether the
# oracle has taken its enrolment.
followed = Table(
    "followed",
    metadata,
    _bytes("campaign", key=True),
    _bytes("annotator", key=True),
    _bytes("spec_hash"),
    Column("service", String(500), nullable=False),
    Column("enrolled", Boolean, nullable=False),
)

# Where a batch of one's own is under the root of its round (32 bytes a step), by the batch's commitment.
inclusions = Table(
    "inclusions",
    metadata,
    _bytes("campaign", key=True),
    _bytes("annotator", key=True),
    _bytes("root", key=True),
    _bytes("proof"),
)

# Batches that the oracle refused: not forgotten, for it may have kept what it said it would not.
refused = Table(
    "refused",
    metadata,
    _bytes("campaign", key=True),
    _bytes("annotator", key=True),
    _bytes("root", key=True),
    Column("round", BigInteger, nullable=False),
    Column("batch", BigInteger, nullable=False),
    Column("count", BigInteger, nullable=False),
    Column("cumulative_count", BigInteger, nullable=False),
    _bytes("labels"),
)

# Answers given and not sealed into a batch yet; `label` is sealed by the vault.
drafts = Table(
    "drafts",
    metadata,
    _bytes("campaign", key=True),
    _bytes("annotator", key=True),
    Column("item", BigInteger, primary_key=True, autoincrement=False),
    _bytes("label"),
)

# Specs by their hash, from whoever funds a campaign: the chain has the hash alone.
specs = Table("specs", metadata, _bytes("spec_hash", key=True), _bytes("spec"))

# What a list shows of a spec, which may be a hundred megabytes: worked out once.
spec_facts = Table(
    "spec_facts",
    metadata,
    _bytes("spec_hash", key=True),
    Column("title", Text, nullable=False),
    Column("items", BigInteger, nullable=False),
    Column("price", String(78), nullable=False),
)

# Content that was handed in for a campaign's items: who did, and its bytes.
contents = Table(
    "contents",
    metadata,
    _bytes("campaign", key=True),
    _bytes("digest", key=True),
    _bytes("account"),
    Column("size", BigInteger, nullable=False),
    Index("ix_contents_account", "account"),
)

# ------------------------------------------------------------------------------- the index

# The chain as it was read: the block before the deployment, the last one that cannot be replaced, and every
# one after it.
blocks = Table(
    "blocks",
    metadata,
    Column("number", BigInteger, primary_key=True, autoincrement=False),
    _bytes("hash"),
    _bytes("parent"),
    Column("time", BigInteger, nullable=False),
)

# What our contracts logged. `topics` are 32 bytes each: `kind` is the first, `subject` the second of them,
# mostly the campaign; empty where there is none.
logs = Table(
    "logs",
    metadata,
    Column("block", BigInteger, primary_key=True, autoincrement=False),
    Column("position", BigInteger, primary_key=True, autoincrement=False),
    _bytes("block_hash"),
    _bytes("transaction"),
    _bytes("address"),
    _bytes("topics"),
    _bytes("kind"),
    _bytes("subject"),
    _bytes("data"),
    Index("ix_logs_kind", "address", "kind", "block", "position"),
    Index("ix_logs_subject", "subject", "block", "position"),
)

# ---------------------------------------------------------------------------- the service

# Work that any replica may do, each once. Times are Unix seconds of the machine; who takes a job has it until
# `taken_until` at the latest.
jobs = Table(
    "jobs",
    metadata,
    Column("kind", String(40), primary_key=True),
    Column("key", String(200), primary_key=True),
    Column("due", BigInteger, nullable=False),
    Column("tries", Integer, nullable=False),
    Column("taken_by", String(200)),
    Column("taken_until", BigInteger),
    Column("error", Text),
    Column("done", Boolean, nullable=False),
    Index("ix_jobs_due", "done", "due"),
)

# Texts to be signed (EIP-4361) that were used, each good once; what goes into the key that makes them, in one
# row of number 0; and who signed in, by the hash of its token.
sign_ins = Table(
    "sign_ins",
    metadata,
    _bytes("nonce", key=True),
    Column("expires", BigInteger, nullable=False),
    Index("ix_sign_ins_expires", "expires"),
)
sign_in_salts = Table(
    "sign_in_salts",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=False),
    _bytes("salt"),
)
sessions = Table(
    "sessions",
    metadata,
    _bytes("token_hash", key=True),
    _bytes("account"),
    Column("expires", BigInteger, nullable=False),
    Index("ix_sessions_expires", "expires"),
)

# What was answered to a request with an idempotency key: the same request again gets the same answer.
replies = Table(
    "replies",
    metadata,
    _bytes("account", key=True),
    Column("key", String(200), primary_key=True),
    _bytes("request_hash"),
    Column("status", Integer, nullable=False),
    _bytes("body"),
    Column("expires", BigInteger, nullable=False),
    Index("ix_replies_expires", "expires"),
)
