"""Networks for inference: normalisations folded into the convolutions before them, in the precision a device is fastest at."""

from __future__ import annotations

import copy
from typing import TypeVar

import torch
from torch import nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from app.engine.encoder import BasicBlock

NetworkT = TypeVar("NetworkT", bound=nn.Module)


def on_device(network: NetworkT, device: str) -> NetworkT:
    """The network itself, moved, its weights laid out channels last: convolutions are fastest with that."""
    # torch's overloads of Module.to leave memory_format out
    moved: NetworkT = network.to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]
    return moved


def precision(device: str) -> torch.dtype:
    """bfloat16 where the device multiplies it, as CUDA's and the latest Intel and AMD processors do; it is several times as
    fast there. Else float32: a processor that only imitates bfloat16 is many times slower."""
    if device.startswith("cuda"):
        native = torch.cuda.is_bf16_supported(including_emulation=False)
    else:
        native = torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported()
    return torch.bfloat16 if native else torch.float32


def fused(network: NetworkT) -> NetworkT:
    """A copy that computes the same in eval mode with half the passes over memory."""
    result = copy.deepcopy(network).eval()
    for module in result.modules():
        if isinstance(module, BasicBlock):
            module.conv1 = fuse_conv_bn_eval(module.conv1, module.bn1)
            module.conv2 = fuse_conv_bn_eval(module.conv2, module.bn2)
            module.bn1, module.bn2 = nn.Identity(), nn.Identity()  # type: ignore[assignment]
        elif isinstance(module, nn.Sequential):
            _fold(module)
    return result


def _fold(layers: nn.Sequential) -> None:
    """Folds each normalisation of a sequence into the convolution right before it."""
    for n in range(len(layers) - 1):
        before, after = layers[n], layers[n + 1]
        if isinstance(before, nn.Conv2d) and isinstance(after, nn.BatchNorm2d):
            layers[n], layers[n + 1] = fuse_conv_bn_eval(before, after), nn.Identity()
