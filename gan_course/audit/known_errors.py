"""Errors that are met often in a GAN's update, and what each of them means.

The messages are those of PyTorch 2, Keras 3 and Keras 2, as they were seen.
"""

import re

NO_GRADIENT = "no-gradient"
UNKNOWN_VARIABLE = "unknown-variable"

# (what the message contains, the verdict of its own that it leads to or None, hint)
KNOWN = [
    (
        "does not require grad and does not have a grad_fn",
        NO_GRADIENT,
        "The loss hangs on no parameter: the whole step stands under torch.no_grad(), or the networks' outputs went "
        "through detach(), .data, item() or NumPy on their way to the loss. Take that away.",
    ),
    (
        "No gradients provided for any variable",
        NO_GRADIENT,
        "All gradients are None. The forward passes must stand inside `with tf.GradientTape() as tape:` (fakes that "
        "the generator is to learn from, too), and nothing may pass through predict(), numpy() or stop_gradient().",
    ),
    (r"Unknown variable|optimizer cannot recognize variable", UNKNOWN_VARIABLE, ""),
    (
        "Trying to backward through the graph a second time",
        None,
        "Two backward passes share one forward pass. Make the fakes anew in the generator's update, and detach() them "
        "in the discriminator's.",
    ),
    (
        "modified by an inplace operation",
        None,
        "A step changed weights that a later backward() still needs. Make a forward pass of its own for each update: "
        "fakes, logits, loss, backward(), step().",
    ),
    (
        "non-persistent GradientTape can only be used to compute one set of gradients",
        None,
        "Two gradients need two tapes: `with tf.GradientTape() as d_tape, tf.GradientTape() as g_tape:`.",
    ),
    (
        "all elements of (input|target) should be between 0 and 1",
        None,
        "This loss wants probabilities and got logits. Use binary_cross_entropy_with_logits (BCEWithLogitsLoss).",
    ),
    (
        r"Using a target size|Incompatible shapes|must have the same shape",
        None,
        "Labels and logits have different shapes: make the labels from the logits themselves, with ones_like(logits).",
    ),
    (
        "mat1 and mat2 shapes cannot be multiplied|is invalid for input of size",
        None,
        "A layer gets another shape than it was made for. Images go into a linear layer as flatten(1), which asks the "
        "batch for its size.",
    ),
    (
        "must compile your model|must call `compile",
        None,
        "Call compile(optimizer=..., loss=...) before train_on_batch.",
    ),
]


def explain(error):
    """Return ``(verdict's name or None, hint)`` of an error; the hint may be empty."""
    for pattern, name, hint in KNOWN:
        if re.search(pattern, str(error)):
            return name, hint
    return None, ""


def short(error):
    """Return an error in one line: its type, and the line that says what (TensorFlow's first is "in user code")."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    text = next((line for line in lines if re.match(r"\w*Error: ", line)), lines[0] if lines else "")
    text = re.sub(r"^\w*Error: ", "", text)
    return f"{type(error).__name__}: {text[:150]}{'...' if len(text) > 150 else ''}"
