"""The sample sheet of the product: a fire alarm plan that is drawn here, with the truth of what is on it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from app.engine.geometry import Box, Pose
from training.canvas import Pixels, affine
from training.sample.building import PARTS
from training.sample.devices import Copy, install
from training.sample.frame import CLOUDED, draw_frame, legend_place
from training.sample.legend import DEVICES, LOOK_ALIKES, Device
from training.sample.notes import draw_addresses, draw_cloud, draw_key_notes, draw_room_names, reserved
from training.sample.paper import DPI, Paper
from training.sample.walls import draw_link, draw_part
from training.sample.wiring import draw_wiring
from training.truth import Drawing, Instance

SEED = 2026


@dataclass(frozen=True)
class Sample:
    """The sheet; a symbol's example is the one in the legend and not among the instances."""

    drawing: Drawing[Device]
    examples: tuple[Box, ...]  # the legend's example of each symbol, tight, pixels
    copies: tuple[Copy, ...]  # one an instance


def make_sample(dpi: int = DPI) -> Sample:
    """Draws the sheet; its layout is the same at every resolution."""
    paper = Paper(dpi)
    taken = reserved(PARTS)
    copies = install(PARTS, taken, np.random.default_rng(SEED))
    draw_link(paper)
    for part in PARTS:
        draw_part(paper, part)
    draw_wiring(paper, PARTS, copies)
    for copy in copies:
        pose = copy.pose
        paper.draw(copy.device.shape, copy.device.layer, affine(pose.x, pose.y, copy.device.unit, pose.angle, pose.mirrored))
    draw_room_names(paper, PARTS)
    draw_addresses(paper, copies)
    draw_key_notes(paper, copies, taken)
    draw_cloud(paper, CLOUDED, "2")
    draw_frame(paper)
    instances = tuple(_instance(copy, paper.scale, dpi / DPI) for copy in copies)
    examples = tuple(_example(device, paper.scale, dpi / DPI) for device in DEVICES)
    return Sample(Drawing(_few_colours(paper.pixels()), instances, DEVICES), examples, copies)


def _ink_size(device: Device, scale: float, weight: float) -> tuple[float, float]:
    width, height = device.size()
    return width * scale + device.layer.width * weight, height * scale + device.layer.width * weight


def _instance(copy: Copy, scale: float, weight: float) -> Instance:
    pose = Pose(copy.pose.x * scale, copy.pose.y * scale, copy.pose.angle, copy.pose.mirrored)
    return Instance(DEVICES.index(copy.device), pose, *_ink_size(copy.device, scale, weight))


def _example(device: Device, scale: float, weight: float) -> Box:
    x, y = legend_place(device)
    width, height = _ink_size(device, scale, weight)
    return Box(x * scale - width / 2, y * scale - height / 2, width, height)


def _few_colours(pixels: Pixels) -> Pixels:
    """Six levels a channel, so that the file has a palette and stays small."""
    levels: Pixels = ((pixels.astype(np.uint16) + 25) // 51 * 51).astype(np.uint8)
    return levels


__all__ = ["DEVICES", "LOOK_ALIKES", "SEED", "Sample", "make_sample"]
