"""Signing in and out."""

from __future__ import annotations

from fastapi import Response

from labelshare.api.problems import documented
from labelshare.api.site import Here, SignedIn, Token, new_router
from labelshare.client.wire.session import (
    SessionAnswer,
    SignInMessage,
    SignInProof,
    SignInQuestion,
    TokenAnswer,
)

__all__ = ["router"]

router = new_router("sign-in")


@router.post("/sign-ins", status_code=201, summary="Ask for a text to sign")
def ask(here: Here, question: SignInQuestion) -> SignInMessage:
    """The whole text of a sign-in with Ethereum (EIP-4361), to be signed as it stands by `personal_sign`."""
    issued = here.auth.ask(question.account)
    return SignInMessage(
        message=issued.text,
        domain=issued.domain,
        uri=issued.uri,
        chain_id=issued.chain_id,
        nonce=issued.nonce,
        issued_at=issued.issued_at,
        expires_at=issued.expires_at,
    )


@router.post(
    "/sessions",
    status_code=201,
    summary="Sign in",
    responses=documented("unauthenticated", "bad-signature"),
)
def begin(here: Here, proof: SignInProof) -> TokenAnswer:
    """A session for whoever signed the text of that nonce. Each text is good for one."""
    token, session = here.auth.prove(proof.nonce, proof.signature)
    return TokenAnswer(token=token, account=session.account, expires_at=session.expires)


@router.get("/sessions/current", summary="Who is signed in")
def current(session: SignedIn) -> SessionAnswer:
    """The account of the session, and until when it lasts."""
    return SessionAnswer(account=session.account, expires_at=session.expires)


@router.delete("/sessions/current", status_code=204, summary="Sign out")
def end(here: Here, _session: SignedIn, token: Token) -> Response:
    """Ends the session: its token is good for nothing from now on."""
    here.auth.end(token)
    return Response(status_code=204)
