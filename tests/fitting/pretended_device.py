"""A device that is none: tensors that say that they are on ``meta``, and have numbers all the same.

What runs there takes every turn that code takes for a GPU, and comes out as on the processor. What mixes
tensors of both raises, as it would with a GPU, and so does a copy that nobody asked for by ``to``.
"""

import contextlib

import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_flatten, tree_map_only

PRETENDED = torch.device("meta", 1)

ASKED_FOR = {torch.ops.aten._to_copy.default, torch.ops.aten._local_scalar_dense.default}


class Pretended(torch.Tensor):
    """A tensor of the device; ``numbers`` is one of the processor."""

    @staticmethod
    def __new__(cls, numbers):
        size, strides, offset = numbers.size(), numbers.stride(), numbers.storage_offset()
        self = torch.Tensor._make_wrapper_subclass(
            cls, size, strides=strides, storage_offset=offset, dtype=numbers.dtype, device=PRETENDED
        )
        self.numbers = numbers
        return self

    @classmethod
    def __torch_dispatch__(cls, function, types, args=(), kwargs=None):
        raise AssertionError(f"{function} on the device outside of its block")

    def tolist(self):
        return self.numbers.tolist()


class _Mode(TorchDispatchMode):
    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        kwargs = dict(kwargs or {})
        tensors = [t for t in tree_flatten((args, kwargs))[0] if isinstance(t, torch.Tensor)]
        there = [t for t in tensors if isinstance(t, Pretended)]
        here = [t for t in tensors if not isinstance(t, Pretended) and t.ndim]
        assert not (there and here), f"{function} between the device and the processor"
        wanted = kwargs.get("device")
        on_device = bool(there) if wanted is None else torch.device(wanted) == PRETENDED
        if wanted is not None:
            assert not tensors or function in ASKED_FOR, f"{function} between devices"
            kwargs["device"] = "cpu"
        args, kwargs = tree_map_only(Pretended, lambda t: t.numbers, (args, kwargs))
        found = function(*args, **kwargs)
        if not on_device:
            return found
        same = {id(t.numbers): t for t in there}
        return tree_map_only(torch.Tensor, lambda t: same[id(t)] if id(t) in same else Pretended(t), found)


@contextlib.contextmanager
def pretended_device(monkeypatch):
    """Tensors may be sent to, and made on, ``PRETENDED`` inside the block."""
    plain = torch.tensor

    def tensor(data, *, dtype=None, device="cpu"):
        return plain(data, dtype=dtype).to(device)

    def new_tensor(self, data):
        return plain(data, dtype=self.dtype).to(self.device)

    with monkeypatch.context() as patch, _Mode():
        patch.setattr(torch, "tensor", tensor)
        patch.setattr(torch.Tensor, "new_tensor", new_tensor)
        yield
