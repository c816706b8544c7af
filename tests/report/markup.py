"""Reads a page strictly: every tag closed, every element and attribute one that the page itself writes."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser
from xml.etree.ElementTree import Element

import defusedxml.ElementTree as Xml

VOID = {"meta", "img"}
ELEMENTS = set(
    "html head meta title style body header main footer section figure figcaption details summary div span p "
    "h1 h2 h3 ul li dl dt dd b strong code img table caption thead tbody tr th td svg rect path text".split()
)
ATTRIBUTES = set(
    "lang charset name content http-equiv id class title alt width height src role scope tabindex xmlns "
    "viewbox x y d text-anchor aria-label aria-labelledby aria-hidden open".split()
)


@dataclass
class Node:
    """An element with what is in it."""

    tag: str
    attributes: dict[str, str]
    content: list[Node | str] = field(default_factory=list)

    @property
    def children(self) -> list[Node]:
        """The elements directly below."""
        return [each for each in self.content if isinstance(each, Node)]

    def all(self, tag: str) -> list[Node]:
        """Every element of this tag below, in order."""
        found = [self] if self.tag == tag else []
        return found + [each for child in self.children for each in child.all(tag)]

    @property
    def text(self) -> str:
        """All words below."""
        return "".join(each if isinstance(each, str) else each.text for each in self.content)


class Page(HTMLParser):
    """A page as a tree; fails at the first element that is not closed or has no business there."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.root = Node("", {})
        self._open = [self.root]
        self.svgs: list[Element] = [Xml.fromstring(each) for each in pieces(html)]
        self.feed(html)
        self.close()
        assert len(self._open) == 1, [node.tag for node in self._open]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag in ELEMENTS, tag
        given = {name: value or "" for name, value in attrs}
        assert given.keys() <= ATTRIBUTES, given
        assert len(given) == len(attrs), attrs
        node = Node(tag, given)
        self._open[-1].content.append(node)
        if tag not in VOID and not self._selfclosed():
            self._open.append(node)

    def _selfclosed(self) -> bool:
        return (self.get_starttag_text() or "").endswith("/>")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop().tag == tag

    def handle_data(self, data: str) -> None:
        self._open[-1].content.append(data)

    def handle_comment(self, data: str) -> None:
        raise AssertionError(data)


def pieces(html: str) -> list[str]:
    """The pictures, as they stand in the page."""
    return ["<svg" + each.split("</svg>")[0] + "</svg>" for each in html.split("<svg")[1:]]
