"""Three budgets, one word: how many steps a lesson may take.

``smoke`` takes a few steps and is what the tests run; ``laptop`` ends within ten
minutes on two CPU cores and makes the committed outputs; ``full`` is paper-sized
and wants a GPU. A lesson turns the word into a number of steps, never of seconds.
"""

import os

from gan_course.errors import CourseError

BUDGETS = ("smoke", "laptop", "full")
VARIABLE = "GAN_COURSE_BUDGET"


def resolve(budget=None):
    """Return the budget that a run has to keep to.

    Parameters
    ----------
    budget : str or None
        The lesson's parameter. ``None`` leaves the choice to the environment
        variable ``GAN_COURSE_BUDGET``, and then to ``laptop``.

    Returns
    -------
    str
        ``"smoke"``, ``"laptop"`` or ``"full"``.

    Raises
    ------
    CourseError
        If the word is not a budget. The message lists those that are.

    Examples
    --------
    >>> resolve("smoke")
    'smoke'
    """
    source = "the parameter `budget`"
    if budget is None:
        budget, source = os.environ.get(VARIABLE) or "laptop", f"${VARIABLE}"
    if budget not in BUDGETS:
        raise CourseError(f"{source} is {budget!r}, which is no budget. Choose one of: {', '.join(BUDGETS)}.")
    return budget
