"""A recorded crowd as CSV: what it becomes, and the one clear error of each file that is none."""

from __future__ import annotations

from pathlib import Path

import pytest

from labelshare.errors import InputError
from labelshare.replay.crowd import Crowd, Vote, read_crowd

GOOD = "item,worker,label\na,w,0\na,v,1\nb,w,1\n"


def write(folder: Path, text: str | bytes, name: str = "labels.csv") -> Path:
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def read(folder: Path, labels: str | bytes, truth: str | bytes | None = None) -> Crowd:
    path = write(folder, labels)
    return read_crowd(path, None if truth is None else write(folder, truth, "truth.csv"))


# ------------------------------------------------------------------------- what is read


@pytest.mark.parametrize("header", ["item,worker,label", "task,worker,label", " Task , WORKER ,Label"])
def test_items_workers_and_classes_are_numbered(tmp_path: Path, header: str) -> None:
    crowd = read(tmp_path, f"{header}\nsky,w1,red\nsky,w2,blue\nsea,w1,blue\n", "item,truth\nsea,blue\n")

    assert crowd == Crowd(
        name=tmp_path.name,
        simulated=False,
        items=("sky", "sea"),
        workers=("w1", "w2"),
        classes=("blue", "red"),
        votes=(Vote(0, 0, 1), Vote(0, 1, 0), Vote(1, 0, 0)),
        truth={1: 0},
    )
    assert crowd.labels_of == [{0: 1, 1: 0}, {0: 0}]
    assert (crowd.most_labels_an_item, crowd.missing_truths) == (2, 1)


@pytest.mark.parametrize(
    "text",
    [
        GOOD,
        "\ufeff" + GOOD,
        GOOD.replace("\n", "\r\n"),
        GOOD.removesuffix("\n"),
        GOOD.replace("\n", "\n\n"),
        GOOD.replace(",", " , "),
        'worker,more,label,"item"\nw,x,0,a\nv,"x,y",1,"a"\nw,,1,b\n',
    ],
    ids=["plain", "byte order mark", "CRLF", "no last newline", "blank lines", "spaces", "columns elsewhere"],
)
def test_ways_to_write_the_same(tmp_path: Path, text: str) -> None:
    assert read(tmp_path, text).votes == (Vote(0, 0, 0), Vote(0, 1, 1), Vote(1, 0, 1))


def test_classes_are_numbers_by_value_and_then_words(tmp_path: Path) -> None:
    labels = ["b", "10", "9", "2", "a", "B", "02"]
    rows = "".join(f"i{at},w,{label}\n" for at, label in enumerate(labels))

    crowd = read(tmp_path, "item,worker,label\n" + rows)

    assert crowd.classes == ("02", "2", "9", "10", "B", "a", "b")
    assert [crowd.classes[vote.label] for vote in crowd.votes] == labels


def test_the_first_label_stands_and_others_are_counted(tmp_path: Path) -> None:
    crowd = read(tmp_path, GOOD + "a,w,0\na,w,1\nb,v,0\n")

    assert crowd.duplicates == 2
    assert crowd.votes == (Vote(0, 0, 0), Vote(0, 1, 1), Vote(1, 0, 1), Vote(1, 1, 0))


def test_truths_missing_unknown_and_said_twice(tmp_path: Path) -> None:
    truth = "item,truth\na,1\na,1\nnobody labelled this,0\nb,nobody chose this\n"

    crowd = read(tmp_path, GOOD, truth)

    assert (crowd.truth, crowd.missing_truths, crowd.unknown_truths) == ({0: 1}, 1, 2)


def test_names_from_folder_file_or_caller(tmp_path: Path) -> None:
    assert read_crowd(write(tmp_path, GOOD, "dogs.csv")).name == "dogs"
    assert read_crowd(write(tmp_path, GOOD)).name == tmp_path.name
    assert read_crowd(write(tmp_path, GOOD), name="other").name == "other"


def test_the_plain_majority_of_a_file(tmp_path: Path) -> None:
    """Its ties go to the class that the file names first, here 1."""
    labels = "item,worker,label\na,u,1\na,v,0\nb,u,0\nb,v,0\nb,w,1\nc,u,0\n"

    crowd = read(tmp_path, labels, "item,truth\na,1\nb,1\n")

    assert crowd.plain_accuracy() == (1, 2)


# ---------------------------------------------------------------------- what is refused

MALFORMED: dict[str, tuple[str | bytes, str]] = {
    "nothing at all": ("", "line 1: the header must name item,worker,label"),
    "no header": ("a,w,0\nb,w,1\n", "line 1: the header must name item,worker,label, it says 'a,w,0'"),
    "a column missing": ("item,label\na,0\n", "line 1: the header must name"),
    "no column of items": ("thing,worker,label\na,w,0\n", "line 1: the header must name"),
    "only a header": ("item,worker,label\n", "no labels"),
    "an empty field": (GOOD + "c,,1\n", "line 5: an empty field"),
    "a field of blanks": (GOOD + "c,w,  \n", "line 5: an empty field"),
    "a short row": (GOOD + "c,w\n", "line 5: 2 fields, 3 are needed"),
    "bad UTF-8": (GOOD.encode() + b"c,\xff,1\n", "line 5: not UTF-8"),
    "bad UTF-8 in the header": (b"item,worker,label\xe9\n", "line 1: not UTF-8"),
    "UTF-16": (GOOD.encode("utf-16"), "line 1: not UTF-8"),
    "an open quote": (GOOD + 'c,"w,1\nd,w,1\n', "line 6: not CSV: unexpected end of data"),
    "text after a quote": (GOOD + 'c,"w"x,1\n', "line 5: not CSV: ',' expected after"),
    "a line break in a field": (GOOD + 'c,"w\nw",1\n', "line 6: a field of over 256 or unprintable"),
    "a long field": (GOOD + f"c,{'w' * 257},1\n", "line 5: a field of over 256"),
    "a huge field": (GOOD + f"c,{'w' * 200_000},1\n", "line 5: not CSV: field larger than field limit"),
    "an unprintable character": (GOOD + "c,w\x07,1\n", "line 5: a field of over 256 or unprintable"),
    "a zero byte": (GOOD + "c,w\0,1\n", "line 5: a field of over 256 or unprintable"),
    "one class": ("item,worker,label\na,w,0\nb,w,0\n", "1 distinct labels; single choice needs 2 to 1000"),
    "too many classes": (
        "item,worker,label\n" + "".join(f"a{label},w,{label}\n" for label in range(1_001)),
        "1001 distinct labels",
    ),
}


@pytest.mark.parametrize("case", MALFORMED)
def test_a_malformed_file_gives_one_error_with_file_and_line(tmp_path: Path, case: str) -> None:
    text, message = MALFORMED[case]

    with pytest.raises(InputError) as caught:
        read(tmp_path, text)

    assert str(caught.value).startswith(f"{tmp_path / 'labels.csv'}: {message}")
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 400


@pytest.mark.parametrize(
    ("truth", "message"),
    [
        ("item,truth\na,0\nb,1\na,1\n", "line 4: item 'a' has two different truths"),
        ("item,label\na,0\n", "line 1: the header must name item,truth, it says 'item,label'"),
        ("item,truth\na\n", "line 2: 1 fields, 2 are needed"),
        ("item,truth\na,\n", "line 2: an empty field"),
        (b"item,truth\n\xff,0\n", "line 2: not UTF-8"),
    ],
)
def test_a_malformed_truth_file(tmp_path: Path, truth: str | bytes, message: str) -> None:
    with pytest.raises(InputError) as caught:
        read(tmp_path, GOOD, truth)

    assert str(caught.value) == f"{tmp_path / 'truth.csv'}: {message}"


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    labels = write(tmp_path, GOOD)

    with pytest.raises(InputError, match=r"none\.csv: cannot be read: No such file or directory"):
        read_crowd(tmp_path / "none.csv")
    with pytest.raises(InputError, match="cannot be read: Is a directory"):
        read_crowd(tmp_path)
    with pytest.raises(InputError, match=r"none\.csv: cannot be read: No such file"):
        read_crowd(labels, tmp_path / "none.csv")
