"""What can be set in the game in 2-D, and nothing else: each setting has a list of values, or a range."""

from gan_course.lab.datasets import DATASETS
from gan_course.lab.rules import RULES

RATES = (1e-4, 3e-4, 1e-3, 3e-3, 1e-2, 3e-2)
CHOICES = {
    "data": {name: label for name, (label, _) in DATASETS.items()},
    "loss": {name: rules.label for name, rules in RULES.items()},
    "d_steps": {n: str(n) for n in (1, 2, 3, 5, 10)},
    "d_rate": {rate: f"{rate:g}" for rate in RATES},
    "g_rate": {rate: f"{rate:g}" for rate in RATES},
}
DEFAULTS = {"data": "ring", "loss": "non-saturating", "d_steps": 1, "d_rate": 3e-3, "g_rate": 1e-3, "seed": 0}
MAX_SEED = 2**31 - 1
WHILE_PLAYING = {"d_steps", "d_rate", "g_rate"}  # the others start a new game


def checked(**settings):
    """Return the settings with the defaults for those not given (dict).

    Raises
    ------
    ValueError
        If there is no such setting, or not with this value. The message lists what there is.
    """
    for name, value in settings.items():
        if name == "seed":
            if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= MAX_SEED:
                raise ValueError(f"seed must be a whole number from 0 to {MAX_SEED:,}, not {value!r}.")
        elif name not in CHOICES:
            raise ValueError(f"there is no setting {name!r}. There are: {', '.join(DEFAULTS)}.")
        elif isinstance(value, bool) or not isinstance(value, (str, int, float)) or value not in CHOICES[name]:
            raise ValueError(f"{name} can't be {value!r}. It can be: {', '.join(map(repr, CHOICES[name]))}.")
    exact = {name: next(key for key in CHOICES[name] if key == settings[name]) for name in CHOICES if name in settings}
    return {**DEFAULTS, **settings, **exact}
