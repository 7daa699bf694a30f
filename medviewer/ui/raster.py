"""Pixels of Qt's pictures as arrays, and back."""

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QSize
from PySide6.QtGui import QColor, QImage


def blank(size: tuple[int, int], ratio: float, ground: str) -> QImage:
    """A picture of `size` (width, height) logical pixels, `ratio` device pixels in each, of one colour."""
    image = QImage(QSize(round(size[0] * ratio), round(size[1] * ratio)), QImage.Format.Format_RGB32)
    image.setDevicePixelRatio(ratio)
    image.fill(QColor(ground))
    return image


def pixels_of(image: QImage) -> NDArray[np.uint8]:
    """RGB [height, width, 3] of a picture in the format of `blank`."""
    bits = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), image.bytesPerLine() // 4, 4)
    return np.ascontiguousarray(bits[:, : image.width(), 2::-1])


def image_of(pixels: NDArray[np.uint8]) -> QImage:
    """A picture of its own from RGB [height, width, 3]."""
    height, width = pixels.shape[:2]
    return QImage(pixels.data, width, height, 3 * width, QImage.Format.Format_RGB888).copy()
