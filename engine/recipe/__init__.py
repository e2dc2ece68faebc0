"""How to train: one validated value, and the declarations of everything it can name.

`OPTIMIZERS`, `SCHEDULES`, `LOSSES`, `METRICS`, `INITIALIZERS` and `AUGMENTATIONS` each have a file of
their own; a new option is one more entry there. Forms, validation and help follow from it.
"""
