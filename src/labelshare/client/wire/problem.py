"""Errors on the wire (RFC 9457), and which of ours each of them is, on both sides."""

from __future__ import annotations

from typing import Final, NamedTuple

from pydantic import Field

from labelshare import errors
from labelshare.client.wire.base import Answer

__all__ = ["MEDIA_TYPE", "PREFIX", "FieldFault", "Kind", "KINDS", "Problem", "kind_of", "error_of"]

MEDIA_TYPE: Final = "application/problem+json"
PREFIX: Final = "urn:labelshare:problem:"


class FieldFault(Answer):
    """What is wrong with one field of a question."""

    field: str = Field(examples=["body.cumulativeCount"])
    message: str = Field(examples=["Field required"])


class Problem(Answer):
    """An error.

    Attributes:
        type: A stable name of its kind.
        title: What the kind is.
        status: The HTTP status.
        detail: What is wrong in this case.
        request_id: The name under which the service's log knows the request.
        errors: The fields at fault, of a question that is not what it must be.
    """

    type: str = Field(examples=[f"{PREFIX}commitment-refused"])
    title: str = Field(examples=["The commitment or opening does not hold"])
    status: int = Field(examples=[409], ge=400, le=599)
    detail: str = Field(examples=["round 3 does not take batches now"])
    request_id: str = Field(default="", examples=["9f2c4e1ab0d34c55"])
    errors: list[FieldFault] = Field(default_factory=list)


class Kind(NamedTuple):
    """A kind of problem.

    `error` is what a client raises for it. `shown` says whether an error's own words may be sent: those of a
    database or a node may name what is nobody's business.
    """

    slug: str
    status: int
    title: str
    error: type[errors.LabelshareError]
    shown: bool = True


KINDS: Final[tuple[Kind, ...]] = (
    Kind("invalid-spec", 422, "The spec is not valid", errors.SpecError),
    Kind("invalid-label", 422, "A label is not valid", errors.LabelError),
    Kind("invalid-input", 422, "The request is not what it must be", errors.InputError),
    Kind("malformed", 400, "The request cannot be read", errors.InputError),
    Kind("bad-signature", 403, "The signature does not hold", errors.SignatureError),
    Kind("commitment-refused", 409, "The commitment or opening does not hold", errors.CommitmentError),
    Kind("replay", 409, "Another one of the same name is there already", errors.ReplayError),
    Kind("no-evidence", 409, "The evidence is missing or malformed", errors.EvidenceError),
    Kind("refused", 409, "The rules do not allow it now", errors.ProtocolError),
    Kind("differs", 409, "The settlement differs from the one recomputed", errors.VerificationError),
    Kind("not-found", 404, "There is nothing here by that name", errors.NotFoundError),
    Kind("unauthenticated", 401, "Sign in first", errors.AccessError),
    Kind("forbidden", 403, "This is not for your account", errors.AccessError),
    Kind("method-not-allowed", 405, "The method is not for this resource", errors.ServiceError),
    Kind("too-slow", 408, "The request took too long to arrive or to answer", errors.ServiceError),
    Kind("unsupported-media-type", 415, "The body is of another type than it must be", errors.InputError),
    Kind("no-such-range", 416, "There is no such part of it", errors.InputError),
    Kind("too-large", 413, "The request is too large", errors.ServiceError),
    Kind("rate-limited", 429, "Too many requests", errors.ServiceError),
    Kind("internal", 500, "Something went wrong here", errors.ServiceError, shown=False),
    Kind("store-unavailable", 503, "The store does not answer", errors.StoreError, shown=False),
    Kind("chain-unavailable", 503, "The chain does not answer", errors.ChainError, shown=False),
    Kind("busy", 503, "The service is busy", errors.ServiceError),
)
_BY_SLUG: Final = {kind.slug: kind for kind in KINDS}
# What a client raises where the service failed: whether it took a message is then not known.
_FAILED: Final = 500
# Kinds that say where an error came from, and are not what it is known by here.
_NAMED_ONLY: Final = {"malformed", "unauthenticated", "unsupported-media-type", "no-such-range"}


def kind_of(error: errors.LabelshareError | str) -> Kind:
    """The kind of an error, or of a slug; the nearest there is."""
    if isinstance(error, str):
        return _BY_SLUG.get(error, _BY_SLUG["internal"])
    for parent in type(error).__mro__:
        for kind in KINDS:
            if kind.error is parent and kind.slug not in _NAMED_ONLY and parent is not errors.ServiceError:
                return kind
    return _BY_SLUG["internal"]


def error_of(problem: Problem, retry_after: int | None = None) -> errors.LabelshareError:
    """The error that a problem tells of: the same as in process, but for failures of the service itself."""
    kind = _BY_SLUG.get(problem.type.removeprefix(PREFIX))
    if problem.status >= _FAILED or kind is None or kind.error is errors.ServiceError:
        return errors.ServiceError(f"{problem.title}: {problem.detail}", retry_after=retry_after)
    return kind.error(_with_fields(problem))


def _with_fields(problem: Problem) -> str:
    faults = "; ".join(f"{each.field}: {each.message}" for each in problem.errors)
    return faults or problem.detail
