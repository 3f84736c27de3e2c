"""Alerts of the service: a model was refused, a good one serves again."""

from pathlib import Path

from pitchline import alerts, layout

REFUSED = "serve/model-refused"
SOURCE = "serve"
UNKNOWN = "(no version)"
FIX = (
    "Requests are answered by {serving} meanwhile. `pitchline promote list` shows the models; "
    "`pitchline promote --rollback` returns to the one before, `pitchline promote decide` promotes "
    "the candidate."
)


class ModelAlerts:
    """Tells of a refused model once, whichever worker refuses it, and of the recovery."""

    def __init__(self, root: Path) -> None:
        """Tell of a project's models.

        Args:
            root: the project's folder.
        """
        self._root = root
        self._folder = root / layout.ALERTS
        # Another worker, or this service before it was started anew, may have told of one.
        self._may_be_open = True

    def refused(self, version: str | None, reason: str, serving: str) -> None:
        """Raise an alert that says why, and have it sent."""
        self._may_be_open = True
        named = version or UNKNOWN
        if alerts.is_open(REFUSED, subject=named, folder=self._folder):
            return
        told = alerts.tell(
            REFUSED,
            "error",
            f"Model {named} is refused, {serving} goes on serving",
            f"{reason}\n{FIX.format(serving=serving)}",
            source=SOURCE,
            subject=named,
            facts={"refused": named, "serving": serving},
            folder=self._folder,
        )
        if told is not None:
            alerts.send_soon(self._root)

    def serves(self, version: str) -> None:
        """Tell of the recovery, if an alert is open."""
        if not self._may_be_open:
            return
        self._may_be_open = False
        text = f"Model {version} serves, as the pointer says."
        if alerts.resolve(REFUSED, text, source=SOURCE, folder=self._folder) is not None:
            alerts.send_soon(self._root)
