"""Your work: the doctor's watch over one event loop. So far it sees nothing."""


class LoopWatch:
    """Tells when its loop was held for longer than `threshold_s` seconds, and by whom."""

    def __init__(self, threshold_s: float = 0.1) -> None:
        self._threshold_s = threshold_s

    def start(self) -> None:
        """Watch the loop that runs the caller."""

    def stop(self) -> None:
        """Watch no longer, and leave nothing behind."""

    def report(self) -> list[dict]:
        """Each time that the loop was held: {"lag_s": SECONDS, "stack": ["FILE:LINE FUNCTION", ...]}."""
        return []
