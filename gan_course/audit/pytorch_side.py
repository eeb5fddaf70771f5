"""What only PyTorch has: gradients that stay in ``.grad``, ``requires_grad``, and modules that are in a mode.

A *side* is what an update can leave behind besides numbers. Each framework's has the same methods:

* ``reset(left=None)``: as it was found but without gradients, or as ``left`` was.
* ``left()``: what there is now, for a later ``reset``.
* ``graded()``: names of the networks in which a gradient is left that isn't zero.
* ``stepped``: names of the optimisers that took a step since the last ``reset``.
* ``drawn``: (network, key) of the dropout layers that drew a mask since then, where no seed state shows it.
* ``without(left, names)``, ``flags_as_found(left)``, ``same_flags(left)``, ``nothing(left)``: about what was left.
* ``restore()``: exactly as it was found; called once, at the end.
* ``frozen(name)``: keys of a network's parameters that are frozen at present.
* ``fresh(arrays)``: an optimiser's arrays without the memory of earlier steps.
* ``grown(kept, now)``: an optimiser's earlier arrays, with what has been added since.
* ``owners(text)``: the networks whose variables an error message names.
"""

import functools

import torch


class Side:
    kind = "torch"

    def __init__(self, objects):
        self.networks = {name: obj for name, obj in objects.items() if isinstance(obj, torch.nn.Module)}
        self.optimisers = {name: obj for name, obj in objects.items() if isinstance(obj, torch.optim.Optimizer)}
        self.stepped = set()
        self.drawn = set()
        self._hooks = [  # PyTorch's own way to be told; taken off again in restore()
            optimiser.register_step_post_hook(lambda *_, name=name: self.stepped.add(name))
            for name, optimiser in self.optimisers.items()
        ]
        self._hooks += [
            layer.register_forward_hook(functools.partial(self._note_mask, (name, key)))
            for name, network in self.networks.items()
            for key, layer in network.named_modules()
            if isinstance(layer, torch.nn.modules.dropout._DropoutNd)
        ]
        everything = [p for network in self.networks.values() for p in network.parameters()]
        everything += [p for opt in self.optimisers.values() for group in opt.param_groups for p in group["params"]]
        everything += [obj for obj in objects.values() if isinstance(obj, torch.Tensor) and obj.is_leaf]
        self._parameters = list({id(p): p for p in everything}.values())
        self._modules = list({id(m): m for network in self.networks.values() for m in network.modules()}.values())
        # The gradients themselves are kept, not copies: nothing writes to them while they hang on no parameter.
        self._gradients = [p.grad for p in self._parameters]
        self._flags = self._read_flags()
        self._unsaved = [  # buffers that state_dict() leaves out
            (module, name, buffer, buffer.detach().clone())
            for module in self._modules
            for name, buffer in module._buffers.items()
            if buffer is not None and name in module._non_persistent_buffers_set
        ]

    def _note_mask(self, key, layer, inputs, output):
        if layer.training:
            self.drawn.add(key)  # and nothing is returned: that would take the output's place

    def reset(self, left=None):
        gradients, flags = left or ([None] * len(self._parameters), self._flags)
        self._write_flags(flags)
        for parameter, gradient in zip(self._parameters, gradients, strict=True):
            parameter.grad = None if gradient is None else gradient.clone()
        for module, name, buffer, values in self._unsaved:
            with torch.no_grad():
                buffer.copy_(values)
            module._buffers[name] = buffer
        self.stepped.clear()
        self.drawn.clear()

    def left(self):
        return [None if p.grad is None else p.grad.detach().clone() for p in self._parameters], self._read_flags()

    def without(self, left, names):
        """Return ``left`` without the gradients in these networks."""
        gone = {id(p) for name in names if name in self.networks for p in self.networks[name].parameters()}
        pairs = zip(self._parameters, left[0], strict=True)
        return [None if id(p) in gone else gradient for p, gradient in pairs], left[1]

    def flags_as_found(self, left):
        """Return ``left`` with the modes and flags of the start, so that its gradients alone are tried."""
        return left[0], self._flags

    def same_flags(self, left):
        return left[1] == self._flags

    def nothing(self, left):
        return self.same_flags(left) and all(gradient is None for gradient in left[0])

    def graded(self):
        return {
            name
            for name, network in self.networks.items()
            if any(p.grad is not None and bool(p.grad.count_nonzero()) for p in network.parameters())
        }

    def restore(self):
        self.reset()
        for parameter, gradient in zip(self._parameters, self._gradients, strict=True):
            parameter.grad = gradient
        for hook in self._hooks:
            hook.remove()

    def frozen(self, name):
        return {key for key, p in self.networks[name].named_parameters(remove_duplicate=False) if not p.requires_grad}

    def owners(self, text):
        return set()  # PyTorch's messages name no parameter

    def holders(self, names):
        """Return the optimisers that hold parameters of all these networks."""
        wanted = [{id(p) for p in self.networks[name].parameters()} for name in names if name in self.networks]
        held = {
            name: {id(p) for group in opt.param_groups for p in group["params"]}
            for name, opt in self.optimisers.items()
        }
        return {name for name, ids in held.items() if len(wanted) == len(names) and all(ids & own for own in wanted)}

    @staticmethod
    def fresh(arrays):
        return {key: value for key, value in arrays.items() if not key.startswith("state/")}

    @staticmethod
    def grown(kept, now):
        return kept

    def _read_flags(self):
        return [p.requires_grad for p in self._parameters], [m.training for m in self._modules]

    def _write_flags(self, flags):
        for parameter, required in zip(self._parameters, flags[0], strict=True):
            if parameter.requires_grad != required:
                parameter.requires_grad_(required)
        for module, training in zip(self._modules, flags[1], strict=True):
            module.training = training
