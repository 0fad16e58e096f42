"""Markdown as HTML for a page: formulas in MathML, links between pages, and nothing that runs.

What a notebook says is escaped, whatever it says. Of raw HTML the bare tags of ALLOWED pass.
"""

import html
import re
from collections.abc import Callable
from functools import cache

from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import PythonLexer

from tinyvae.extras import import_error

try:
    from math_core import LatexError, LatexToMathML
except ImportError as error:
    raise import_error(error, "the site", "math_core") from error

ALLOWED = "details", "summary", "br", "sub", "sup"
TAG = re.compile(rf"&lt;(/?)({'|'.join(ALLOWED)})( ?/)?&gt;")
NESTED = re.compile(r"<(/?)(details|summary|sub|sup)>")
SUMMARY = re.compile(r"(?<=<summary>)(.*?)(?=</summary>)", re.DOTALL)
PREDICT = "<strong>Predict"
LANGUAGES = {"python": PythonLexer()}


def render(source: str, link: Callable[[str], str] = lambda url: "") -> str:
    """The HTML of Markdown. `link` gives the address that a link has on the page, or "" for one
    that leads nowhere there: it becomes text. ValueError for a formula that is no LaTeX.

    A paragraph that says **Predict** stands in an element of class tinyvae-predict.
    """
    text = MarkdownWithMath(renderer=_Renderer(link)).render(source)
    if not _balanced(text):  # it could close what the page has opened
        text = MarkdownWithMath(renderer=_Renderer(link, tags_pass=False)).render(source)
    return text


def mathml(tex: str, display: bool) -> str:
    """The MathML of a formula."""
    try:
        return _converter().convert_with_local_state(tex, displaystyle=display)
    except LatexError as error:
        raise ValueError(f"a formula that MathML cannot show: {tex} ({error})") from error


@cache
def _converter():
    return LatexToMathML(fancy_error=False)


def code(source: str, language: str = "python") -> str:
    """A listing; CSS colours its tokens by the first letters of Pygments' classes."""
    if language in LANGUAGES:
        text = highlight(source, LANGUAGES[language], HtmlFormatter(nowrap=True)).rstrip("\n")
    else:
        text = html.escape(source)
    return f'<pre class="tinyvae-code"><code>{text}</code></pre>\n'


def slug(text: str) -> str:
    """The id of a heading that reads `text`: letters, digits and hyphens."""
    return "-".join(re.findall(r"\w+", text.lower())) or "section"


def plain(markup: str) -> str:
    """The words of HTML that `render` made."""
    return html.unescape(re.sub(r"<[^>]*>", "", markup)).strip()


def _balanced(markup):
    """Whether the tags of ALLOWED that pass close in the order in which they open."""
    opened: list[str] = []
    for end, name in NESTED.findall(markup):
        if not end:
            opened.append(name)
        elif not opened or opened.pop() != name:
            return False
    return not opened


class _Renderer(IPythonRenderer):
    """nbconvert's renderer, but everything from the notebook is escaped."""

    def __init__(self, link, tags_pass=True):
        super().__init__(escape=True, allow_harmful_protocols=False)
        self.address, self.tags_pass = link, tags_pass

    def inline_math(self, body):
        return mathml(body, display=False)

    def block_math(self, body):
        body = r"\begin{equation*}" + body + r"\end{equation*}"  # so that it may have a \tag
        return f'<span class="tinyvae-formula">{mathml(body, display=True)}</span>'

    def latex_environment(self, name, body):
        return self.block_math(rf"\begin{{{name}}}{body}\end{{{name}}}")

    def heading(self, text, level, **attrs):
        return f'<h{level} id="{slug(plain(text))}">{text}</h{level}>\n'

    def paragraph(self, text):
        block = f"<p>{text}</p>\n"
        return f'<div class="tinyvae-predict">{block}</div>\n' if PREDICT in text else block

    def block_quote(self, text):
        """A prediction needs no second frame."""
        return text if "tinyvae-predict" in text else super().block_quote(text)

    def block_code(self, code_text, info=None):
        return code(code_text.rstrip("\n"), (info or "").strip())

    def block_html(self, raw):
        """Of a summary, which raw HTML cannot be without, the words are Markdown."""
        pieces = SUMMARY.split(raw)
        pieces[::2] = map(self.inline_html, pieces[::2])
        pieces[1::2] = map(self.summary, pieces[1::2])
        text = "".join(pieces)
        return text if NESTED.search(text) else f"<p>{text}</p>\n"

    def summary(self, source):
        paragraph = re.fullmatch("<p>(.*)</p>\n", render(source, self.address), re.DOTALL)
        return paragraph[1] if paragraph else html.escape(source)

    def inline_html(self, raw):
        escaped = html.escape(raw, quote=False)
        return TAG.sub(r"<\1\2>", escaped) if self.tags_pass else escaped

    def link(self, text, url, title=None):
        address = self.address(url)
        if address:
            return f'<a href="{html.escape(address)}">{text}</a>'
        return text if url in text else f"{text} ({html.escape(url)})" if "//" in url else text

    def image(self, text, url, title=None):
        """A picture of Markdown would be asked of a network or a disk: its words stay."""
        return f"<em>{html.escape(plain(text))}</em>"
