"""Looks at one training step for a watcher. Steps that nobody watches never come here."""

from __future__ import annotations

from dataclasses import replace

import torch
from torch import Tensor

from engine.build.module import NetworkModule
from engine.probes.activations import feature_maps, output_rms
from engine.probes.gradients import (
    OutputGradients,
    copies,
    gradient_histogram,
    layer_gradients,
)
from engine.probes.sample import Samples
from engine.probes.thumbnails import thumbnails
from engine.telemetry.frame import Frame, Watch


class Observer:
    """Knows the module and the validation samples it is looked at with."""

    def __init__(self, module: NetworkModule, samples: Samples) -> None:
        self._module = module
        self._samples = samples

    def begin(self, watch: Watch) -> WatchedStep:
        return WatchedStep(self._module, watch)

    def with_activations(self, frame: Frame, watch: Watch) -> Frame:
        """The frame with what the network, in evaluation mode, makes of the watched sample."""
        if watch.maps_node is None and not watch.thumbnails:
            return frame
        sample = self._samples.take(watch.sample)
        outputs, kept = self._evaluated(sample.x)
        with torch.no_grad():
            ran = self._module.ran(kept, sample.x)
            small = thumbnails(ran, watch.thumbnails, self._module.node_ids[-1], sample)
        maps = None
        if watch.maps_node is not None:
            predicted = int(outputs[0].argmax())
            maps = feature_maps(
                watch.maps_node, sample.number, kept, sample.x[:1], sample.label, predicted
            )
        return replace(frame, maps=maps, thumbnails=small)

    def with_values(self, frame: Frame, x: Tensor) -> Frame:
        """The frame with how large the outputs are for a batch x (N, *shape), between two steps."""
        return replace(frame, values=output_rms(self._evaluated(x)[1]))

    def _evaluated(self, x: Tensor) -> tuple[Tensor, dict[str, Tensor]]:
        """The network's and every node's output, in evaluation mode: looking changes nothing."""
        kept: dict[str, Tensor] = {}
        was_training = self._module.training
        self._module.eval()
        with torch.no_grad():
            outputs = self._module.observe(x, kept)
        self._module.train(was_training)
        return outputs, kept


class WatchedStep:
    """The probes of one step, called at the moments when their values exist."""

    def __init__(self, module: NetworkModule, watch: Watch) -> None:
        self._watch = watch
        self._trainable = module.trainable()
        #: Filled by the forward pass with every node's output.
        self.kept: dict[str, Tensor] = {}

    def before_backward(self) -> None:
        if self._watch.gradients:
            self._flow = OutputGradients(self.kept)

    def before_update(self) -> None:
        if self._watch.gradients:
            self._before = copies(self._trainable)

    def frame(self, frame: Frame) -> Frame:
        """`frame` with the gradients and values of this step; call after the update."""
        watch = self._watch
        if watch.gradients:
            flow = self._flow.norms()
            frame = replace(
                frame,
                gradients=layer_gradients(self._trainable, self._before),
                flow=flow,
                flow_reference=list(flow.values())[-1] if flow else 0.0,
            )
        if watch.values:
            frame = replace(frame, values=output_rms(self.kept))
        group = self._trainable.get(watch.histogram_node or "")
        if group is not None and watch.histogram_node is not None:
            frame = replace(frame, histogram=gradient_histogram(watch.histogram_node, group))
        return frame
