"""Colours that can be read."""

import pytest
from PySide6.QtGui import QColor

from medviewer.ui import theme


def luminance(red, green, blue):
    """WCAG 2: relative luminance of sRGB parts of 0 to 1."""
    parts = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in (red, green, blue)]
    return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]


@pytest.mark.parametrize("name", ["MACHINE", "HAND", "TEXT2"])
def test_coloured_words_over_a_white_image_have_a_contrast_of_four_and_a_half(name):
    plate = QColor(theme.TINTED_PLATE)
    ground = luminance(*[1 - plate.alphaF()] * 3)
    words = luminance(*QColor(getattr(theme, name)).getRgbF()[:3])
    assert (words + 0.05) / (ground + 0.05) >= 4.5
