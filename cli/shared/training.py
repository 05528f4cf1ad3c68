"""What a long training says while it runs."""

import time
from contextlib import ExitStack
from typing import TYPE_CHECKING, Self

from .output import progress_bar, say

if TYPE_CHECKING:
    from catalog import EpochLosses, Member, Plan


class TrainingTalk:
    """A bar over all epochs on a terminal, and a line per finished model anywhere."""

    def __enter__(self) -> Self:
        self._stack = ExitStack()
        self._bar = self._stack.enter_context(progress_bar("training"))
        self._n_epoch = 0
        self._reached: dict[Member, int] = {}
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def plan(self, plan: "Plan") -> None:
        """Says what is about to be trained."""
        recipe = plan.recipe
        where = f"{recipe.window[0]:g} to {recipe.window[1]:g} Å" if recipe.window else "the full range"
        if plan.untrained:
            say(
                f"ensemble {plan.name}: {len(plan.untrained)} of {plan.n_model} models to train, {recipe.epochs} "
                f"epoch{'s' if recipe.epochs > 1 else ''} each, on {plan.n_spectrum} spectra over {where}"
            )
        self._started = time.monotonic()

    def epoch(self, plan: "Plan", member: "Member", epoch: "EpochLosses") -> None:
        """Moves the bar, and says a line at the end of a model, and where one goes on after an interruption."""
        epochs = plan.recipe.epochs
        if member not in self._reached and epoch.number > 1:
            say(f"MODEL{member.number} goes on after epoch {epoch.number - 1}")
        self._n_epoch += 1
        self._reached[member] = epochs if epoch.diverged else epoch.number
        done, total = sum(self._reached.values()), len(plan.untrained) * epochs
        self._bar(
            f"MODEL{member.number} losses {epoch.train_loss:.2e} training, {epoch.validation_loss:.2e} validation",
            done,
            total,
        )
        if epoch.diverged:
            say(f"MODEL{member.number} diverged in epoch {epoch.number}: its loss became NaN")
        elif epoch.number == epochs:
            elapsed = time.monotonic() - self._started
            left = elapsed / self._n_epoch * (total - done)
            say(
                f"MODEL{member.number}: training loss {epoch.train_loss:.2e}, validation loss "
                f"{epoch.validation_loss:.2e}, {_duration(elapsed)} so far"
                + (f", about {_duration(left)} left" if left > 1 else "")
            )


def _duration(seconds: float) -> str:
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.1f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"
