"""Make pages/ from the notebooks, the exercises and their solutions: to read without Python.

    python solutions/make_pages.py [FOLDER]

Each page is one file that needs no network. Those of `jupyter nbconvert --to html` fetch what
draws formulas, and have lost the words that tell what is in a picture. Here nbconvert is given
MathML for the formulas, which browsers draw themselves. Needs math-core, from PyPI.
"""

import sys
from pathlib import Path

from jinja2 import pass_context
from nbconvert import HTMLExporter
from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath

ROOT = Path(__file__).parent.parent
FOLDERS = ("notebooks", "exercises", "solutions")  # their links lead to each other
TEMPLATE = """
{%- extends 'index.html.j2' -%}
{%- block html_head_js -%}{%- endblock -%}
{%- block html_head_js_mathjax -%}{%- endblock -%}
{%- block html_head_js_mermaidjs -%}{%- endblock -%}
{%- block html_head_css -%}
<style>  /* JupyterLab's colours, darkened to a contrast of 4.5 : 1; a link is underlined */
.jp-InputPrompt, .jp-OutputPrompt { opacity: 1 !important; }
.jp-Notebook a { text-decoration: underline !important; }
.highlight { --jp-mirror-editor-number-color: #007700; --jp-mirror-editor-comment-color: #377;
             --jp-mirror-editor-operator-color: #9311e8; }
</style>
{%- endblock -%}
{%- block data_png -%}
<div class="jp-RenderedImage jp-OutputArea-output">
<img alt="{{ output | get_metadata('alt', 'image/png') | escape_html }}"
     src="data:image/png;base64,{{ output.data['image/png'] | escape_html }}">
</div>
{%- endblock -%}
{%- block data_text -%}  {#- but of a progress bar, which would stand at 0 % for ever -#}
{%- if 'application/vnd.jupyter.widget-view+json' not in output.data -%}
{{ super() }}
{%- endif -%}
{%- endblock -%}
"""


def mathml(tex, display):
    """The MathML of a formula; ends the program if it cannot be."""
    from math_core import LatexError, LatexToMathML  # here, for pytest imports this file

    try:
        return LatexToMathML().convert_with_local_state(tex, displaystyle=display)
    except LatexError as error:
        sys.exit(f"a formula that MathML cannot show: {tex}{error}")


class Markdown(IPythonRenderer):
    """nbconvert's Markdown, but formulas are MathML and links to notebooks lead to pages."""

    def inline_math(self, body):
        return mathml(body, display=False)

    def block_math(self, body):
        body = r"\begin{equation*}" + body + r"\end{equation*}"  # so that it may have a \tag
        return mathml(body, display=True)

    def link(self, text, url, title=None):
        return super().link(text, url.replace(".ipynb", ".html"), title)


class Page(HTMLExporter):
    """nbconvert's exporter, without scripts, and with the pictures' alt texts."""

    raw_template = TEMPLATE

    @pass_context
    def markdown2html(self, context, source):
        return MarkdownWithMath(renderer=Markdown(escape=False)).render(source)


def main(folder="pages"):
    """Make the pages in that folder."""
    exporter = Page()
    paths = [path for name in FOLDERS for path in sorted((ROOT / name).glob("*.ipynb"))]
    for path in paths:
        page = Path(folder) / path.parent.name / f"{path.stem}.html"
        page.parent.mkdir(parents=True, exist_ok=True)
        print(page)
        page.write_text(exporter.from_filename(str(path))[0], encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
