"""What all decks share: reveal.js, MathJax, the style with its fonts, the script. All of it is in installed packages."""

import base64
import shutil
from importlib.util import find_spec
from pathlib import Path

from gan_course.errors import CourseError

HERE = Path(__file__).parent  # with the pages' forms, their style and their script
# What the decks share, by package: the file there and its place in assets/.
ASSETS = {
    "sphinx_revealjs": {
        "_static/revealjs/dist/reveal.js": "reveal.js",
        "_static/revealjs/dist/reveal.css": "reveal.css",
        "_static/revealjs/plugin/notes/notes.js": "notes.js",
        "_static/revealjs/LICENSE": "LICENSE-reveal.js.txt",
        "_static/revealjs/dist/theme/fonts/source-sans-pro/LICENSE": "LICENSE-SourceSansPro.txt",
    },
    "sphinx-mathjax-offline": {"static/mathjax/tex-svg.js": "mathjax.js"},  # under the Apache License 2.0
    "matplotlib": {"mpl-data/fonts/ttf/LICENSE_DEJAVU": "LICENSE-DejaVu.txt"},
}
SANS = "_static/revealjs/dist/theme/fonts/source-sans-pro/source-sans-pro-{}.woff"
FONTS = [  # family, weight, style, package, file: the ones that every line's length was measured with
    ("Source Sans Pro", 400, "normal", "sphinx_revealjs", SANS.format("regular")),
    ("Source Sans Pro", 400, "italic", "sphinx_revealjs", SANS.format("italic")),
    ("Source Sans Pro", 600, "normal", "sphinx_revealjs", SANS.format("semibold")),
    ("DejaVu Sans Mono", 400, "normal", "matplotlib", "mpl-data/fonts/ttf/DejaVuSansMono.ttf"),
]


def write_assets(folder):
    """Write what all decks share: reveal.js, MathJax, the style with its fonts, the script."""
    from pygments.formatters import HtmlFormatter

    folder.mkdir(parents=True)
    for package, files in ASSETS.items():
        for file, name in files.items():
            shutil.copyfile(_file(package, file), folder / name)
    shutil.copyfile(HERE / "deck.js", folder / "deck.js")
    style = [(HERE / "deck.css").read_text(encoding="utf-8"), HtmlFormatter(style="xcode").get_style_defs(".code")]
    (folder / "deck.css").write_text("\n".join([*map(_font_face, FONTS), *style]), encoding="utf-8")


def _font_face(font):
    """Return the CSS of a font that is part of it: browsers may refuse one from another file of a USB stick."""
    family, weight, style, package, file = font
    data = base64.b64encode(_file(package, file).read_bytes()).decode()
    source = f'url("data:font/{file.rpartition(".")[2]};base64,{data}")'
    return f'@font-face {{ font-family: "{family}"; font-weight: {weight}; font-style: {style}; src: {source}; }}'


def _file(package, name):
    """Return the path of a file in an installed package, which isn't imported."""
    spec = find_spec(package)
    path = Path(spec.origin).parent / name if spec else None
    if not path or not path.exists():
        raise CourseError(f"{name} of the package {package} is missing: `make install` brings it.")
    return path
