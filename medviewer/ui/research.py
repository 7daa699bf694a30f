"""The sentence that stands on everything shown, printed or copied. Needed before the first paint: it imports nothing heavy."""

from medviewer.ui.headless import translated


def _tr(text: str) -> str:
    return translated("research", text)


def research_notice() -> str:
    return _tr("Research use only – not for diagnosis")
