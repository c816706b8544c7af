"""The spec of a campaign: all its rules as canonical JSON, whose hash is on chain.

Only the policies named here exist; another name, an unknown field or a value of the wrong type is an error
that names the field. Amounts are decimal strings of base units. Canonical bytes state every default and leave
out what is absent.
"""

from __future__ import annotations

from functools import cached_property
from hashlib import sha256
from typing import Annotated, Any, Final, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator
from pydantic.dataclasses import dataclass

from labelshare.errors import InputError, LabelError, SpecError
from labelshare.protocol import assignment, canonical
from labelshare.protocol.aggregation.dawid_skene_layout import require_fits
from labelshare.protocol.labels import Form, Regions, read_form
from labelshare.protocol.rewards import ONE_SHARE, budget
from labelshare.types import CampaignParams, Hash32

__all__ = [
    "MAX_SPEC_BYTES",
    "Acceptance",
    "Committee",
    "DawidSkene",
    "Given",
    "Item",
    "MerkleGold",
    "NoGold",
    "NoSlash",
    "Pay",
    "Redundancy",
    "RegionTask",
    "Rendezvous",
    "Shares",
    "Skill",
    "SkillAndGold",
    "Spec",
    "Task",
]

MAX_SPEC_BYTES: Final = 128 * 1024 * 1024
MAX_ITEMS: Final = 1_000_000
MOST_REGION_LABELS: Final = 16
"""Labels of an item at most where answers are regions: each is compared with each other."""
_AMOUNT: Final = r"^(0|[1-9][0-9]{0,38})$"


def _fits_uint128(text: str) -> str:
    if int(text) >= 1 << 128:
        raise ValueError("must be below 2^128")
    return text


def _whole_share(text: str) -> str:
    if int(text) < ONE_SHARE:
        raise ValueError(f"must be at least one whole share, {ONE_SHARE}")
    return text


Amount = Annotated[str, Field(pattern=_AMOUNT), AfterValidator(_fits_uint128)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class _Asked(_Part):
    """What the kinds of tasks have in common."""

    type: str
    config: Annotated[str, Field(min_length=1)]

    @model_validator(mode="after")
    def _check_config(self) -> Self:
        try:
            read_form(self.type, self.config)
        except LabelError as error:
            raise ValueError(f"config: {error}") from None
        return self


class Task(_Asked):
    """What is asked: a task type and its Label Studio config."""

    type: Literal["single-choice.v1", "multi-label.v1", "pairwise.v1", "numeric.v1"]

    @cached_property
    def form(self) -> Form:
        """The task's answers and their canonical label form."""
        return read_form(self.type, self.config)


class RegionTask(_Asked):
    """The same where answers are regions, which count together if they are alike (`protocol.groups`).

    Attributes:
        overlap_bps: Two regions of one class can be taken for the same from this part of their union on.
        alike_bps: Two answers are alike from this part of their regions being the same on.
    """

    type: Literal["boxes.v1", "spans.v1"]
    overlap_bps: Annotated[int, Field(ge=1, le=10_000)] = 5_000
    alike_bps: Annotated[int, Field(ge=1, le=10_000)] = 8_000

    @cached_property
    def form(self) -> Regions:
        """The task's answers and their canonical label form."""
        form = read_form(self.type, self.config)
        if not isinstance(form, Regions):
            raise LabelError(f"{self.type} has no regions")
        return form


@dataclass(frozen=True, slots=True, config=ConfigDict(extra="forbid", strict=True))
class Item:
    """One thing to label: sha256 of its content, and where or what it is.

    No model but a dataclass with slots, since there can be a million of them.
    """

    digest: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    uri: Annotated[str, Field(min_length=1, max_length=2048)] | None = None
    name: Annotated[str, Field(min_length=1, max_length=256)] | None = None


class Redundancy(_Part):
    """`fixed.v1`: k labels an item."""

    policy: Literal["fixed.v1"]
    k: Annotated[int, Field(ge=1, le=65_535)]


class Given(_Part):
    """`given.v1`: whoever labelled it, labelled it; for recorded crowds."""

    policy: Literal["given.v1"]

    def cap(self, n_items: int) -> int:  # noqa: ARG002 (one signature for all policies)
        """Labels one annotator may commit."""
        return assignment.NO_CAP


class Rendezvous(_Part):
    """`rendezvous.v1`: places by hash, at most `cap_bps` / 10,000 of the items for one annotator."""

    policy: Literal["rendezvous.v1"]
    cap_bps: Annotated[int, Field(ge=1, le=2_000)] = 2_000

    def cap(self, n_items: int) -> int:
        """Labels one annotator may commit."""
        return assignment.cap_labels(n_items, self.cap_bps)


class Majority(_Part):
    """`majority.v1`: most votes win."""

    policy: Literal["majority.v1"]


class DawidSkene(_Part):
    """`dawid-skene.v1`: votes weigh what their annotators' records say (`protocol.aggregation.dawid_skene`).

    Attributes:
        strength: Pseudo-labels by which an annotator's rates are drawn towards the crowd's.
        iterations: Of the model.
    """

    policy: Literal["dawid-skene.v1"]
    strength: Annotated[int, Field(ge=1, le=64)] = 4
    iterations: Annotated[int, Field(ge=1, le=100)] = 20


class Committee(_Part):
    """`committee.v1`: three models vote, of which `dawid-skene.v1` is one (`protocol.aggregation.committee`).

    Its winners cannot be proven on chain one by one: in a contest the arbitrator alone decides.

    Attributes:
        strength, iterations: As above, of the two models that have tables.
        average_strength: Pseudo-labels by which an annotator's variance is drawn towards the crowd's.
        average_iterations: Of the weighted average.
    """

    policy: Literal["committee.v1"]
    strength: Annotated[int, Field(ge=1, le=64)] = 4
    iterations: Annotated[int, Field(ge=1, le=100)] = 20
    average_strength: Annotated[int, Field(ge=1, le=64)] = 15
    average_iterations: Annotated[int, Field(ge=1, le=500)] = 100


class Acceptance(_Part):
    """`threshold.v1`: an item is accepted if its winner's posterior reaches numerator / denominator."""

    policy: Literal["threshold.v1"]
    numerator: Annotated[int, Field(ge=1, le=65_536)]
    denominator: Annotated[int, Field(ge=1, le=65_536)]

    @model_validator(mode="after")
    def _check_fraction(self) -> Self:
        if self.numerator > self.denominator:
            raise ValueError("numerator: must not exceed the denominator")
        return self


class Skill(_Part):
    """`leave-one-out.v1`: agreement with the others beyond chance (`labelshare.protocol.skill`).

    A record is shrunk towards `prior_bps` as if by `strength` further labels; beyond `from_bps` work earns in
    proportion, from `full_bps` on its full price. The default prior of nothing makes records of a few labels
    earn little, so that spreading work over many seats gains nothing; a requester whose gate vouches for
    skill may state a higher one.
    """

    policy: Literal["leave-one-out.v1"]
    strength: Annotated[int, Field(ge=1, le=1_000)] = 6
    prior_bps: Annotated[int, Field(ge=0, le=10_000)] = 0
    from_bps: Annotated[int, Field(ge=0, le=9_999)] = 1_000
    full_bps: Annotated[int, Field(ge=1, le=10_000)] = 4_000

    @model_validator(mode="after")
    def _check_rise(self) -> Self:
        if self.from_bps >= self.full_bps:
            raise ValueError("from_bps: must be below full_bps")
        return self


class Pay(_Part):
    """What an accepted label earns, a contested one half of it.

    `flat.v1`: the price. `skill.v1`: the price scaled by the annotator's skill.
    """

    policy: Literal["flat.v1", "skill.v1"]


class Shares(_Part):
    """Shares for an accepted label, a contested one half of them.

    `flat.v1`: the share weight. `skill.v1`: the share weight scaled by the annotator's skill.
    """

    policy: Literal["flat.v1", "skill.v1"]


class NoSlash(_Part):
    """`none.v1`: nobody is slashed."""

    policy: Literal["none.v1"]


class SkillAndGold(_Part):
    """`skill-and-gold.v1`: slashes who is both unskilled and wrong on gold (`labelshare.protocol.slashing`).

    Attributes:
        part_bps: The part of the signed stake that is taken.
        forfeit_bps: The part of it that whoever is not slashed forfeits at a skill of −`full_bps` and, in
            proportion, above that up to 0; 0 for none.
        below_bps: Skill below which it is, by the record and by gold.
        min_labels: The least labels of a record that can tell.
        evidence: `gold`, or `gold-or-correlation`: agreement with peers no better than chance counts as well.
        min_gold: The least gold answers that can tell.
        breaker_gold: Slashing needs as many gold items with a verdict; …
        breaker_floor_bps: … right at least so far beyond chance, 10,000 being always; 0 asks for nothing …
        breaker_margin_bps: … no more than this part behind the majority vote …
        breaker_void_bps: … and no more than this part of the gold void.
    """

    policy: Literal["skill-and-gold.v1"]
    part_bps: Annotated[int, Field(ge=1, le=10_000)] = 5_000
    forfeit_bps: Annotated[int, Field(ge=0, le=10_000)] = 5_000
    below_bps: Annotated[int, Field(ge=1, le=10_000)] = 2_000
    min_labels: Annotated[int, Field(ge=1, le=1_000_000)] = 20
    evidence: Literal["gold", "gold-or-correlation"] = "gold"
    min_gold: Annotated[int, Field(ge=1, le=1_000)] = 3
    breaker_gold: Annotated[int, Field(ge=1, le=1_000_000)] = 10
    breaker_floor_bps: Annotated[int, Field(ge=0, le=10_000)] = 4_000
    breaker_margin_bps: Annotated[int, Field(ge=0, le=10_000)] = 300
    breaker_void_bps: Annotated[int, Field(ge=0, le=10_000)] = 3_333


class NoGold(_Part):
    """`none.v1`: no gold items."""

    policy: Literal["none.v1"]


class MerkleGold(_Part):
    """`merkle.v1`: items whose answers stay sealed until the work is done (`labelshare.protocol.gold`).

    Attributes:
        root: Root over their salted leaves.
        count: How many there are.
        weight: Labels that a gold item counts as in a record of skill.
        void_bps: The part of the skilled annotators on a gold item whose contradiction makes it void.
    """

    policy: Literal["merkle.v1"]
    root: Annotated[str, Field(pattern=r"^0x[0-9a-f]{64}$")]
    count: Annotated[int, Field(ge=1, le=MAX_ITEMS)]
    weight: Annotated[int, Field(ge=1, le=20)] = 5
    void_bps: Annotated[int, Field(ge=1, le=10_000)] = 8_000


class Spec(_Part):
    """All rules of a campaign."""

    version: Literal["labelshare.spec.v1"] = "labelshare.spec.v1"
    title: Annotated[str, Field(min_length=1, max_length=200)]
    instructions: Annotated[str, Field(max_length=65_536)]
    task: Annotated[Task | RegionTask, Field(discriminator="type")]
    items: Annotated[tuple[Item, ...], Field(min_length=1, max_length=MAX_ITEMS)]
    price: Amount
    share_weight: Annotated[Amount, AfterValidator(_whole_share)]
    seconds_per_label: Annotated[int, Field(ge=1, le=86_400)]
    redundancy: Redundancy
    assignment: Annotated[Given | Rendezvous, Field(discriminator="policy")]
    aggregation: Annotated[Majority | DawidSkene | Committee, Field(discriminator="policy")]
    acceptance: Acceptance
    skill: Skill
    pay: Pay
    shares: Shares
    slash: Annotated[NoSlash | SkillAndGold, Field(discriminator="policy")]
    gold: Annotated[NoGold | MerkleGold, Field(discriminator="policy")]

    @model_validator(mode="after")
    def _check_gold(self) -> Self:
        count = self.gold.count if isinstance(self.gold, MerkleGold) else 0
        if count > len(self.items):
            raise ValueError(f"gold.count: {count} of {len(self.items)} items")
        if self.slash.policy == "skill-and-gold.v1" and not count:
            raise ValueError("slash.policy: skill-and-gold.v1 needs gold items")
        return self

    @model_validator(mode="after")
    def _check_regions(self) -> Self:
        if not isinstance(self.task, RegionTask):
            return self
        if self.modelled:
            raise ValueError(
                f"aggregation: {self.task.type} takes majority.v1 alone: its classes are groups of answers "
                "to one item, from which a model learns nothing of others"
            )
        if self.redundancy.k > MOST_REGION_LABELS:
            raise ValueError(
                f"redundancy.k: {self.redundancy.k}, at most {MOST_REGION_LABELS} for {self.task.type}"
            )
        return self

    @model_validator(mode="after")
    def _check_model(self) -> Self:
        if not self.modelled:
            return self
        try:
            require_fits(len(self.items) * self.redundancy.k, self.task.form.n_classes)
        except InputError as error:
            raise ValueError(f"aggregation: {error}") from None
        return self

    @classmethod
    def of(cls, fields: dict[str, Any]) -> Self:
        """A spec from JSON values; `SpecError` names the first bad field."""
        try:
            return cls.model_validate_json(canonical.dumps(fields))
        except ValidationError as error:
            raise SpecError(_first_fault(error)) from None
        except InputError as error:
            raise SpecError(f"spec: {error}") from None

    @classmethod
    def read(cls, data: bytes) -> Self:
        """A spec from JSON text in any spelling; `SpecError` names the first bad field."""
        if len(data) > MAX_SPEC_BYTES:
            raise SpecError(f"spec: {len(data)} bytes, at most {MAX_SPEC_BYTES} are allowed")
        try:
            return cls.model_validate_json(data)
        except ValidationError as error:
            raise SpecError(_first_fault(error)) from None

    @classmethod
    def parse(cls, data: bytes) -> Self:
        """A spec from its canonical bytes; `SpecError` for any other bytes."""
        spec = cls.read(data)
        if spec.canonical_bytes != data:
            raise SpecError("spec: not in canonical form (RFC 8785, defaults stated)")
        return spec

    @property
    def fields(self) -> dict[str, Any]:
        """The JSON values: every default stated, nothing that is absent."""
        return self.model_dump(mode="json", exclude_none=True)

    @cached_property
    def canonical_bytes(self) -> bytes:
        """The RFC 8785 bytes."""
        return canonical.dumps(self.fields)

    @cached_property
    def hash(self) -> Hash32:
        """sha256 of the canonical bytes: the `specHash` on chain."""
        return Hash32(sha256(self.canonical_bytes).digest())

    @property
    def modelled(self) -> bool:
        """Whether a model finds the verdicts, and no vote."""
        return not isinstance(self.aggregation, Majority)

    def label_limit(self, campaign_slice: int, stake_per_label: int) -> int:
        """Labels one annotator may commit in all."""
        return assignment.label_limit(self.assignment.cap(len(self.items)), campaign_slice, stake_per_label)

    def check_funding(self, params: CampaignParams, escrow: int) -> None:
        """Raise `SpecError` unless escrow and share cap cover every place filled and accepted.

        Under `rendezvous.v1` no item gets more than k labels that count, so pay is then never scaled down and
        shares never exceed the cap. Under `given.v1` this holds as far as the item lists keep to k.
        """
        labels = len(self.items) * self.redundancy.k
        available = budget(escrow, params.fee_bps)
        if labels * int(self.price) > available:
            raise SpecError(
                f"price: {labels} labels cost {labels * int(self.price)}, the budget is {available}"
            )
        if labels * int(self.share_weight) > params.share_cap:
            raise SpecError(
                f"share_weight: {labels} labels earn {labels * int(self.share_weight)}, "
                f"the share cap is {params.share_cap}"
            )


def _first_fault(error: ValidationError) -> str:
    fault = error.errors(include_url=False)[0]
    path = ".".join(_step(part) for part in fault["loc"] if not str(part).endswith(".v1"))
    message = fault["msg"].removeprefix("Value error, ")
    given = fault.get("input")
    if fault["type"] == "value_error" and not isinstance(given, str | int):
        return f"{path}.{message}".lstrip(".")  # a rule on several fields, which names the one at fault
    shown = (
        f" (got {given!r:.80})"
        if isinstance(given, str | int | float | None) and fault["type"] != "missing"
        else ""
    )
    return f"{path or 'spec'}: {message}{shown}"


def _step(part: str | int) -> str:
    """A step of a path; a stranger's key without what could command a terminal, and not too long."""
    text = str(part)
    return text[:80] if text.isprintable() else f"{text[:40]!r}"
