"""The course as a website: `make site` writes it to build/site/. Everything that a page needs lies beside it.

Sphinx's source folder is the repository itself, so the lessons, README and the recorded results are read where
they lie, and a link between two of them is a link between two pages, and checked.
"""

import sys
import tomllib
from importlib.util import find_spec
from pathlib import Path

DOCS = Path(__file__).resolve().parent
ROOT = DOCS.parent
sys.path[:0] = [str(DOCS), str(ROOT)]

from gan_course import lessons  # noqa: E402

about = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
project, release, author = about["name"], about["version"], about["authors"][0]["name"]
repository = about["urls"]["Repository"]

root_doc = "docs/index"
include_patterns = ["docs/*.md", "notebooks/[0-9][0-9]*_*.ipynb", "README.md", "CONTRIBUTING.md"]
include_patterns += ["results/*.md", "benchmarks/*.md"]
exclude_patterns = [".*", "build", "runs", "tests"]  # folders not worth looking through
extensions = ["myst_nb", "lesson_pages", "written_pages"]

# Lessons are shown as they were last run. Their outputs hold no widgets, so the two scripts for these stay away.
nb_execution_mode = "off"
nb_merge_streams = True
nb_ipywidgets_js = {}

# No more than a notebook itself may use, so that JupyterLab shows the same; the pictures in README are HTML.
myst_enable_extensions = ["amsmath", "dollarmath", "html_image"]
myst_dmath_double_inline = True  # $$...$$ within a list item
myst_heading_anchors = 3

# One file that needs no fonts and fetches nothing later. The menu would make each equation a stop of the Tab key.
mathjax = Path(find_spec("sphinx-mathjax-offline").origin).parent / "static/mathjax/tex-svg-full.js"
mathjax_path = mathjax.name
mathjax3_config = {"options": {"enableMenu": False}}

html_theme = "sphinx_book_theme"
html_title = project
html_static_path = ["_static", str(mathjax)]
html_css_files, html_js_files = ["course.css"], ["course.js"]
html_favicon = "_static/favicon.svg"
html_use_index = False  # the glossary is one
templates_path = ["_templates"]
html_additional_pages = {"index": "to_first_page.html"}  # the first page lies in docs/
html_context = {"default_mode": "auto"}  # light or dark as the reader's system is, until they choose
html_theme_options = {
    "repository_url": repository,
    "use_repository_button": lessons.published(),
    "navbar_persistent": [],  # or there would be a second field to search in, on a bar of its own
    "show_toc_level": 2,
    "extra_footer": "Code: MIT. Texts and figures: CC BY 4.0.",
}

# `sphinx-build -b linkcheck` follows the links to other machines. A visit to Binder would start a server there,
# and the repository's own address is a placeholder until the course is published.
linkcheck_ignore = [r"https://mybinder\.org/v2/", r"https://colab\.research\.google\.com/"]
if not lessons.published():
    linkcheck_ignore.append(repository)
