"""The editor's files come with their hashes or not at all."""

from __future__ import annotations

import re
from hashlib import sha256
from pathlib import Path
from zipfile import ZipFile

import pytest

import get_editor as tool

WHEEL = "label_studio-1.13.1-py3-none-any.whl"
STYLE = "b{color:red}@font-face{font-family:F;src:url(/f.ttf)}i{}"


def _wheel(folder: Path) -> str:
    """A wheel of the same name with other files; its sha256."""
    about = "label_studio-1.13.1.dist-info"
    with ZipFile(folder / WHEEL, "w") as made:
        for name, (place, _) in tool.FILES.items():
            made.writestr(f"{place}/{name}", name)
        made.writestr(f"{about}/METADATA", "Metadata-Version: 2.1\nName: label-studio\nVersion: 1.13.1\n")
        made.writestr(f"{about}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        made.writestr(f"{about}/RECORD", "")
    return sha256((folder / WHEEL).read_bytes()).hexdigest()


def _pin(folder: Path, digest: str) -> Path:
    pin = folder / "pin.txt"
    pin.write_text(f"--no-index\n--find-links {folder}\nlabel-studio==1.13.1 --hash=sha256:{digest}\n")
    return pin


def test_a_wheel_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(tool.EditorError, match="pip could not fetch it"):
        tool.fetch(tmp_path / "cache", _pin(tmp_path, "0" * 64))


def test_a_wheel_with_another_hash_is_refused(tmp_path: Path) -> None:
    _wheel(tmp_path)
    pinned = re.search(r"sha256:([0-9a-f]{64})", tool.PIN.read_text())
    assert pinned is not None
    with pytest.raises(tool.EditorError, match=r"(?s)pip could not fetch it.*hash"):
        tool.fetch(tmp_path / "cache", _pin(tmp_path, pinned[1]))


def test_a_file_with_another_hash_is_refused_and_a_right_one_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pin = _pin(tmp_path, _wheel(tmp_path))
    with pytest.raises(tool.EditorError, match=r"main\.js, .* is not the pinned file"):
        tool.fetch(tmp_path / "cache", pin)
    right = {name: (place, sha256(name.encode()).hexdigest()) for name, (place, _) in tool.FILES.items()}
    monkeypatch.setattr(tool, "FILES", right)
    tool.fetch(tmp_path / "cache", pin)
    (tmp_path / WHEEL).unlink()
    tool.fetch(tmp_path / "cache", pin)  # from the cache
    (tmp_path / "cache" / "main.js").write_text("changed")
    with pytest.raises(tool.EditorError):
        tool.fetch(tmp_path / "cache", pin)


def test_the_page_names_the_files_by_their_hashes_and_licences_go_along(tmp_path: Path) -> None:
    cache, folder = tmp_path / "cache", tmp_path / "editor"
    cache.mkdir()
    for name in tool.FILES:
        (cache / name).write_text(STYLE if name == "main.css" else name)
    tool.place(folder, cache)
    page = (folder / "frame.html").read_text()
    scripts = re.findall(r'<script src="([^"]+)"', page)
    assert [name for name in scripts if name != "frame.js" and not (folder / name).is_file()] == []
    assert len(scripts) == 3
    assert "<link" not in page
    (style,) = folder.glob("main-css.*.js")
    assert style.read_text() == 'window.labelshareStyle = "b{color:red}i{}";\n'
    assert {"LICENSE.txt", "NOTICE.txt", "3rdpartylicenses.txt"} <= {each.name for each in folder.iterdir()}
