"""Changes of the recipe, each of them one undo step, with words for the list of undo steps."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError
from PySide6.QtCore import QCoreApplication

from engine.network.model import ParameterValue
from engine.recipe.option import Option
from gui.editor import Editor
from gui.recipe.place import Place, with_kind, with_value
from gui.recipe.row import ParameterRow


def set_field(editor: Editor, row: ParameterRow, name: str, value: Any) -> None:
    """A plain field of the recipe, from its row."""
    title = _tr("Set {0}").format(row.title.full_text)
    _set(editor, row, title, f"recipe.{name}" if row.merges else "", {name: value})


def set_value(editor: Editor, row: ParameterRow, place: Place, value: ParameterValue) -> None:
    """A parameter of the choice at `place`, from its row."""
    recipe, name = editor.project.recipe, row.parameter.name
    choice = place.find(recipe)
    if choice is not None:
        title = _tr("Set {0} of {1}").format(row.title.full_text, choice.option.title)
        merge = f"recipe.{place}.{name}" if row.merges else ""
        _set(editor, row, title, merge, place.put(recipe, with_value(choice, name, value)))


def choose(editor: Editor, place: Place, option: Option) -> None:
    """Another option at `place`."""
    recipe = editor.project.recipe
    changed = place.put(recipe, with_kind(place.find(recipe), option))
    editor.set_recipe(_tr("Choose {0}").format(option.title), merge="", **changed)


def drop(editor: Editor, place: Place, title: str) -> None:
    """No choice at `place`."""
    recipe = editor.project.recipe
    if place.own(recipe) is not None:
        editor.set_recipe(title, merge="", **place.put(recipe, None))


def append(editor: Editor, field: str, option: Option) -> None:
    """One more choice at the end of a list."""
    chosen = editor.project.recipe.model_dump()[field]
    changed = {field: (*chosen, {"kind": option.kind})}
    editor.set_recipe(_tr("Add {0}").format(option.title), merge="", **changed)


def _set(editor: Editor, row: ParameterRow, title: str, merge: str, values: Mapping[str, Any]) -> None:
    try:
        editor.set_recipe(title, merge=merge, **values)
    except ValidationError as error:
        row.say(error.errors()[0]["msg"].removeprefix("Value error, "))


def _tr(text: str) -> str:
    return QCoreApplication.translate("recipe", text)
