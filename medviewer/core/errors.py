"""What can go wrong, as a code with facts; the sentences live in `resources/messages.*.json` (`services/words.py`)."""

from collections.abc import Mapping
from dataclasses import dataclass, field

Fact = str | int | float
"""A value that a message may name. Never patient data: messages reach logs."""


@dataclass(frozen=True, slots=True)
class Notice:
    """One thing to tell: a stable kebab-case `code`, the file it concerns ("" if none) and the facts its sentence names."""

    code: str
    path: str = ""
    facts: Mapping[str, Fact] = field(default_factory=dict)


class MedviewerError(Exception):
    """The one error that crosses a layer. Everything a person should read is in `notice`."""

    def __init__(self, code: str, path: str = "", **facts: Fact) -> None:
        super().__init__(code)
        self.notice = Notice(code, path, facts)

    def __str__(self) -> str:
        facts = ", ".join(f"{name}={value}" for name, value in self.notice.facts.items())
        return f"{self.notice.code} ({facts})" if facts else self.notice.code
