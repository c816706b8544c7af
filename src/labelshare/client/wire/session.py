"""Signing in."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from labelshare.client.wire.base import AddressText, Answer, BytesText, Question, Time

__all__ = ["SessionAnswer", "SignInMessage", "SignInProof", "SignInQuestion", "TokenAnswer"]

_MESSAGE = "oracle.example wants you to sign in with your Ethereum account:\n…"

Nonce = Annotated[str, Field(pattern=r"^[0-9a-zA-Z]{8,128}$", examples=["7e1f00aa52c94a0d"])]


class SignInQuestion(Question):
    """Who wants to sign in."""

    account: AddressText


class SignInMessage(Answer):
    """A text to be signed as it stands (EIP-4361, by `personal_sign`), good once and until it expires."""

    message: str = Field(examples=[_MESSAGE])
    domain: str = Field(examples=["oracle.example"])
    uri: str = Field(examples=["https://oracle.example/v1"])
    chain_id: int = Field(examples=[31_337])
    nonce: Nonce
    issued_at: str = Field(examples=["2026-11-26T17:00:00Z"])
    expires_at: str = Field(examples=["2026-11-26T17:05:00Z"])


class SignInProof(Question):
    """The signature over the text of that nonce: an account's own, or what its contract vouches for."""

    nonce: Nonce
    signature: BytesText


class SessionAnswer(Answer):
    """Who is signed in, and until when."""

    account: AddressText
    expires_at: Time


class TokenAnswer(SessionAnswer):
    """A session with its token, which is shown once; send it as `Authorization: Bearer`."""

    token: str = Field(examples=["u3mK0vJ2Q5s8bXz1Yt7cRw4nLd9fGhEaPiOeTkVuNqA"])
