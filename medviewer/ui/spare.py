"""What PySide does at each import and nobody here needs; switched off before the window's modules are imported."""

import sys


def spare_source_reading() -> None:
    """PySide reads the source of every module that is imported after it, in case one switches on `__feature__`: none here does,
    and it took some 25 ms of the start. Left alone where a version keeps it elsewhere."""
    import PySide6.QtCore  # noqa: F401  # loads it

    feature = sys.modules.get("shibokensupport.feature")
    if hasattr(feature, "_mod_uses_pyside"):
        feature._mod_uses_pyside = lambda module: False
