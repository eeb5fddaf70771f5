"""Common errors in an update, and what each of them means.

The messages are those of PyTorch 2, Keras 3 and Keras 2.
"""

import re

NO_GRADIENT = "does not require grad and does not have a grad_fn|No gradients provided for any variable"
UNKNOWN_VARIABLE = "Unknown variable|optimizer cannot recognize variable"
BUILD = (
    "The optimiser wasn't built with this variable. Build it with those of all networks that the update moves: "
    "opt.build([*encoder.trainable_variables, *decoder.trainable_variables])."
)

HINTS = {  # by what the message contains
    "does not require grad and does not have a grad_fn": (
        "The loss depends on no parameter: the whole step runs under torch.no_grad(), or the networks' outputs went "
        "through detach(), .data, item() or NumPy on their way to the loss. Remove that."
    ),
    "No gradients provided for any variable": (
        "All gradients are None. The forward passes must be inside `with tf.GradientTape() as tape:` (also those that "
        "make the fakes that a generator learns from), and nothing may pass through predict(), numpy() or "
        "stop_gradient()."
    ),
    "Trying to backward through the graph a second time": (
        "Two backward passes share one forward pass. Make new fakes in the generator's update, and detach() those in "
        "the discriminator's."
    ),
    "modified by an inplace operation": (
        "A step changed weights that a later backward() still needs. Make a forward pass of its own for each update: "
        "fakes, logits, loss, backward(), step()."
    ),
    "non-persistent GradientTape can only be used to compute one set of gradients": (
        "Two gradients need two tapes: `with tf.GradientTape() as d_tape, tf.GradientTape() as g_tape:`."
    ),
    "all elements of (input|target) should be between 0 and 1": (
        "This loss wants probabilities and got logits. Use binary_cross_entropy_with_logits (BCEWithLogitsLoss)."
    ),
    "Using a target size|Incompatible shapes|must have the same shape": (
        "Labels and logits have different shapes: make the labels from the logits themselves, with ones_like(logits)."
    ),
    "mat1 and mat2 shapes cannot be multiplied|is invalid for input of size": (
        "A layer gets a shape that it wasn't made for. Images go into a linear layer as flatten(1), which takes the "
        "batch's size from the batch."
    ),
    "must compile your model|must call `compile": "Call compile(optimizer=..., loss=...) before train_on_batch.",
}


def matches(pattern, error):
    return bool(re.search(pattern, str(error)))


def hint(error):
    """Return what a common error means, else None."""
    return next((text for pattern, text in HINTS.items() if matches(pattern, error)), None)


def short(error):
    """Return an error in one line: its type, and its most telling line (TensorFlow's first is "in user code")."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    text = next((line for line in lines if re.match(r"\w*Error: ", line)), lines[0] if lines else "")
    text = re.sub(r"^\w*Error: ", "", text)
    return f"{type(error).__name__}: {text[:150]}{'...' if len(text) > 150 else ''}"
