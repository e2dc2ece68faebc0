"""The way of the Tab key through widgets that are made anew."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QWidget


def put_in_tab_order(before: QWidget, holder: QWidget) -> None:
    """Behind `before`, in the order they were laid out: a new widget comes last in the window
    otherwise."""
    for widget in _in_layout_order(holder):
        stops = widget.focusPolicy().value & Qt.FocusPolicy.TabFocus.value
        here = widget.window() is before.window()  # the list of a combo box is a window itself
        if stops and here and widget.focusProxy() is None:
            QWidget.setTabOrder(before, widget)
            before = widget


def _in_layout_order(holder: QWidget) -> list[QWidget]:
    """All widgets in it, those in a layout as they are seen, the others as they were made."""
    found: list[QWidget] = []
    layout = holder.layout()
    ordered: list[QWidget] = []
    if layout is not None:
        queue = [layout]
        while queue:
            current = queue.pop(0)
            inner = []
            for index in range(current.count()):
                item = current.itemAt(index)
                assert item is not None
                widget, nested = item.widget(), item.layout()
                if widget is not None:
                    ordered.append(widget)
                elif nested is not None:
                    inner.append(nested)
            queue = inner + queue
    direct = [child for child in holder.children() if isinstance(child, QWidget)]
    for child in [*ordered, *(child for child in direct if child not in ordered)]:
        found.append(child)
        found += _in_layout_order(child)
    return found
