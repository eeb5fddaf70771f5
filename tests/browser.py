"""JupyterLab in a headless Chromium: what a reader sees, for the tests, with nothing of the reader's own set-up.

It speaks to JupyterLab through its commands and models, never through menus or clicks: those change.
"""

import json
import os
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import sync_playwright

# The first is Chromium without what only windows need: the browser tests take a quarter less time in it.
BROWSERS = "chromium-headless-shell", "chromium", "chromium-browser", "google-chrome"
CHROMIUM = next(filter(None, map(shutil.which, BROWSERS)), None)
CHROMIUM_OPTIONS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-quic",
    "--no-first-run",
    "--font-render-hinting=none",  # or letters are as wide as whole pixels, which they are in no reader's window
]
needs_chromium = pytest.mark.skipif(
    not CHROMIUM and not os.environ.get("CI"),
    reason="no Chromium (or Chrome) on the PATH; under CI this would be a failure",
)
SETTINGS = {
    # The question about news would lie over the notebook, and be a request to outside.
    "apputils-extension/notification": {"fetchNews": "false", "checkForUpdates": False},
    # Every cell in the page at once: by default those out of sight are not drawn.
    "notebook-extension/tracker": {"windowingMode": "none"},
}
TOKEN = secrets.token_hex()
START_SECONDS, OPEN_SECONDS, RUN_SECONDS = 60, 120, 300  # for busy machines; an idle one needs 3, 6, and a lesson's run

# The page's own "idle" mark shows before there is a kernel, and a run asked for then is lost.
# A question (which kernel?) would wait for ever.
KERNEL_READY = """() => {
  const question = document.querySelector(".jp-Dialog");
  if (question) throw new Error("JupyterLab asks: " + question.innerText);
  const kernel = window.jupyterapp?.shell.currentWidget?.sessionContext?.session?.kernel;
  return kernel?.connectionStatus === "connected" && kernel.status === "idle";
}"""
RUN_ALL = """seconds => Promise.race([
  jupyterapp.commands.execute("notebook:run-all-cells"),
  new Promise((_, fail) => setTimeout(() => fail(new Error(`still running after ${seconds} s`)), seconds * 1000)),
])"""
CODE_CELLS = """() => jupyterapp.shell.currentWidget.content.widgets
  .filter(cell => cell.model.type === "code").map(cell => cell.model.toJSON())"""
OPEN = "async path => { await jupyterapp.commands.execute('docmanager:open', { path }); }"  # the widget stays there
CLOSE = """async () => {
  const notebook = jupyterapp.shell.currentWidget;
  await notebook.sessionContext.shutdown();
  notebook.dispose(); // without the question whether to save it
}"""
BROKEN_IMAGES = """async () => {
  const images = [...document.querySelectorAll(".jp-Notebook img")];
  const broken = await Promise.all(images.map(image => image.decode().then(() => false, () => true)));
  return images.filter((_, i) => broken[i]).map(image => image.src.slice(0, 80));
}"""


@contextmanager
def chromium():
    """Start a headless Chromium; yield it, a :class:`playwright.sync_api.Browser`."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=CHROMIUM_OPTIONS)
        yield browser
        browser.close()


@contextmanager
def lab(root_dir, env=None):
    """Start JupyterLab on a folder, and a browser that shows it; yield a :class:`Lab`.

    Parameters
    ----------
    root_dir : path
        The folder that Lab shows. Notebooks in it may be saved: give a copy.
    env : dict, optional
        More environment variables for the server, and so for the kernels.
    """
    with tempfile.TemporaryDirectory() as temp, chromium() as browser:
        environment = {**os.environ, **(env or {}), **_own_folders(Path(temp))}
        with _server(Path(root_dir), Path(temp), environment) as url:
            page = browser.new_page(viewport={"width": 1200, "height": 900})
            page.set_default_timeout(OPEN_SECONDS * 1000)
            yield Lab(Path(root_dir), url, page, environment)


def _own_folders(temp):
    """Return the environment that keeps Jupyter within ``temp``, with the settings written there."""
    for name, setting in SETTINGS.items():
        file = temp / f"config/lab/user-settings/@jupyterlab/{name}.jupyterlab-settings"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(setting), encoding="utf-8")
    return {f"JUPYTER_{name.upper()}_DIR": str(temp / name) for name in ("config", "data", "runtime")}


@contextmanager
def _server(root_dir, temp, environment):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    options = [
        "--no-browser",
        "--allow-root",
        "--ip=127.0.0.1",
        f"--port={port}",
        "--ServerApp.port_retries=0",
        f"--ServerApp.root_dir={root_dir}",
        f"--IdentityProvider.token={TOKEN}",
        "--LabApp.expose_app_in_browser=True",
        "--LabApp.extension_manager=readonly",
    ]
    url, log = f"http://127.0.0.1:{port}", temp / "server.log"
    with open(log, "w") as file:
        command = [sys.executable, "-m", "jupyter", "lab", *options]
        server = subprocess.Popen(command, env=environment, stdout=file, stderr=subprocess.STDOUT)
    try:
        deadline = time.monotonic() + START_SECONDS
        while not _answers(url):
            if server.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"JupyterLab did not start:\n{log.read_text()}")
            time.sleep(0.2)
        yield url
    finally:
        server.terminate()  # it stops its kernels; once in a while it hangs after that
        try:
            server.wait(timeout=10)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()


def _answers(url):
    try:
        return urllib.request.urlopen(f"{url}/api", timeout=5).status == 200
    except OSError:
        return False


class Lab:
    """A running JupyterLab in a browser's window."""

    def __init__(self, root_dir, url, page, environment):
        self.root_dir, self._url, self._page, self._environment = root_dir, url, page, environment

    def trust(self, name):
        """Sign a notebook, as a reader does who decides to trust it."""
        command = [sys.executable, "-m", "jupyter", "trust", str(self.root_dir / name)]
        subprocess.run(command, env=self._environment, check=True, capture_output=True)

    @contextmanager
    def open(self, name):
        """Open a notebook; yield a :class:`Notebook` whose kernel is ready. At the end both are closed."""
        notebook = Notebook(self._page)
        try:
            if self._page.url == "about:blank":
                self._page.goto(f"{self._url}/lab?token={TOKEN}&reset")
                self._page.wait_for_function("window.jupyterapp?.restored.then(() => true)")
            self._page.evaluate(OPEN, name)
            self._page.wait_for_function(KERNEL_READY)
            yield notebook
            self._page.evaluate(CLOSE)
        except BaseException:
            self._page.goto("about:blank")  # whatever this notebook left, the next one starts afresh
            raise
        finally:
            notebook.stop_listening()


class Notebook:
    """A notebook on the screen.

    Attributes
    ----------
    page : playwright.sync_api.Page
    errors : list of str
        Exceptions of the page's scripts.
    outside : list of str
        Addresses of other machines that the page asked for.
    """

    def __init__(self, page):
        self.page, self.errors, self.outside = page, [], []
        self._listeners = {
            "pageerror": lambda error: self.errors.append(str(error)),
            "request": lambda request: self._note(request.url),
            "websocket": lambda socket: self._note(socket.url),
        }
        for event, listener in self._listeners.items():
            page.on(event, listener)

    def stop_listening(self):
        for event, listener in self._listeners.items():
            self.page.remove_listener(event, listener)

    def _note(self, url):
        outside = urlsplit(url).hostname not in ("127.0.0.1", "localhost", None)  # None: data: and blob:
        if outside and url not in self.outside:
            self.outside.append(url)

    def run_all(self, seconds=RUN_SECONDS):
        """Run all cells, and wait until they are done. Stored outputs go first: none may pass for a new one."""
        self.page.evaluate("jupyterapp.commands.execute('notebook:clear-all-cell-outputs')")
        self.page.evaluate(RUN_ALL, seconds)

    def code_cells(self):
        """Return the code cells as they are now, in the form that they have in a file (list of dict)."""
        return self.page.evaluate(CODE_CELLS)

    def failures(self):
        """Return what went wrong in the cells, in words (list of str); empty if all ran and nothing complained."""
        cells = self.code_cells()
        outputs = [output for cell in cells for output in cell["outputs"]]
        sources = [_text(cell["source"]) for cell in cells if not cell["execution_count"]]
        return [
            *(f"error: {o['ename']}: {o['evalue']}" for o in outputs if o["output_type"] == "error"),
            *(f"stderr: {_text(o['text'])}" for o in outputs if o.get("name") == "stderr"),
            *(f"not run: {source}" for source in sources if source.strip()),
        ]

    def complaints(self):
        """Return what went wrong on the screen, in words (list of str); empty if nothing did."""
        stored = sum(_pictures(output.get("data", {})) for cell in self.code_cells() for output in cell["outputs"])
        shown = self.page.locator(".jp-OutputArea-output img").count()
        return [
            *(f"page error: {error}" for error in self.errors),
            *(f"outside request: {url}" for url in self.outside),
            *(f"picture not shown: {image}" for image in self.broken_images()),
            *([f"{stored} pictures in the outputs, {shown} on the page"] if stored != shown else []),
        ]

    def broken_images(self):
        """Return the start of the address of each picture that the page could not show (list of str)."""
        return self.page.evaluate(BROKEN_IMAGES)


def _pictures(data):
    """Return how many pictures an output shows (of its forms, JupyterLab shows HTML where there is some)."""
    return _text(data["text/html"]).count("<img") if "text/html" in data else int("image/png" in data)


def _text(lines):
    return lines if isinstance(lines, str) else "".join(lines)
