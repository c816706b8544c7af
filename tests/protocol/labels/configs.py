"""Label configs that the tests of all forms share."""

from __future__ import annotations

from labelshare.protocol.labels import (
    BOXES,
    MULTI_LABEL,
    NUMERIC,
    PAIRWISE,
    SINGLE_CHOICE,
    SPANS,
    Form,
    read_form,
)

LABELS = '<Label value="a"/><Label value="b"/>'
CHOICES = '<Choice value="a"/><Choice value="b"/>'
NAMED = 'name="c" toName="t"'


def view(*controls: str) -> str:
    """A config that shows a text and asks by these controls."""
    return f'<View><Text name="t" value="$text"/>{"".join(controls)}</View>'


def choices(choices: str = CHOICES, control: str = NAMED) -> str:
    return view(f"<Choices {control}>{choices}</Choices>")


def multiple(choices: str = CHOICES, control: str = NAMED) -> str:
    return view(f'<Choices {control} choice="multiple">{choices}</Choices>')


def classes(count: int) -> str:
    return "".join(f'<Choice value="class {index}"/>' for index in range(count))


def pairwise(control: str = 'name="c" toName="t,u"') -> str:
    return view('<Text name="u" value="$other"/>', f"<Pairwise {control}/>")


def number(low: str = "-1", high: str = "1.5", step: str = "0.25", control: str = NAMED) -> str:
    return view(f'<Number {control} min="{low}" max="{high}" step="{step}"/>')


def rating(control: str = NAMED + ' maxRating="10"') -> str:
    return view(f"<Rating {control}/>")


def boxes(labels: str = LABELS, control: str = 'name="c" toName="i" canRotate="false"') -> str:
    return (
        f'<View><Image name="i" value="$image"/><RectangleLabels {control}>{labels}</RectangleLabels></View>'
    )


def spans(labels: str = LABELS, control: str = NAMED) -> str:
    return view(f"<Labels {control}>{labels}</Labels>")


EXAMPLES = {
    "single choice": (SINGLE_CHOICE, choices('<Choice value="Good" alias="g"/><Choice value="Bad"/>')),
    "300 classes": (SINGLE_CHOICE, choices(classes(300))),
    "multi-label": (MULTI_LABEL, multiple('<Choice value="Wet" alias="w"/><Choice value="Cold"/>' + CHOICES)),
    "32 labels": (MULTI_LABEL, multiple(classes(32))),
    "pairwise": (PAIRWISE, pairwise()),
    "number": (NUMERIC, number()),
    "2^32 values": (NUMERIC, number("-2147.483648", "2147.483647", "0.000001")),
    "15 digits": (NUMERIC, number("-999999.999999999", "-999995.705032704", "0.000000001")),
    "rating": (NUMERIC, rating()),
    "boxes": (BOXES, boxes('<Label value="Cat" alias="c"/><Label value="Dog"/>')),
    "300 kinds of boxes": (BOXES, boxes("".join(f'<Label value="kind {each}"/>' for each in range(300)))),
    "spans": (SPANS, spans('<Label value="PER" alias="p"/><Label value="LOC" background="red"/>')),
    "one kind of span": (SPANS, spans('<Label value="PER"/>')),
}
"""Kind and config of tasks of every form, large ones among them."""

FORMS: dict[str, Form] = {name: read_form(kind, config) for name, (kind, config) in EXAMPLES.items()}
