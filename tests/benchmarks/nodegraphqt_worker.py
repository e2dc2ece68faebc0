"""The same diagram in NodeGraphQt, off-screen and at 1x. Run by the Python that has it installed, with
the file of the diagram; writes seconds for building and ms a frame as JSON.

A frame is what it is in canvas_worker.py: the zoom changed by a hair and one synchronous repaint.
"""

from __future__ import annotations

import itertools
import json
import statistics
import sys
import time
from pathlib import Path
from typing import Any

from NodeGraphQt import BaseNode, NodeGraph
from PySide6.QtWidgets import QApplication

FRAMES, WARM_UP, BUILDINGS = 40, 5, 3


class LayerNode(BaseNode):
    __identifier__ = "bench"
    NODE_NAME = "Layer"

    def __init__(self) -> None:
        super().__init__()
        self.add_input("in", multi_input=True)
        self.add_output("out")


def build(diagram: dict[str, Any]) -> NodeGraph:
    graph = NodeGraph()
    graph.register_node(LayerNode)
    made = {
        key: graph.create_node(
            "bench.LayerNode", name=name, pos=[x, y], selected=False, push_undo=False
        )
        for key, name, x, y in diagram["nodes"]
    }
    for source, target in diagram["links"]:
        made[source].output(0).connect_to(made[target].input(0), push_undo=False)
    return graph


def frame_time(graph: NodeGraph) -> float:
    viewer = graph.viewer()
    viewer.fitInView(viewer.scene().itemsBoundingRect())
    factors = itertools.cycle((0.995, 1 / 0.995))
    times = []
    for number in range(WARM_UP + FRAMES):
        QApplication.processEvents()
        start = time.perf_counter()
        factor = next(factors)
        viewer.scale(factor, factor)
        viewer.viewport().repaint()
        if number >= WARM_UP:
            times.append(time.perf_counter() - start)
    return statistics.median(times) * 1000


def main() -> None:
    _application = QApplication(sys.argv[:1])
    diagram = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    times = []
    for _ in range(BUILDINGS):
        start = time.perf_counter()
        graph = build(diagram)
        times.append(time.perf_counter() - start)
    graph.widget.resize(1280, 800)
    graph.widget.show()
    QApplication.processEvents()
    print(json.dumps({"building": statistics.median(times), "frame": frame_time(graph)}))


if __name__ == "__main__":
    main()
