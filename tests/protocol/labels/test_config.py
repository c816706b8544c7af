"""Configs that strangers wrote."""

from __future__ import annotations

import re
from xml.sax.saxutils import quoteattr

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labelshare.errors import LabelError
from labelshare.protocol.labels import (
    KINDS,
    MAX_CONFIG_BYTES,
    MAX_CONFIG_DEPTH,
    MAX_CONFIG_TAGS,
    Regions,
    read_form,
)
from tests.protocol.labels.configs import (
    EXAMPLES,
    boxes,
    choices,
    multiple,
    number,
    pairwise,
    rating,
    spans,
    view,
)
from tests.protocol.labels.test_forms import REGIONS

CONFIGS = {
    "single-choice.v1": choices(),
    "multi-label.v1": multiple(),
    "pairwise.v1": pairwise(),
    "numeric.v1": number(),
    "boxes.v1": boxes(),
    "spans.v1": spans(),
}
CONTROLS = {
    "single-choice.v1": "Choices",
    "multi-label.v1": "Choices",
    "pairwise.v1": "Pairwise",
    "boxes.v1": "RectangleLabels",
    "spans.v1": "Labels",
}
every_kind = pytest.mark.parametrize("kind", KINDS)

DECLARED = '<?xml version="1.0" encoding="{}"?>'
BOMB = '<!DOCTYPE a [<!ENTITY x "y"><!ENTITY z "&x;&x;">]>'

PIECES = (
    *(
        "<",
        ">",
        "/>",
        "</",
        '"',
        "'",
        "=",
        "&",
        ";",
        "&#0;",
        "&#x24;",
        "&amp;",
        "&x;",
        "<!--",
        "-->",
        "<![CDATA[",
        "]]>",
    ),
    *(
        "\0",
        "\ufeff",
        "\ud800",
        "\u00a0",
        "\u0663",
        "$",
        ",",
        "-",
        ".",
        "0",
        "1e9",
        "9" * 20,
        "NaN",
        " ",
        "\n",
    ),
    *(
        BOMB,
        DECLARED.format("utf-16"),
        DECLARED.format("shift_jis"),
        DECLARED.format("x"),
        DECLARED.format("UTF-8"),
    ),
    *(
        "<View>",
        "</View>",
        "<Choices/>",
        "<Choice/>",
        "<Number/>",
        "<Rating/>",
        "<Pairwise/>",
        "<TextArea/>",
        "<?a b?>",
    ),
    *(
        'choice="multiple"',
        'value="$x"',
        'alias=""',
        'xmlns="x"',
        'xmlns:a="b" a:c="d"',
        "a:",
        'min="0"',
        'step="0"',
    ),
)


@st.composite
def mutated(draw: st.DrawFn, text: str) -> str:
    """The text with up to four pieces of it replaced by others."""
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, len(text)))
        end = draw(st.just(start) | st.integers(start, min(start + 12, len(text))))
        text = (
            text[:start] + draw(st.sampled_from(PIECES) | st.text(st.characters(), max_size=3)) + text[end:]
        )
    return text


@st.composite
def altered(draw: st.DrawFn, text: str) -> str:
    """The text with up to three attributes' values replaced, so that it stays XML."""
    parts = re.split(r'("[^"]*")', text)
    values = st.sampled_from(parts[1::2]) | st.sampled_from(PIECES).map(quoteattr) | st.text().map(quoteattr)
    for _ in range(draw(st.integers(1, 3))):
        parts[draw(st.integers(0, len(parts) // 2 - 1)) * 2 + 1] = draw(values)
    return "".join(parts)


@pytest.mark.parametrize("name", EXAMPLES)
@given(data=st.data())
def test_any_text_is_a_form_or_refused(name: str, data: st.DataObject) -> None:
    kind, config = EXAMPLES[name]
    text = data.draw(st.text(st.characters()) | mutated(config) | altered(config))
    try:
        form = read_form(kind, text)
    except LabelError:
        return
    if isinstance(form, Regions):
        edges = [form.decode(form.nothing), form.decode(REGIONS[kind])]
    else:
        edges = [0, form.n_classes - 1]
    for answer in edges:
        assert form.decode(form.encode(answer)) == answer
        assert form.from_result(form.to_result(answer)) == answer


@every_kind
@pytest.mark.parametrize(
    "prefix",
    [
        '<?xml version="1.0"?>',
        DECLARED.format("UTF-8"),
        "<?xml version='1.0' encoding='utf-8' standalone='yes' ?>\n",
        "<!-- a comment -->",
        "<?xml-stylesheet href='x'?>",
        "\n ",
    ],
)
def test_what_may_stand_before_the_first_tag(kind: str, prefix: str) -> None:
    assert read_form(kind, prefix + CONFIGS[kind]) == read_form(kind, CONFIGS[kind])


@every_kind
@pytest.mark.parametrize(
    ("prefix", "fault"),
    [
        (BOMB, "DTDForbidden"),
        ('<!DOCTYPE a SYSTEM "file:///etc/passwd">', "DTDForbidden"),
        ("&amp;", "not acceptable XML"),
        ("\ud800", "lone surrogate at 0"),
        ("\ufeff", "byte order mark"),
        (DECLARED.format("utf-16"), "version 1.0 and UTF-8"),
        (DECLARED.format("latin-1"), "version 1.0 and UTF-8"),
        (DECLARED.format("shift_jis"), "version 1.0 and UTF-8"),
        (DECLARED.format("zzz"), "version 1.0 and UTF-8"),
        ('<?xml version="1.1"?>', "version 1.0 and UTF-8"),
        ("<?xml version='encoding=\"utf-8\"' encoding='latin-1'?>", "version 1.0 and UTF-8"),
        (' <?xml version="1.0"?>', "not acceptable XML"),
        ("<View/>", "not acceptable XML"),
        ("<!--" + " " * MAX_CONFIG_BYTES + "-->", "at most 262144 bytes, this one 262"),
    ],
)
def test_what_may_not_stand_before_the_first_tag(kind: str, prefix: str, fault: str) -> None:
    with pytest.raises(LabelError, match=fault):
        read_form(kind, prefix + CONFIGS[kind])


@every_kind
def test_a_config_that_reads_as_another_in_utf_16_is_refused(kind: str) -> None:
    with pytest.raises(LabelError, match="NUL"):
        read_form(kind, CONFIGS[kind].encode("utf-16-le").decode("latin-1"))


def test_letters_outside_ascii_are_read_as_they_are() -> None:
    config = DECLARED.format("utf-8") + choices('<Choice value="é𝄞"/><Choice value="&#233;"/>')
    assert [read_form("single-choice.v1", config).describe(answer) for answer in range(2)] == ["é𝄞", "é"]


@every_kind
def test_the_limits_are_exact(kind: str) -> None:
    config = CONFIGS[kind]
    form, spaces = read_form(kind, config), " " * (MAX_CONFIG_BYTES - len(config.encode()))
    assert read_form(kind, config + spaces) == form
    with pytest.raises(LabelError, match="at most 262144 bytes, this one 262145"):
        read_form(kind, config + spaces + " ")

    depth = 3 if "<Choice " in config or "<Label " in config else 2
    outer = MAX_CONFIG_DEPTH - depth
    assert read_form(kind, "<View>" * outer + config + "</View>" * outer) == form
    with pytest.raises(LabelError, match="nests at most 32 tags"):
        read_form(kind, "<View>" * (outer + 1) + config + "</View>" * (outer + 1))

    tags = config.count("<") - config.count("</")
    assert read_form(kind, f"<View>{config}{'<View/>' * (MAX_CONFIG_TAGS - tags - 1)}</View>") == form
    with pytest.raises(LabelError, match="at most 16384 tags, this one 16385"):
        read_form(kind, f"<View>{config}{'<View/>' * (MAX_CONFIG_TAGS - tags)}</View>")


@every_kind
@pytest.mark.parametrize(
    "config", ["", "<View>", "<View></view>", "<a b>", '<a b="1" b="2"/>', "<a:b/>", "<a>&x;</a>"]
)
def test_malformed_xml_is_refused(kind: str, config: str) -> None:
    with pytest.raises(LabelError, match="not acceptable XML"):
        read_form(kind, config)


@every_kind
@pytest.mark.parametrize(
    "tag", ["TextArea", "PolygonLabels", "Taxonomy", "DateTime", "Ranker", "choices", "Label", "x"]
)
def test_a_tag_that_could_add_answers_is_named(kind: str, tag: str) -> None:
    task = kind.removesuffix(".v1")
    with pytest.raises(LabelError, match=f"<{tag}> has no place in a {task} config"):
        read_form(kind, view(f'<{tag} name="x" toName="t"/>'))
    with pytest.raises(LabelError, match=f"<{tag}> has no place in a {task} config"):
        read_form(kind, CONFIGS[kind].replace("</View>", f'<{tag} name="x" toName="t"/></View>'))


@every_kind
def test_a_namespace_makes_another_tag(kind: str) -> None:
    with pytest.raises(LabelError, match=r"<\{x\}View> has no place"):
        read_form(kind, CONFIGS[kind].replace("<View>", '<View xmlns="x">', 1))


@pytest.mark.parametrize(
    ("kind", "config"),
    [
        (kind, config)
        for kind in KINDS
        for config in (choices(), pairwise(), number(), rating(), boxes(), spans())
        if f"<{CONTROLS.get(kind, 'Number')} " not in config
        and not (kind == "numeric.v1" and config == rating())
    ],
)
def test_the_control_of_another_form_is_named(kind: str, config: str) -> None:
    tag = next(tag for tag in (*CONTROLS.values(), "Number", "Rating") if f"<{tag} " in config)
    with pytest.raises(LabelError, match=f"<{tag}> has no place in a"):
        read_form(kind, config)


@every_kind
def test_there_is_exactly_one_control(kind: str) -> None:
    wanted = {"numeric.v1": "<Number> or <Rating>"}.get(kind, f"<{CONTROLS.get(kind)}>")
    with pytest.raises(LabelError, match=f"config has one {wanted}, this one 0"):
        read_form(kind, "<View/>")
    with pytest.raises(LabelError, match=f"config has one {wanted}, this one 2"):
        read_form(kind, f"<View>{CONFIGS[kind] * 2}</View>")


@every_kind
@pytest.mark.parametrize("name", ["name", "toName"])
def test_a_control_needs_its_names(kind: str, name: str) -> None:
    config = CONFIGS[kind]
    before, after = config.rsplit(f' {name}="', 1)
    value, rest = after.split('"', 1)
    for bad in ("", f" {value}", f"{value}\u00a0", "x" * 1025):
        with pytest.raises(LabelError, match=rf'needs {name}="…" of 1 to 1024 characters, no outer spaces'):
            read_form(kind, f'{before} {name}="{bad}"{rest}')
    with pytest.raises(LabelError, match=f"needs {name}="):
        read_form(kind, before + rest)


@every_kind
def test_a_long_value_makes_no_long_message(kind: str) -> None:
    with pytest.raises(LabelError, match="has no place") as caught:
        read_form(kind, f"<{'x' * 100_000}/>")
    assert len(str(caught.value)) < 200
