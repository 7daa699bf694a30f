"""Which pane and which controls belong to a kind of item; a room is imported when its first item is shown."""

from medviewer.ui.controls import Controls
from medviewer.ui.pane import Pane


def pane_class(kind: str) -> type[Pane] | None:
    """The pane of a kind; None where it cannot be shown yet."""
    if kind == "image":
        from medviewer.ui.image.pane import ImagePane

        return ImagePane
    if kind == "ecg":
        from medviewer.ui.ecg.pane import EcgPane

        return EcgPane
    if kind == "note":
        from medviewer.ui.note.pane import NotePane

        return NotePane
    return None


def controls_class(kind: str) -> type[Controls]:
    """The controls of a kind. KeyError for a kind without a pane."""
    if kind == "image":
        from medviewer.ui.image.controls import ImageControls

        return ImageControls
    if kind == "ecg":
        from medviewer.ui.ecg.controls import EcgControls

        return EcgControls
    if kind == "note":
        from medviewer.ui.note.controls import NoteControls

        return NoteControls
    raise KeyError(kind)
