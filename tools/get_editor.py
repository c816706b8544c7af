"""Puts Label Studio's editor into the built web app: `tools/get_editor.py FOLDER`, for `scripts/build-web`.

The editor is the last build that stands alone. It lies in the wheel that `requirements/editor.txt` names and
pins; pip fetches the wheel (82 MB, once), nothing of it is installed, and each file taken is checked against
its own hash. It is under the Apache License 2.0; licence and notices go along. Where the wheel is not to be
had the web app is built without: it shows its own widgets.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory
from zipfile import ZipFile

ROOT = Path(__file__).resolve().parent.parent
PIN = ROOT / "requirements" / "editor.txt"
CACHE = ROOT / ".tools" / "editor"
FRAME = ROOT / "web" / "editor" / "frame.html"
_BUILD = "web/dist/libs/editor"
_ABOUT = "label_studio-1.13.1.dist-info"
# Where a file lies in the wheel, and the sha256 of its bytes.
FILES = {
    "main.js": (_BUILD, "22543873dff93fb625f2e3e1f28997d67f39114d71931a9b3dffa9e1f7b89659"),
    "main.css": (_BUILD, "77b7c7533d9798267acacf5cd6ded40cc4ce4631869724ce6044dd9b5f8463d8"),
    "main.js.LICENSE.txt": (_BUILD, "a4db0f2edcd357e2ea880716c147bcceafdba72196c603063c3585b47cbf0a36"),
    "3rdpartylicenses.txt": (_BUILD, "ebd85ff7d7c07738d6d9356ee4799eec0f4e9c37181ec263578e6f71f928c908"),
    "LICENSE": (_ABOUT, "ca656b15c1e22468c7798df4356660755fb1ccd12d7ee0bade82bd65e3038e1b"),
    "NOTICE": (_ABOUT, "c2878293b2b07a7d4513e6938fd73b0fbe2bb5f441b0dcb4f200f2e8cf87fcf7"),
}
_FONT = re.compile(r"@font-face\s*\{[^}]*\}")  # of a server that we are not
_TEXTS = {"LICENSE": "LICENSE.txt", "NOTICE": "NOTICE.txt"}  # so that they are served as texts


class EditorError(RuntimeError):
    """The editor is not to be had, or is not what it should be."""


def fetch(cache: Path = CACHE, pin: Path = PIN) -> None:
    """Make sure that the cache holds the files of `FILES`, each with its hash.

    Raises:
        EditorError: If pip cannot fetch the wheel with the pinned hash, or a file of it is another.
    """
    if all(_is_right(cache / name, name) for name in FILES):
        return
    cache.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory() as folder, ZipFile(_wheel(Path(folder), pin)) as wheel:
        for name, (place, _) in FILES.items():
            (cache / name).write_bytes(wheel.read(f"{place}/{name}"))
    if wrong := [name for name in FILES if not _is_right(cache / name, name)]:
        raise EditorError(f"{', '.join(wrong)} in the wheel is not the pinned file")


def place(folder: Path, cache: Path = CACHE) -> None:
    """Lay the editor and the page of its frame into a folder.

    The styles become a script: a page whose policy allows no style from any address can take them so.
    """
    folder.mkdir(parents=True, exist_ok=True)
    script, style = (_hashed("main.js"), _hashed("main.css"))
    for name in FILES:
        if not name.endswith((".js", ".css")):
            shutil.copyfile(cache / name, folder / _TEXTS.get(name, name))
    shutil.copyfile(cache / "main.js", folder / script)
    styles = _FONT.sub("", (cache / "main.css").read_text(encoding="utf-8"))
    text = json.dumps(styles)
    (folder / style).write_text(f"window.labelshareStyle = {text};\n", encoding="utf-8")
    page = FRAME.read_text(encoding="utf-8").replace("STYLE", style).replace("SCRIPT", script)
    (folder / FRAME.name).write_text(page, encoding="utf-8")


def _hashed(name: str) -> str:
    """A name that browsers may keep for good: the start of the file's hash is in it."""
    stem, _, end = name.partition(".")
    return f"{stem}-{end}.{FILES[name][1][:8]}.js"


def _is_right(path: Path, name: str) -> bool:
    return path.is_file() and sha256(path.read_bytes()).hexdigest() == FILES[name][1]


def _wheel(folder: Path, pin: Path) -> Path:
    """The wheel, whose hash pip checks."""
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--require-hashes"]
    command += ["--only-binary", ":all:", "--requirement", str(pin), "--dest", str(folder)]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    found = next(folder.glob("*.whl"), None)
    if done.returncode or found is None:
        raise EditorError(f"pip could not fetch it: {done.stderr.strip()[-500:]}")
    return found


def main(folder: Path) -> int:
    """Fetch and place; 1 and a message where that fails."""
    try:
        fetch()
    except EditorError as error:
        print(f"Label Studio's editor: {error}", file=sys.stderr)
        return 1
    place(folder)
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
