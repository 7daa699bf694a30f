"""Every command once: id, title, keys, group, what it does. Menus, toolbar, palette and key sheet are drawn from it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QT_TRANSLATE_NOOP, QCoreApplication

KINDS = ("image", "ecg", "note")
ECG = ("ecg",)


@dataclass(frozen=True, slots=True)
class Command:
    """`run(desk)` does it; `on_pane` commands need an item of one of `kinds` in the active pane, so the same key may do
    another thing in a pane of another kind. `title` is English, shown translated."""

    id: str
    title: str
    keys: tuple[str, ...]
    group: str
    run: Callable[[Any], None]
    on_pane: bool = True
    icon: str = ""
    toolbar: bool = False
    number: int | str = 0
    """What stands for {n} in the title."""
    checked: Callable[[Any], bool] | None = None
    """Whether a switch is on in a pane."""
    kinds: tuple[str, ...] = ("image",)

    def counts(self, pane: Any) -> bool:
        """Whether it can be done with this pane active."""
        return not self.on_pane or (pane.item is not None and pane.kind in self.kinds)

    def meets(self, other: "Command") -> bool:
        """Whether both can count at the same time: then their keys must differ."""
        return not (self.on_pane and other.on_pane) or bool(set(self.kinds) & set(other.kinds))

    def text(self) -> str:
        return QCoreApplication.translate("commands", self.title).replace("{n}", str(self.number))


def _t(title: str) -> str:
    return str(QT_TRANSLATE_NOOP("commands", title))


def _view(change: str, *arguments: Any) -> Callable[[Any], None]:
    return lambda desk: desk.controls(desk.grid.active.kind).change(change, *arguments)


def _tool(which: str) -> Callable[[Any], None]:
    return lambda desk: desk.choose_tool(which)


def _ecg(does: str) -> Callable[[Any], None]:
    return lambda desk: getattr(desk.controls("ecg"), does)()


def _call(label: str) -> Callable[[Any], None]:
    return lambda desk: desk.controls("ecg").judge("accepted", label)


def _layout(rows: int, columns: int, wide: bool = False) -> Callable[[Any], None]:
    return lambda desk: desk.lay_out(rows, columns, wide)


def _note_switch(name: str, title: str, key: str) -> Command:
    """A switch of a note's view."""
    return Command(
        f"note-{name}", title, (key,), "note", _view(name), checked=lambda pane: getattr(pane.view, name), kinds=("note",)
    )


COMMANDS: tuple[Command, ...] = (
    Command("open", _t("Open files…"), ("Ctrl+O",), "file", lambda d: d.openings.ask_files(), False, "folder-open", True),
    Command("open-folder", _t("Open folder…"), ("Ctrl+Shift+O",), "file", lambda d: d.openings.ask_folder(), False),
    Command("sample", _t("Open the sample patients"), (), "file", lambda d: d.openings.open_sample(), False),
    Command("close-all", _t("Close everything"), ("Ctrl+W",), "file", lambda d: d.close_all(), False),
    Command("quit", _t("Quit"), ("Ctrl+Q",), "file", lambda d: d.window.close(), False),
    Command("report", _t("Report…"), ("Ctrl+P",), "file", lambda d: d.together.report(), True, "file-text", True, kinds=KINDS),
    Command("undo", _t("Undo"), ("Ctrl+Z",), "file", lambda d: d.keeping.undo(), False, "arrow-u-up-left", True),
    Command("redo", _t("Do again"), ("Ctrl+Y", "Ctrl+Shift+Z"), "file", lambda d: d.keeping.redo(), False),
    Command("tool-window", _t("Window/level"), ("W",), "tool", _tool("window"), True, "circle-half", True),
    Command("tool-zoom", _t("Zoom"), ("Z",), "tool", _tool("zoom"), True, "magnifying-glass-plus", True),
    Command("tool-pan", _t("Pan"), ("T",), "tool", _tool("pan"), True, "arrows-out-cardinal", True),
    Command("tool-scroll", _t("Scroll"), ("S",), "tool", _tool("scroll"), True, "stack", True),
    Command("tool-ruler", _t("Length"), ("L", "D"), "tool", _tool("ruler"), True, "ruler", True),
    Command("delete-mark", _t("Delete the last length"), ("Del", "Backspace"), "tool", lambda d: d.images.delete_mark()),
    Command("invert", _t("Invert greys"), ("I",), "image", _view("invert")),
    Command("flip", _t("Flip"), ("H",), "image", _view("flip")),
    Command("flip-vertically", _t("Flip vertically"), ("V",), "image", _view("flip-vertically")),
    Command("rotate-right", _t("Rotate right"), ("Alt+R",), "image", _view("rotate", True)),
    Command("rotate-left", _t("Rotate left"), ("Alt+L",), "image", _view("rotate", False)),
    Command("zoom-in", _t("Zoom in"), ("+",), "image", _view("zoom", 1.25), kinds=("image", "note")),
    Command("zoom-out", _t("Zoom out"), ("-",), "image", _view("zoom", 0.8), kinds=("image", "note")),
    Command("magnifier", _t("Magnifier, while held"), ("M",), "image", lambda d: d.images.magnify()),
    Command("fit", _t("Fit to the pane"), ("=",), "image", _view("fit")),
    Command("one-to-one", _t("One to one pixels"), ("Ctrl+1",), "image", _view("one-to-one")),
    Command("reset", _t("Reset the view"), ("Ctrl+R",), "image", _view("reset"), True, "arrow-counter-clockwise", True),
    Command("padding", _t("Blank padding"), (), "image", _view("padding"), checked=lambda p: p.view.blank_padding),
    Command("shutter", _t("Shutter of the file"), (), "image", _view("shutter"), checked=lambda p: p.view.shutter),
    Command("planes", _t("Overlay planes of the file"), ("Shift+O",), "image", _view("planes"), checked=lambda p: p.view.planes),
    Command("key-image", _t("Key image"), ("K",), "image", lambda d: d.images.mark_key_image(), checked=lambda p: p.is_key),
    Command("copy-pane", _t("Copy the pane as a picture"), ("Ctrl+C",), "screen", lambda d: d.copy_pane(), kinds=KINDS),
    Command("tags", _t("Tags of the file…"), ("Ctrl+I",), "image", lambda d: d.images.show_tags()),
    *(Command(f"preset-{n}", _t("Window preset {n}"), (str(n),), "window", _view("preset", n), number=n) for n in range(1, 10)),
    Command("preset-0", _t("Automatic window"), ("0",), "window", _view("automatic")),
    Command("file-window", _t("Window of the file"), ("Alt+W",), "window", _view("file-window")),
    Command("next-image", _t("Next image"), ("Down",), "scroll", _view("step", 1)),
    Command("previous-image", _t("Previous image"), ("Up",), "scroll", _view("step", -1)),
    Command("ten-on", _t("Ten images on"), ("Shift+Down",), "scroll", _view("step", 10)),
    Command("ten-back", _t("Ten images back"), ("Shift+Up",), "scroll", _view("step", -10)),
    Command("first-image", _t("First image"), ("Home",), "scroll", _view("to", 0)),
    Command("last-image", _t("Last image"), ("End",), "scroll", _view("to", 1 << 30)),
    Command("cine", _t("Cine on or off"), ("C",), "scroll", lambda d: d.cine.toggle(d.grid.active), True, "play", True),
    Command("cine-faster", _t("Cine faster"), (".",), "scroll", lambda d: d.cine.faster(1)),
    Command("cine-slower", _t("Cine slower"), (",",), "scroll", lambda d: d.cine.faster(-1)),
    Command("cine-loop", _t("Cine in a loop"), ("Shift+C",), "scroll", lambda d: d.cine.toggle_loop()),
    Command("next-series", _t("Next series"), ("PgDown",), "scroll", lambda d: d.step_series(1), False),
    Command("previous-series", _t("Previous series"), ("PgUp",), "scroll", lambda d: d.step_series(-1), False),
    Command("ecg-pan", _t("Move in time"), ("T",), "ecg-tool", _tool("pan"), True, "arrows-out-line-horizontal", True, kinds=ECG),
    Command("ecg-caliper", _t("Caliper"), ("L", "D"), "ecg-tool", _tool("caliper"), True, "ruler", True, kinds=ECG),
    Command("ecg-cursors", _t("Two cursors"), ("U",), "ecg-tool", _tool("cursors"), True, "columns", True, kinds=ECG),
    Command(
        "ecg-march", _t("March the caliper out"), ("M",), "ecg-tool", _ecg("march"), kinds=ECG, checked=lambda p: p.calipers.march
    ),
    Command("ecg-delete", _t("Delete caliper and cursors"), ("Del", "Backspace"), "ecg-tool", _ecg("delete_mark"), kinds=ECG),
    Command("ecg-next-page", _t("Next page"), ("Right",), "ecg", _view("page", 1), kinds=ECG),
    Command("ecg-previous-page", _t("Previous page"), ("Left",), "ecg", _view("page", -1), kinds=ECG),
    Command("ecg-step-on", _t("A tenth of a page on"), ("Shift+Right",), "ecg", _view("step", 1), kinds=ECG),
    Command("ecg-step-back", _t("A tenth of a page back"), ("Shift+Left",), "ecg", _view("step", -1), kinds=ECG),
    Command("ecg-start", _t("Start of the record"), ("Home",), "ecg", _view("start"), kinds=ECG),
    Command("ecg-end", _t("End of the record"), ("End",), "ecg", _view("end"), kinds=ECG),
    Command("ecg-gain-up", _t("More gain"), ("+",), "ecg", _view("gain", 1), kinds=ECG),
    Command("ecg-gain-down", _t("Less gain"), ("-",), "ecg", _view("gain", -1), kinds=ECG),
    Command("ecg-speed-up", _t("Faster paper"), ("Ctrl++",), "ecg", _view("speed", 1), kinds=ECG),
    Command("ecg-speed-down", _t("Slower paper"), ("Ctrl+-",), "ecg", _view("speed", -1), kinds=ECG),
    Command("ecg-fit", _t("Fitted to the pane"), ("=",), "ecg", _view("fit"), kinds=ECG, checked=lambda p: p.view.fit),
    Command(
        "ecg-reset", _t("Reset the view"), ("Ctrl+R",), "ecg", _view("reset"), True, "arrow-counter-clockwise", True, kinds=ECG
    ),
    Command(
        "ecg-filter",
        _t("Display filter 0.5–40 Hz or none"),
        ("F",),
        "ecg",
        _view("unfiltered"),
        kinds=ECG,
        checked=lambda p: not p.view.filters.none,
    ),
    Command(
        "ecg-theme", _t("Paper or dark"), ("P",), "ecg", _view("theme"), kinds=ECG, checked=lambda p: p.view.theme == "paper"
    ),
    Command(
        "ecg-simultaneous",
        _t("Columns at the same moment"),
        (),
        "ecg",
        _view("simultaneous"),
        kinds=ECG,
        checked=lambda p: p.view.simultaneous,
    ),
    Command("ecg-marks", _t("Marks of the networks"), ("G",), "ecg", _view("marks"), kinds=ECG, checked=lambda p: p.view.marks),
    Command("ecg-waves", _t("Bounds of P, QRS and T"), ("W",), "ecg", _view("waves"), kinds=ECG, checked=lambda p: p.view.waves),
    Command("ecg-why", _t("Why this beat is called so"), ("Y",), "ecg", _ecg("why"), kinds=ECG),
    Command("ecg-accept", _t("Accept the event"), ("A",), "ecg", lambda d: d.controls("ecg").judge("accepted"), kinds=ECG),
    Command("ecg-reject", _t("Reject the event"), ("X",), "ecg", lambda d: d.controls("ecg").judge("rejected"), kinds=ECG),
    *(
        Command(f"ecg-call-{c}", _t("Call the beat {n}"), (f"Shift+{c}",), "ecg", _call(c), number=c, kinds=ECG)
        for c in ("N", "S", "V", "F", "Q")
    ),
    Command("ecg-state", _t("State rate, unit and leads…"), (), "ecg", _ecg("state"), kinds=ECG),
    Command("ecg-pdf", _t("Save as PDF at true scale…"), (), "ecg", _ecg("save_pdf"), kinds=ECG),
    Command("ecg-export", _t("Export marks…"), (), "ecg", _ecg("save_marks"), kinds=ECG),
    Command("ecg-export-part", _t("Export the part between the cursors…"), (), "ecg", _ecg("save_part"), kinds=ECG),
    Command("ecg-calibrate", _t("Calibrate this screen…"), (), "ecg", _ecg("calibrate"), kinds=ECG),
    *(
        Command(f"ecg-layout-{n}", title, (str(n),), "ecg-layout", _view("layout", n - 1), kinds=ECG)
        for n, title in enumerate(
            (
                _t("3×4 with rhythm strip"),
                _t("3×4"),
                _t("6×2"),
                _t("12×1"),
                _t("Cabrera order"),
                _t("Each lead in a row"),
                _t("Holter"),
            ),
            1,
        )
    ),
    Command(
        "analyse",
        _t("Analyse the active pane"),
        ("Ctrl+Return", "Ctrl+Enter"),
        "networks",
        lambda d: d.analyse(),
        True,
        "brain",
        True,
        kinds=KINDS,
    ),
    Command(
        "analyse-patient",
        _t("Analyse everything of the patient"),
        ("Ctrl+Shift+Return", "Ctrl+Shift+Enter"),
        "networks",
        lambda d: d.together.analyse_patient(),
        kinds=KINDS,
    ),
    Command(
        "accept", _t("Accept the finding"), ("Y",), "networks", lambda d: d.findings.decide("accepted"), kinds=("image", "note")
    ),
    Command(
        "reject", _t("Reject the finding"), ("X",), "networks", lambda d: d.findings.decide("rejected"), kinds=("image", "note")
    ),
    Command(
        "relabel",
        _t("Call the finding otherwise…"),
        ("Shift+Y",),
        "networks",
        lambda d: d.findings.relabel(),
        kinds=("image", "note"),
    ),
    Command("overlay", _t("Heat on or off"), ("G",), "networks", _view("overlay")),
    Command("opacity", _t("Next opacity of the heat"), ("Shift+G",), "networks", _view("opacity")),
    Command("cutoff", _t("Next cut-off of the heat"), ("Ctrl+Shift+G",), "networks", _view("cutoff")),
    Command("next-finding", _t("Next finding"), ("Ctrl+N",), "networks", lambda d: d.step_finding(1), False),
    Command("previous-finding", _t("Previous finding"), ("Ctrl+B",), "networks", lambda d: d.step_finding(-1), False),
    Command("new-note", _t("New note"), ("Ctrl+Alt+N",), "note", lambda d: d.controls("note").new(), False, "note-pencil", True),
    Command(
        "paste-note", _t("New note from the clipboard"), ("Ctrl+Shift+V",), "note", lambda d: d.controls("note").paste(), False
    ),
    Command("edit-note", _t("Edit the note"), ("E",), "note", lambda d: d.controls("note").edit(), kinds=("note",)),
    Command("sign-note", _t("Sign the note…"), (), "note", lambda d: d.controls("note").ask_sign(), kinds=("note",)),
    Command("addendum", _t("Addendum to the signed note"), (), "note", lambda d: d.controls("note").add(), kinds=("note",)),
    Command("find-note", _t("Find in the note"), ("F3",), "note", lambda d: d.grid.active.begin_find(), kinds=("note",)),
    _note_switch("words", _t("Words that decided"), "G"),
    _note_switch("mentions", _t("Findings named in the text"), "M"),
    _note_switch("private", _t("What tells who the patient is"), "D"),
    Command("next-network", _t("Words of the next network"), ("Shift+G",), "note", _view("network"), kinds=("note",)),
    Command("lexicon", _t("Lexicon of findings and cues…"), (), "note", lambda d: d.controls("note").edit_lexicon(), False),
    Command("text", _t("Corner text: all, less, none"), ("Space",), "screen", _view("text"), kinds=KINDS),
    Command("next-pane", _t("Next pane"), ("Tab",), "screen", lambda d: d.step_pane(1), False),
    Command("previous-pane", _t("Previous pane"), ("Shift+Tab",), "screen", lambda d: d.step_pane(-1), False),
    Command("layout-1x1", _t("One pane"), ("Alt+1",), "screen", _layout(1, 1), False),
    Command("layout-1x2", _t("Two panes side by side"), ("Alt+2",), "screen", _layout(1, 2), False),
    Command("layout-wide", _t("Two panes and one below across"), ("Alt+3",), "screen", _layout(2, 2, True), False),
    Command("layout-2x2", _t("Four panes"), ("Alt+4",), "screen", _layout(2, 2), False),
    Command("layout-2x3", _t("Six panes"), ("Alt+6",), "screen", _layout(2, 3), False),
    Command("layout", _t("Rows and columns of panes…"), ("Alt+0",), "screen", lambda d: d.ask_layout(), False, "grid-four", True),
    Command("full-screen", _t("Full screen"), ("F11",), "screen", lambda d: d.full_screen(), False),
    Command("search", _t("Search the browser"), ("Ctrl+F",), "screen", lambda d: d.focus_search(), False),
    Command("preferences", _t("Preferences…"), ("Ctrl+,",), "help", lambda d: d.show_preferences(), False),
    Command("audit", _t("Audit list…"), (), "help", lambda d: d.together.audit(), False),
    Command("keys", _t("Keys"), ("F1",), "help", lambda d: d.show_keys(), False),
    Command("palette", _t("Find a command"), ("Ctrl+Shift+P",), "help", lambda d: d.show_palette(), False),
    Command("escape", _t("Stop, or back to window/level"), ("Esc",), "help", lambda d: d.escape(), False),
)

GROUPS = {
    "file": _t("Files"),
    "tool": _t("Tools"),
    "image": _t("Image"),
    "window": _t("Window presets"),
    "scroll": _t("Images and series"),
    "ecg-tool": _t("ECG tools"),
    "ecg": _t("ECG"),
    "ecg-layout": _t("ECG layouts"),
    "note": _t("Notes"),
    "networks": _t("Networks"),
    "screen": _t("Screen"),
    "help": _t("Help"),
}
"""Group → title, in the order of menus and the key sheet."""


def command(which: str) -> Command:
    return next(one for one in COMMANDS if one.id == which)


def group_title(group: str) -> str:
    return QCoreApplication.translate("commands", GROUPS[group])
