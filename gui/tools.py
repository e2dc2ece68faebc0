"""What the window needs once somebody acts: made, and imported, when its first picture is on screen."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

from gui.commands.attach import AttachCommands
from gui.commands.blocks import BlockCommands
from gui.commands.clipboard import ClipboardCommands
from gui.commands.command_palette import CommandPalette
from gui.commands.drawing import DrawingCommands
from gui.commands.layout import LayoutCommands
from gui.commands.nodes import NodeListCommands
from gui.commands.training import FrontDock, TrainingCommands
from gui.inspector.inspector import Inspector
from gui.library import Library
from gui.node_list.node_list import NodeList
from gui.recipe.dock import RecipeDock
from gui.runs.commands import RunCommands
from gui.timeline.commands import TimelineCommands

if TYPE_CHECKING:
    from gui.window import MainWindow


class Tools(QObject):
    """Commands about the diagram, inspector and recipe, and the docks behind the list of layers."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        actions, canvas, settings = window.commands, window.canvas, window.settings
        self.inspector = Inspector(window.editor)
        self.recipe = RecipeDock(window.editor, window.training, window.engine, actions, settings)
        self.library = Library(window.editor)
        self.nodes = NodeList(window.editor)
        window.docks["inspector"].setWidget(self.inspector)
        window.docks["training"].setWidget(self.recipe)
        window.docks["library"].setWidget(self.library)
        window.docks["nodes"].setWidget(self.nodes)
        self.layout_commands = LayoutCommands(actions, canvas, window.documents, settings, window)
        self.block_commands = BlockCommands(actions, canvas, self.library, window)
        self.clipboard_commands = ClipboardCommands(actions, canvas, window)
        self.drawing_commands = DrawingCommands(actions, canvas, window)
        self.command_palette = CommandPalette(actions, settings, window)
        self.node_list_commands = NodeListCommands(
            actions, canvas, self.nodes, window.docks["nodes"], window
        )
        self.training_commands = TrainingCommands(
            actions, window.editor, window.training, self.recipe, window.reset_weights, window
        )
        self.inspector.training_wanted.connect(self.training_commands.show_form)
        self.front_dock = FrontDock(
            window.editor, window.training, window, window.docks["inspector"], window.docks["training"]
        )
        self.attach_commands = AttachCommands(actions, window)
        self.timeline_commands = TimelineCommands(window)
        self.run_commands = RunCommands(window)
        self.nodes.chosen.connect(window.go_to_node)
        for teller in (self.library, self.layout_commands, self.clipboard_commands):
            teller.message.connect(window.show_message)

    def shut_down(self) -> None:
        """What was begun in the background is done, or given up."""
        self.run_commands.shut_down()
