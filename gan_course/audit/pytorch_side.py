"""PyTorch: gradients that stay in ``.grad``, ``requires_grad``, and modules in training or inference mode."""

import functools

import torch

from gan_course.audit.side import Side as Base


class Side(Base):
    kind = "torch"

    def __init__(self, objects):
        super().__init__()
        self.networks = {name: obj for name, obj in objects.items() if isinstance(obj, torch.nn.Module)}
        self.optimisers = {name: obj for name, obj in objects.items() if isinstance(obj, torch.optim.Optimizer)}
        self._hooks = [  # PyTorch's own way to be told; removed again in restore()
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
        everything += [p for optimiser in self.optimisers.values() for p in _held(optimiser)]
        everything += [obj for obj in objects.values() if isinstance(obj, torch.Tensor) and obj.is_leaf]
        self._parameters = list({id(p): p for p in everything}.values())
        self._modules = list({id(m): m for network in self.networks.values() for m in network.modules()}.values())
        # The gradients themselves are kept, not copies: nothing writes to them while no parameter has them.
        self._gradients = [p.grad for p in self._parameters]
        self.flags = self.read_flags()
        self._unsaved = [  # buffers that state_dict() leaves out
            (module, name, buffer, buffer.detach().clone())
            for module in self._modules
            for name, buffer in module._buffers.items()
            if buffer is not None and name in module._non_persistent_buffers_set
        ]

    def _note_mask(self, key, layer, inputs, output):
        if layer.training:
            self.drawn.add(key)  # and nothing is returned: that would replace the output

    def reset(self, gradients, flags):
        requires_grad, training = flags
        for parameter, required in zip(self._parameters, requires_grad, strict=True):
            if parameter.requires_grad != required:
                parameter.requires_grad_(required)
        for module, mode in zip(self._modules, training, strict=True):
            module.training = mode
        for index, parameter in enumerate(self._parameters):
            gradient = gradients[index] if gradients else None
            parameter.grad = None if gradient is None else gradient.clone()
        for module, name, buffer, values in self._unsaved:
            with torch.no_grad():
                buffer.copy_(values)
            module._buffers[name] = buffer
        self.stepped.clear()
        self.drawn.clear()

    def restore(self):
        self.reset(None, self.flags)
        for parameter, gradient in zip(self._parameters, self._gradients, strict=True):
            parameter.grad = gradient
        for hook in self._hooks:
            hook.remove()

    def gradients(self):
        return [None if p.grad is None else p.grad.detach().clone() for p in self._parameters]

    def read_flags(self):
        return [p.requires_grad for p in self._parameters], [m.training for m in self._modules]

    def frozen(self, name):
        return {key for key, p in self.networks[name].named_parameters(remove_duplicate=False) if not p.requires_grad}

    def graded(self):
        return {
            name
            for name, network in self.networks.items()
            if any(p.grad is not None and bool(p.grad.count_nonzero()) for p in network.parameters())
        }

    def holders(self, names, others):
        held = {name: {id(p) for p in _held(optimiser)} for name, optimiser in self.optimisers.items()}
        groups = [
            {id(p) for name in group if name in self.networks for p in self.networks[name].parameters()}
            for group in (names, others)
        ]
        return {name for name, parameters in held.items() if all(parameters & group for group in groups)}

    def fresh(self, arrays):
        return {key: value for key, value in arrays.items() if not key.startswith("state/")}


def _held(optimiser):
    return [p for group in optimiser.param_groups for p in group["params"]]
