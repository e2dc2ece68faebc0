"""Every command of the window, once: its title, shortcut, icon and help."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from PySide6.QtCore import QT_TRANSLATE_NOOP, QCoreApplication, QObject, Qt, Slot
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QWidget

from gui.icons import icon
from gui.theme import appearance


@dataclass(frozen=True)
class Command:
    """`help` is the tooltip and the line in the list of shortcuts."""

    id: str
    title: str
    shortcut: str
    icon: str
    help: str


def _(text: str) -> str:
    return str(QT_TRANSLATE_NOOP("actions", text))


COMMANDS: Mapping[str, Command] = {
    command.id: command
    for command in (
        Command("new", _("&New"), "Ctrl+N", "new", _("Start an empty network")),
        Command("open", _("&Open…"), "Ctrl+O", "open", _("Open a saved network")),
        Command("save", _("&Save"), "Ctrl+S", "save", _("Save the network with its weights")),
        Command("save_as", _("Save &As…"), "Ctrl+Shift+S", "", _("Save under another name")),
        Command("quit", _("&Quit"), "Ctrl+Q", "", _("Close the window")),
        Command("undo", _("&Undo"), "Ctrl+Z", "undo", _("Take back the last edit")),
        Command("redo", _("&Redo"), "Ctrl+Shift+Z", "redo", _("Do again what was taken back")),
        Command("cut", _("Cu&t"), "Ctrl+X", "", _("Cut what is selected")),
        Command("copy", _("&Copy"), "Ctrl+C", "copy", _("Copy the selected nodes, as text")),
        Command("paste", _("&Paste"), "Ctrl+V", "", _("Paste copied nodes")),
        Command("duplicate", _("Dupl&icate"), "Ctrl+D", "", _("Copy the selected nodes beside them")),
        Command("rename", _("Re&name"), "F2", "", _("Rename the selected node in place")),
        Command("find", _("&Find…"), "Ctrl+F", "search", _("Find a node in the list of nodes")),
        Command(
            "delete",
            _("&Delete"),
            "Del",
            "delete",
            _("Delete what is selected; what fed a node then feeds what it fed"),
        ),
        Command(
            "delete_only",
            _("Delete &Without Healing"),
            "Shift+Del",
            "",
            _("Delete what is selected, and every link that touches it"),
        ),
        Command(
            "quick_add",
            _("Add &Layer…"),
            "Tab",
            "plus",
            _("Add a layer by typing: after the selected node, or into the selected link"),
        ),
        Command("link_to", _("Lin&k To…"), "Ctrl+K", "", _("Link the selected node to another")),
        Command(
            "unlink",
            _("&Unlink"),
            "Ctrl+Shift+K",
            "",
            _("Take away the selected links, or all links of the selected nodes"),
        ),
        Command("go_down", _("Next Node"), "Ctrl+Down", "", _("Go along a link to the next node")),
        Command("go_up", _("Previous Node"), "Ctrl+Up", "", _("Go back along a link")),
        Command("go_left", _("Node to the Left"), "Ctrl+Left", "", _("Go to the node on the left")),
        Command("go_right", _("Node to the Right"), "Ctrl+Right", "", _("Go to the node on the right")),
        Command("canvas_menu", _("Canvas Menu"), "Shift+F10", "", _("What can be done here")),
        Command(
            "command_palette",
            _("&Command Palette…"),
            "Ctrl+Shift+P",
            "search",
            _("Find any command by typing"),
        ),
        Command("select_all", _("Select &All"), "Ctrl+A", "", _("Select every node")),
        Command("train", _("&Train"), "F5", "train", _("Train, or go on after a pause")),
        Command("pause", _("&Pause"), "F6", "pause", _("Hold the training where it is")),
        Command("step", _("Ste&p"), "F10", "step", _("Train on one batch, then pause")),
        Command("stop", _("&Stop"), "Shift+F5", "stop", _("End the training, keep the weights")),
        Command(
            "reset",
            _("&Reset to the Same Initial Weights"),
            "Ctrl+Shift+R",
            "reset",
            _("Forget what was learned: the next training starts from the seed's initial weights"),
        ),
        Command(
            "new_weights",
            _("&New Initial Weights"),
            "Ctrl+Shift+N",
            "dice",
            _("Forget what was learned, and start from other weights: those of another seed"),
        ),
        Command(
            "freeze",
            _("&Freeze"),
            "Ctrl+I",
            "frozen",
            _("The selected layers keep their weights while others learn, or learn again"),
        ),
        Command("recipe", _("&Training Settings…"), "Ctrl+T", "settings", _("Set how to train")),
        Command("attach", _("&Attach to a Run…"), "", "", _("Watch a training that runs elsewhere")),
        Command("detach", _("&Detach"), "", "", _("Leave the run elsewhere alone, train here again")),
        Command("play_back", _("Play &Back"), "Alt+P", "", _("Walk through the recorded states")),
        Command("earlier_state", _("&Earlier State"), "Alt+Left", "", _("One recorded state back")),
        Command("later_state", _("&Later State"), "Alt+Right", "", _("One recorded state on")),
        Command("go_live", _("Return to Li&ve"), "Alt+End", "live", _("Show the newest step again")),
        Command(
            "continue_from",
            _("&Continue from Here…"),
            "Ctrl+F5",
            "fork",
            _("Begin a new run from the recorded step that is shown"),
        ),
        Command("timeline", _("Time&line"), "", "", _("The recorded states of a run, to go back to")),
        Command("runs", _("R&uns"), "Ctrl+Shift+H", "", _("All runs so far, to compare and resume")),
        Command("zoom_in", _("Zoom &In"), "Ctrl++", "zoom-in", _("Larger")),
        Command("zoom_out", _("Zoom &Out"), "Ctrl+-", "zoom-out", _("Smaller")),
        Command("zoom_reset", _("&Actual Size"), "Ctrl+0", "", _("Show the canvas at 100 %")),
        Command("fit", _("&Fit"), "Ctrl+9", "fit", _("Show the whole network")),
        Command("zoom_selection", _("Fit Se&lection"), "Ctrl+8", "", _("Show all that is selected")),
        Command("minimap", _("&Map"), "Ctrl+M", "", _("A map of a network too large for the view")),
        Command(
            "previews",
            _("&Previews"),
            "",
            "",
            _("Show on each card what the network, as it is drawn, makes of one sample"),
        ),
        Command("next_sample", _("Ne&xt Sample"), "Ctrl+]", "", _("Look at the next sample")),
        Command("previous_sample", _("Pre&vious Sample"), "Ctrl+[", "", _("Look at the sample before")),
        Command("reduce_motion", _("Reduce M&otion"), "", "", _("Nothing glides on the canvas")),
        Command(
            "arrange",
            _("A&rrange"),
            "Ctrl+L",
            "arrange",
            _("Order the selected nodes, or all, in rows from top to bottom"),
        ),
        Command("align_left", _("&Left Sides"), "", "", _("Align the left sides")),
        Command("align_center", _("&Centers"), "", "", _("Align the nodes in one column")),
        Command("align_right", _("&Right Sides"), "", "", _("Align the right sides")),
        Command("align_top", _("&Tops"), "", "", _("Align the upper sides")),
        Command("align_middle", _("&Middles"), "", "", _("Align the nodes in one row")),
        Command("align_bottom", _("&Bottoms"), "", "", _("Align the lower sides")),
        Command(
            "distribute_horizontally",
            _("Distribute &Horizontally"),
            "",
            "",
            _("Equal gaps from left to right"),
        ),
        Command(
            "distribute_vertically",
            _("Distribute &Vertically"),
            "",
            "",
            _("Equal gaps from top to bottom"),
        ),
        Command(
            "export_diagram",
            _("&Export Diagram…"),
            "Ctrl+Shift+E",
            "",
            _("Save the diagram as a PNG, SVG or PDF picture"),
        ),
        Command("group", _("&Make a Block"), "Ctrl+G", "", _("The selected nodes become one block")),
        Command("ungroup", _("&Take Apart"), "Ctrl+Shift+G", "", _("A block's nodes take its place")),
        Command(
            "toggle_block",
            _("&Open or Close"),
            "Ctrl+E",
            "",
            _("Show the inside of the block in place, or its card"),
        ),
        Command("enter_block", _("Step &Inside"), "Ctrl+Return", "", _("Show only its inside")),
        Command("leave_block", _("Step O&ut"), "Alt+Up", "", _("Back to what lies around the block")),
        Command("save_block", _("&Save to Library"), "", "", _("Keep the block for other networks")),
        Command("comment", _("Add a &Comment"), "Ctrl+Shift+C", "", _("Words beside the network")),
        Command(
            "frame", _("Add a &Frame"), "Ctrl+Shift+F", "", _("A coloured ground for the selection")
        ),
        Command("lens_structure", _("&Structure"), "", "", _("Colour cards by the family of layer")),
        Command("lens_parameters", _("&Parameters"), "", "", _("Colour cards by what they learn")),
        Command("lens_flops", _("&FLOPs"), "", "", _("Colour cards by what they compute")),
        Command("lens_memory", _("&Memory"), "", "", _("Colour cards by what they keep in memory")),
        Command("lens_values", _("&Values"), "", "", _("Colour links by the size of their values")),
        Command("lens_gradients", _("&Gradients"), "", "", _("Colour links by their gradient")),
        Command("lens_updates", _("&Updates"), "", "", _("Colour by how far a step moves the weights")),
        Command("next_lens", _("&Next Lens"), "F9", "", _("Show something else on the canvas")),
        Command("legend", _("Le&gend"), "", "", _("What the colours on the canvas mean")),
        Command("problems", _("&Problems"), "Ctrl+Shift+M", "", _("List what is wrong, with fixes")),
        Command("next_problem", _("&Next Problem"), "F8", "", _("Go to the next problem")),
        Command("theme", _("&Dark Theme"), "Ctrl+Shift+L", "theme", _("Light or dark")),
        Command("shortcuts", _("&Keyboard and Mouse"), "F1", "help", _("How to do what")),
        Command("about", _("&About Backlit"), "", "info", _("Version and licences")),
    )
}


class Actions(QObject):
    """A QAction for each command, on the window so that its shortcut works everywhere in it."""

    def __init__(self, window: QWidget) -> None:
        super().__init__(window)
        self._actions = {command.id: QAction(window) for command in COMMANDS.values()}
        self._reasons: dict[str, str] = {}
        for name, action in self._actions.items():
            command = COMMANDS[name]
            action.setText(QCoreApplication.translate("actions", command.title))
            action.setShortcut(QKeySequence(command.shortcut))
            action.setObjectName(name)
            window.addAction(action)
        self.enable_all()
        self.tint()
        appearance.changed.connect(self.tint)

    def __getitem__(self, name: str) -> QAction:
        return self._actions[name]

    def handle(self, handlers: Mapping[str, Callable[[], object]]) -> None:
        for name, handler in handlers.items():
            self._actions[name].triggered.connect(handler)

    def enable_all(self) -> None:
        for name in self._actions:
            self.set_enabled(name, True)

    def set_enabled(self, name: str, enabled: bool, reason: str = "") -> None:
        """`reason`: why it is disabled, shown where the mouse asks and in the command palette."""
        self._reasons[name] = reason
        command, action = COMMANDS[name], self._actions[name]
        action.setEnabled(enabled)
        help_text = QCoreApplication.translate("actions", command.help)
        keys = action.shortcut().toString(QKeySequence.SequenceFormat.NativeText)
        first = "{0} ({1})".format(help_text, keys) if keys else help_text
        action.setToolTip(first if enabled or not reason else "{0}\n{1}".format(first, reason))
        action.setStatusTip(help_text)

    def reason(self, name: str) -> str:
        """Why a command is disabled."""
        return self._reasons.get(name, "") or self.tr("Not possible now")

    def only_in(self, widget: QWidget, names: Iterable[str]) -> None:
        """The keys of these commands belong to one widget: elsewhere they do what they always do."""
        for name in names:
            self._actions[name].setShortcutContext(Qt.ShortcutContext.WidgetShortcut)
            widget.addAction(self._actions[name])

    @Slot()
    def tint(self) -> None:
        for name, action in self._actions.items():
            if COMMANDS[name].icon:
                action.setIcon(icon(COMMANDS[name].icon))
