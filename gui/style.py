"""The few rules that Fusion's palette cannot express, as one style sheet."""

from __future__ import annotations

import resources
from gui.theme import CORNER, GRID, Theme


def style_sheet(theme: Theme) -> str:
    half = GRID // 2
    # A style sheet cannot tint a picture: one for each theme.
    check = resources.path("icons", f"check-{theme.name}.svg").as_posix()
    return f"""
QMainWindow::separator {{ background: {theme.line}; width: 1px; height: 1px; }}
QMainWindow::separator:hover {{ background: {theme.accent}; }}
QDockWidget::title {{ background: {theme.window}; padding: {half}px {GRID}px; }}
QToolBar {{ background: {theme.window}; border: 0; border-bottom: 1px solid {theme.line};
    padding: {half}px; spacing: 2px; }}
QToolBar::separator {{ background: {theme.line}; width: 1px; margin: {half}px {half}px; }}
QToolButton {{ border: 1px solid transparent; border-radius: {CORNER}px; padding: {half}px; }}
QToolButton:hover {{ background: {theme.raised}; border-color: {theme.line}; }}
QToolButton:pressed, QToolButton:checked {{ background: {theme.selection}; }}
QMenuBar {{ background: {theme.window}; }}
QMenuBar::item {{ padding: {half}px {GRID}px; }}
QMenuBar::item:selected {{ background: {theme.raised}; }}
QStatusBar {{ background: {theme.window}; border-top: 1px solid {theme.line}; }}
QStatusBar::item {{ border: 0; }}
QToolTip {{ background: {theme.surface}; color: {theme.text}; border: 1px solid {theme.line};
    padding: {half}px; }}
QCheckBox::indicator {{ width: 12px; height: 12px; border: 1px solid {theme.muted}; border-radius: 3px;
    background: {theme.surface}; }}
QCheckBox::indicator:hover, QCheckBox::indicator:focus {{ border-color: {theme.accent}; }}
QCheckBox::indicator:checked {{ background: {theme.accent}; border-color: {theme.accent};
    image: url("{check}"); }}
#node-tree {{ background: {theme.surface}; border: 0; }}
#node-tree QHeaderView::section {{ background: {theme.window}; color: {theme.muted}; border: 0;
    border-bottom: 1px solid {theme.line}; padding: {half}px; }}
#node-tree QHeaderView {{ background: {theme.window}; }}
#node-tree::item:selected {{ background: {theme.selection}; color: {theme.text}; }}
#node-tree::item:hover:!selected {{ background: {theme.raised}; }}
#run-table, #run-tree {{ background: {theme.surface}; border: 0; }}
#run-table QHeaderView::section, #run-tree QHeaderView::section {{ background: {theme.window};
    color: {theme.muted}; border: 0; border-bottom: 1px solid {theme.line}; padding: {half}px; }}
#run-table QHeaderView, #run-tree QHeaderView {{ background: {theme.window}; }}
#run-table::item:selected, #run-tree::item:selected {{ background: {theme.selection};
    color: {theme.text}; }}
#palette-layers {{ background: {theme.surface}; border: 0; }}
#palette-layers::item:selected {{ background: {theme.selection}; color: {theme.text}; }}
#palette-layers::item:hover:!selected {{ background: {theme.raised}; }}
#chooser {{ background: {theme.surface}; border: 1px solid {theme.line}; border-radius: {GRID}px; }}
#chooser QListView {{ background: transparent; border: 0; }}
#chooser QLabel {{ background: transparent; color: {theme.muted}; }}
QScrollArea, QScrollArea > QWidget > QWidget {{ background: transparent; }}
QScrollBar:vertical {{ background: transparent; width: {GRID}px; margin: 0; }}
QScrollBar:horizontal {{ background: transparent; height: {GRID}px; margin: 0; }}
QScrollBar::handle {{ background: {theme.line}; border-radius: {half}px; min-height: 24px;
    min-width: 24px; }}
QScrollBar::handle:hover {{ background: {theme.muted}; }}
QScrollBar::add-line, QScrollBar::sub-line {{ width: 0; height: 0; }}
QScrollBar::add-page, QScrollBar::sub-page {{ background: transparent; }}
"""
