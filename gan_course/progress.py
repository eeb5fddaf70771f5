"""How far a run is: a bar where someone looks, a line per tenth of it in stored outputs."""

import os
import sys
import time


def someone_looks():
    """Say whether a person sees the output as it comes: a notebook in a browser, Colab, or a terminal.

    Jupyter's server names the notebook in JPY_SESSION_NAME; papermill, nbval and nbconvert don't.
    """
    return bool(os.environ.get("JPY_SESSION_NAME")) or "google.colab" in sys.modules or sys.stdout.isatty()


def say(text):
    """Print a line; where there is a bar, above it, and not on the bar's own line."""
    if someone_looks():
        from tqdm import tqdm

        tqdm.write(text, file=sys.stdout)
    else:
        print(text)


class Progress:
    """Context manager around a loop of ``total`` steps, ``start`` of which are done."""

    def __init__(self, start, total):
        self._start, self._total = start, total
        self._tenth = max(1, total // 10)
        self._bar = None

    def __enter__(self):
        self._since = time.perf_counter()
        if someone_looks():
            from tqdm import tqdm

            self._bar = tqdm(
                initial=self._start,
                total=self._total,
                unit="step",
                file=sys.stdout,
                mininterval=0.5,
                dynamic_ncols=False,
                ncols=90,
            )
        return self

    def due(self, step):
        """Say whether a line is printed after this step."""
        return self._bar is None and step % self._tenth == 0

    def show(self, step, losses):
        """Report that ``step`` steps are done, the last with these losses (a dict of floats)."""
        if self._bar is not None:
            self._bar.set_postfix({name: f"{value:.2f}" for name, value in losses.items()}, refresh=False)
            self._bar.update(step - self._bar.n)
        elif self.due(step):
            values = "  ".join(f"{name} {value:5.2f}" for name, value in losses.items())
            left = (time.perf_counter() - self._since) / (step - self._start) * (self._total - step)
            print(f"step {step:>7,} of {self._total:,}   {values}   {left:4.0f} s left")

    def __exit__(self, *error):
        if self._bar is not None:
            self._bar.close()
