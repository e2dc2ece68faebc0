"""The diagram: a picture of the Network and the gestures that edit it."""

from gui.canvas.scene import CanvasScene
from gui.canvas.view import CanvasView

__all__ = ["CanvasScene", "CanvasView"]
