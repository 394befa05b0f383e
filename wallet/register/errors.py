"""Refusals: the register's way to say no. They speak stable reasons; words for people live in templates."""


class Refused(Exception):
    """An act that was not done. `reason` is stable and machine-readable; `facts` are plain values for the page."""

    def __init__(self, reason: str, **facts: object) -> None:
        super().__init__(reason)
        self.reason = reason
        self.facts = facts


class NotFound(Refused):
    """It does not exist, or it is not yours: the two are never told apart."""

    def __init__(self, reason: str = "not_found") -> None:
        super().__init__(reason)


class FileRefused(Exception):
    """A file that was not loaded: `faults` are (file, row, sentence); nothing of it was kept."""

    def __init__(self, faults: list[tuple[str, int, str]]) -> None:
        super().__init__("; ".join(f"{file}:{row}: {text}" for file, row, text in faults))
        self.faults = faults
