"""Commands that draw on the canvas without a mouse, and the menu of what lies under it."""

from __future__ import annotations

from functools import partial
from typing import cast

from PySide6.QtCore import QObject, QPoint, QPointF, Qt, Slot
from PySide6.QtWidgets import QMenu, QWidget

from engine.network.edits import Connect, Disconnect
from engine.network.model import Link
from engine.network.ports import output_ports
from gui.actions import COMMANDS, Actions
from gui.canvas import link_choices, walk
from gui.canvas.guides import united
from gui.canvas.view import CanvasView
from gui.canvas.walk import Way
from gui.choosing.chooser import Chooser
from gui.editor import Editor
from gui.theme import GRID

WAYS = ("go_down", "go_up", "go_left", "go_right")
_SEPARATOR = ""
#: The menu of a selection and that of the empty canvas. Commands that there are not yet are left out.
_HERE = (
    *("quick_add", "link_to", "unlink", _SEPARATOR),
    *("cut", "copy", "paste", "duplicate", "rename", _SEPARATOR),
    *("delete", "delete_only", _SEPARATOR),
    *(
        "group",
        "ungroup",
        "toggle_block",
        "enter_block",
        "freeze",
        _SEPARATOR,
        "arrange",
        "zoom_selection",
    ),
)
_EMPTY = (
    *("quick_add", "comment", "paste", _SEPARATOR, "select_all", _SEPARATOR),
    *("leave_block", "arrange", "fit", "zoom_reset", "export_diagram"),
)
#: Left out where they make no sense, to keep the menu short.
_WHEN_POSSIBLE = frozenset({"group", "ungroup", "toggle_block", "enter_block", "leave_block", "freeze"})


class DrawingCommands(QObject):
    def __init__(self, actions: Actions, canvas: CanvasView, window: QWidget) -> None:
        super().__init__(window)
        self._actions = actions
        self._canvas = canvas
        self._scene = canvas.scene()
        self._editor: Editor = canvas.scene().editor
        handlers = {
            "quick_add": canvas.quick_add.open,
            "delete_only": canvas.delete_without_healing,
            "link_to": self.link_to,
            "unlink": self.unlink,
            "canvas_menu": self.show_menu,
        }
        actions.handle(handlers)
        actions.handle(dict.fromkeys(WAYS, self._go))
        actions.only_in(canvas, ("quick_add", "delete_only", "canvas_menu", *WAYS))
        canvas.menu_wanted.connect(self.show_menu)
        editor = self._editor
        for signal in (
            editor.selection_changed,
            editor.changed,
            editor.replaced,
            editor.level_changed,
        ):
            signal.connect(self._enable)
        self._scene.links_selected.connect(self._enable)
        self._enable()

    @Slot()
    def _enable(self) -> None:
        """Each command with the reason why it makes no sense now."""
        network = self._editor.network
        selected = self._editor.selected
        node = None if selected is None else network.nodes[selected]
        gives = node is not None and bool(output_ports(network, node))
        reason = self.tr("Select one node that has an output.")
        self._actions.set_enabled("link_to", gives, reason)
        linked = bool(self._scene.selected_links) or any(
            network.incoming[key] or network.outgoing[key] for key in self._editor.selection
        )
        self._actions.set_enabled("unlink", linked, self.tr("No link is selected."))
        some = bool(self._editor.selection or self._scene.selected_links)
        for name in ("delete", "delete_only"):
            self._actions.set_enabled(name, some, self.tr("Nothing is selected."))
        nodes = bool(network.nodes)
        for name in WAYS:
            self._actions.set_enabled(name, nodes, self.tr("The network is empty."))

    # Links

    @Slot()
    def link_to(self) -> None:
        """Choose a node, and link the selected one to it."""
        node_id = self._editor.selected
        if node_id is None:
            return
        choices = link_choices.links_from(self._editor.network, node_id)
        title = self.tr("Link to which node?")
        nothing = self.tr("No node matches “{text}”.")
        if not choices:
            nothing = self.tr("There is no other node with an input.")
        chooser = Chooser(self._canvas, choices, title, nothing)
        chooser.open_at(self._in_window(self._place_below()))
        chooser.chosen.connect(self._link)
        self._editor.changed.connect(chooser.leave)
        self._editor.replaced.connect(chooser.leave)
        self._editor.level_changed.connect(chooser.leave)

    @Slot(object)
    def _link(self, link: Link) -> None:
        self._editor.edit(Connect(link), self.tr("Link"))

    @Slot()
    def unlink(self) -> None:
        links = self._links()
        if links:
            self._editor.edit(Disconnect(links), self.tr("Unlink"))

    def _links(self) -> frozenset[Link]:
        """The selected links, or, where none is, those of the selected nodes."""
        if self._scene.selected_links:
            return self._scene.selected_links
        network = self._editor.network
        ids = self._editor.selection
        return frozenset(link for key in ids for link in network.incoming[key] + network.outgoing[key])

    # Going about

    @Slot()
    def _go(self) -> None:
        """To the node that a key leads to, and into sight."""
        way = cast(Way, self.sender().objectName().removeprefix("go_"))
        network, selection = self._editor.network, self._editor.selection
        start = next((key for key in network.order if key in selection), None)
        to = (
            walk.first(network, self._editor.level)
            if start is None
            else walk.neighbour(network, start, way)
        )
        if to is None:
            return
        self._scene.select_links(frozenset())
        self._editor.select(frozenset({to}))
        if self._scene.shows(to):
            self._canvas.ensureVisible(self._scene.card_rect(to))

    # The menu

    @Slot()
    @Slot(object)
    def show_menu(self, pixel: object = None) -> None:
        """What can be done with what is selected, or with the canvas."""
        some = bool(self._editor.selection or self._scene.selected_links)
        place = pixel if isinstance(pixel, QPoint) else self._canvas.mapFromScene(self._place_below())
        menu = QMenu(self._canvas)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.setToolTipsVisible(True)
        for name in _HERE if some else _EMPTY:
            if name == _SEPARATOR:
                menu.addSeparator()
            elif name == "quick_add" and pixel is not None and not some:
                self._offer_to_add(menu, self._canvas.mapToScene(place))
            elif name in COMMANDS and (name not in _WHEN_POSSIBLE or self._actions[name].isEnabled()):
                menu.addAction(self._actions[name])
        menu.popup(self._canvas.viewport().mapToGlobal(place))

    def _offer_to_add(self, menu: QMenu, point: QPointF) -> None:
        """As the command does, but where the menu was opened."""
        command = self._actions["quick_add"]
        here = menu.addAction(command.icon(), command.text())
        here.triggered.connect(partial(self._add_at, point))

    def _add_at(self, point: QPointF, _: bool = False) -> None:
        self._canvas.quick_add.open_at(point)

    def _place_below(self) -> QPointF:
        """A scene point under what is selected; the middle of what is in sight when nothing is."""
        shown = [key for key in self._editor.selection if self._scene.shows(key)]
        links = self._scene.selected_links
        if shown:
            return united(map(self._scene.card_rect, shown)).bottomLeft() + QPointF(0, GRID)
        if links:
            return self._scene.link_item(next(iter(links))).label.pos()
        return self._canvas.mapToScene(self._canvas.viewport().rect().center())

    def _in_window(self, point: QPointF) -> QPoint:
        viewport = self._canvas.viewport()
        return viewport.mapTo(self._canvas.window(), self._canvas.mapFromScene(point))
