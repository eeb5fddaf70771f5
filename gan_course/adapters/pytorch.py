"""PyTorch: modules, optimisers, learning-rate schedules, generators, tensors."""

import numpy as np
import torch

from gan_course.adapters import variables


def arrays(obj):
    if isinstance(obj, torch.nn.Module):
        return {name: _to_numpy(tensor) for name, tensor in obj.state_dict().items()}
    if isinstance(obj, torch.optim.Optimizer):
        saved = obj.state_dict()
        moments = {
            f"state/{index}/{name}": _to_numpy(value)
            for index, entry in saved["state"].items()
            for name, value in entry.items()
        }
        return {**moments, "param_groups": saved["param_groups"]}
    if isinstance(obj, torch.optim.lr_scheduler.LRScheduler):
        return dict(obj.state_dict())
    if isinstance(obj, torch.Generator):
        return {"state": obj.get_state().numpy().copy()}
    if isinstance(obj, torch.Tensor):
        return {"value": _to_numpy(obj)}
    raise TypeError(f"a {type(obj).__name__} can't be saved; pass a module, optimiser, schedule, generator or tensor.")


def restore(obj, saved):
    if isinstance(obj, torch.nn.Module):
        variables.compare({name: tuple(t.shape) for name, t in obj.state_dict().items()}, variables.shapes(saved))
        obj.load_state_dict({name: torch.from_numpy(array) for name, array in saved.items()})
    elif isinstance(obj, torch.optim.Optimizer):
        _restore_optimiser(obj, saved)
    elif isinstance(obj, torch.optim.lr_scheduler.LRScheduler):
        obj.load_state_dict(saved)
    elif isinstance(obj, torch.Generator):
        obj.set_state(torch.from_numpy(saved["state"]))
    else:
        with torch.no_grad():
            obj.copy_(torch.from_numpy(saved["value"]))


def trainable(obj):
    if not isinstance(obj, torch.nn.Module):
        return set()
    # arrays() names a parameter that two layers share twice
    return {name for name, _ in obj.named_parameters(remove_duplicate=False)} & obj.state_dict().keys()


def ambient(wanted=()):
    """``nn.Dropout`` draws from the default generator of its device, and can't be given another."""
    generators = {"torch.default_generator": torch.default_generator}
    if torch.cuda.is_initialized():
        generators |= {f"torch.cuda.{i}": generator for i, generator in enumerate(torch.cuda.default_generators)}
    return generators


def _to_numpy(value):
    return value.detach().cpu().numpy().copy() if isinstance(value, torch.Tensor) else np.asarray(value)


def _restore_optimiser(optimiser, saved):
    for group, here in zip(saved["param_groups"], optimiser.param_groups, strict=True):
        if other := sorted(group.keys() ^ here.keys()):  # PyTorch would mix the two, and fail at the next step
            raise ValueError(f"it was saved by another kind of optimiser: only one of the two has {', '.join(other)}.")
    state = {}
    for key, array in saved.items():
        if key.startswith("state/"):
            _, index, name = key.split("/", 2)
            state.setdefault(int(index), {})[name] = torch.from_numpy(array)
    groups = [
        # JSON knows no tuples: betas come back as a list
        {key: tuple(value) if isinstance(here.get(key), tuple) else value for key, value in group.items()}
        for group, here in zip(saved["param_groups"], optimiser.param_groups, strict=True)
    ]
    optimiser.load_state_dict({"state": state, "param_groups": groups})
    for parameter, entry in optimiser.state.items():
        for name, value in entry.items():
            if isinstance(value, torch.Tensor) and value.shape == parameter.shape:
                # laid out in memory as the parameter is: Adam's fused step pairs their numbers by place, unchecked
                entry[name] = torch.empty_like(parameter, dtype=value.dtype, device=value.device).copy_(value)
