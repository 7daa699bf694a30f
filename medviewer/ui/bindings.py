"""Which keys do what now: those of the command table, unless the user chose others."""

from collections.abc import Sequence

from PySide6.QtGui import QKeySequence

from medviewer.store.settings import Settings
from medviewer.ui.commands import COMMANDS, Command, command


class Bindings:
    """Reads and writes the setting "keys": only commands whose keys differ from the table stand there."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def of(self, one: Command) -> tuple[str, ...]:
        """The command's keys now; a default that the user gave to another command is not among them."""
        chosen = self._chosen()
        if one.id in chosen:
            return chosen[one.id]
        taken = {portable(key) for name, keys in chosen.items() if command(name).meets(one) for key in keys}
        return tuple(key for key in one.keys if portable(key) not in taken)

    def clash(self, keys: str, other_than: str) -> Command | None:
        """The other command that has these keys already."""
        wanted = portable(keys)
        others = (one for one in COMMANDS if one.id != other_than and one.meets(command(other_than)))
        return next((one for one in others if wanted in {portable(key) for key in self.of(one)}), None)

    def bind(self, which: str, keys: Sequence[str]) -> Command | None:
        """Give a command other keys; keys that another command has are refused, and that command is returned."""
        for key in keys:
            other = self.clash(key, which)
            if other is not None:
                return other
        chosen = self._chosen() | {which: tuple(portable(key) for key in keys)}
        if {portable(key) for key in command(which).keys} == set(chosen[which]):
            del chosen[which]
        self._settings.set("keys", {name: list(keys) for name, keys in chosen.items()})
        return None

    def reset(self, which: str) -> Command | None:
        """Back to the table's keys; refused as in `bind` where another command has them now."""
        return self.bind(which, command(which).keys)

    def words(self, one: Command) -> str:
        """ "Ctrl+O" as the platform writes it; "" without keys."""
        said = (QKeySequence(key).toString(QKeySequence.SequenceFormat.NativeText) for key in self.of(one))
        return ", ".join(dict.fromkeys(said))  # Return and Enter have one name in Chinese

    def _chosen(self) -> dict[str, tuple[str, ...]]:
        known = {one.id for one in COMMANDS}
        kept = self._settings.get("keys")
        return {
            name: tuple(key for key in keys if isinstance(key, str))
            for name, keys in kept.items()
            if name in known and isinstance(keys, list)
        }


def portable(keys: str) -> str:
    """One spelling for the same keys: "Delete" and "Del"."""
    return QKeySequence(keys).toString(QKeySequence.SequenceFormat.PortableText)
