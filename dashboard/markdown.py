"""Markdown that an admin has written, as HTML: markup in it is shown as text, and what is left is sanitised again."""

from functools import cache
from typing import Any

from django.utils.safestring import SafeString, mark_safe

_TAGS = {"p", "br", "strong", "em", "code", "pre", "ul", "ol", "li", "blockquote", "h3", "h4", "a", "hr", "del"}
_TAGS |= {"table", "thead", "tbody", "tr", "th", "td"}


def as_html(text: str) -> SafeString:
    """Without pictures, scripts and styles. Headings are small: the page has its own."""
    import nh3  # 2 MB with the parser, and only some decision forms have words of their own

    parser = _parser()
    tokens = parser.parse(text)
    for token in tokens:
        if token.type in ("heading_open", "heading_close"):
            token.tag = "h3" if token.tag in ("h1", "h2", "h3") else "h4"
        token.attrs.pop("style", None)
    html = nh3.clean(
        parser.renderer.render(tokens, parser.options, {}),
        tags=_TAGS,
        attributes={"a": {"href", "title"}, "ol": {"start"}},
        url_schemes={"http", "https", "mailto"},
        link_rel="noopener noreferrer",
    )
    return mark_safe(html)  # noqa: S308 - nh3 has cleaned it


@cache
def _parser() -> Any:
    from markdown_it import MarkdownIt

    return MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"])
