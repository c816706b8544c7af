"""What commands share: one line for each error, exit codes, files in pieces, and the time."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
import typer

from labelshare import errors
from labelshare.commands.common import PIECE, Session, command, group, read_pieces
from labelshare.errors import InputError, LabelshareError
from tests.commands.place import Place

BAD_INPUT = (errors.InputError, errors.SpecError, errors.LabelError, errors.KeystoreError)
REFUSED = (
    *(errors.LabelshareError, errors.ProtocolError, errors.EvidenceError, errors.VerificationError),
    *(errors.ChainError, errors.WrongChainError, errors.KeyRefusedError, errors.FundsError),
    *(errors.DeploymentError, errors.RevertError),
)


def run_that_raises(error: Exception) -> int:
    """The exit code of a command that fails."""
    of = group("of", "A group.")

    @command(of, "of each", ("as_json",))
    def each(here: Session) -> None:  # noqa: ARG001
        """Fail."""
        raise error

    @command(of, "of other", ("as_json",))
    def other(here: Session) -> None:
        """Make the group one of two commands."""

    with pytest.raises(SystemExit) as ended:
        typer.main.get_command(of)(["each"])
    return int(ended.value.code or 0)


@pytest.mark.parametrize(
    ("kind", "code"), [*[(kind, 2) for kind in BAD_INPUT], *[(kind, 1) for kind in REFUSED]]
)
def test_exit_codes(kind: type[LabelshareError], code: int, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_that_raises(kind("some fault")) == code
    assert capsys.readouterr().err == "labelshare: some fault\n"


def test_one_line_that_commands_no_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    run_that_raises(errors.RevertError("of a\nstranger\x1b[2J\r\n"))

    assert capsys.readouterr() == ("", "labelshare: of a stranger?[2J\n")


def test_an_error_that_is_none_of_ours_is_not_hidden() -> None:
    with pytest.raises(ZeroDivisionError):
        run_that_raises(ZeroDivisionError())


def test_files_of_any_size(tmp_path: Path) -> None:
    file = tmp_path / "bundle"
    file.write_bytes(b"x" * (2 * PIECE + 1))

    assert [len(piece) for piece in read_pieces(file)] == [PIECE, PIECE, 1]
    with pytest.raises(InputError, match="cannot be read"):
        list(read_pieces(tmp_path))


@pytest.mark.anvil
def test_an_idle_development_chain_is_not_late(place: Place) -> None:
    """Its latest block may be hours old, and the next one has the time of day."""
    session = Session({"url": place.url, "deployment": place.record})
    place.stage.chain.mine()
    assert session.now() >= int(time.time()) - 1

    place.stage.chain.advance_to(place.stage.chain.now() + 10**6)
    assert session.now() == place.stage.chain.now()
