"""stand-in"""

from __future__ import annotations


class EarlyStopping:
    def __init__(self, patience: int) -> None:
        self.patience = patience
        self.best = float("inf")
        self.best_step = 0
        self.waited = 0

    def update(self, value: float, step: int) -> bool:
        """Take a validation loss; whether it is the best."""
        if value < self.best:
            self.best, self.best_step, self.waited = value, step, 0
            return True
        self.waited += 1
        return False

    @property
    def over(self) -> bool:
        return bool(self.patience) and self.waited >= self.patience

    def values(self):  # type: ignore
        return {"best": self.best, "best_step": self.best_step, "waited": self.waited}

    def restore(self, values) -> None:  # type: ignore
        self.best, self.best_step, self.waited = values["best"], values["best_step"], values["waited"]
