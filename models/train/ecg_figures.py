"""Figures for the cards of the ECG networks: rates with intervals, calibration, confusion matrix, disturbances of a signal."""

import hashlib
from pathlib import Path

import numpy as np
from scipy.stats import rankdata


def rates(truth: np.ndarray, found: np.ndarray) -> tuple[float, float, float]:
    """Sensitivity, positive predictivity and F1 of two arrays of bool."""
    hit = float((truth & found).sum())
    se, ppv = hit / max(1, truth.sum()), hit / max(1, found.sum())
    return se, ppv, 2 * hit / max(1, truth.sum() + found.sum())


def auc(truth: np.ndarray, score: np.ndarray) -> float:
    ranks, n = rankdata(score), truth.sum()
    return float((ranks[truth].sum() - n * (n + 1) / 2) / max(1, n * (len(truth) - n)))


def interval(rows: int, of, rounds: int = 1000, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """95 % of `of(chosen rows)` over records drawn with replacement."""
    rng = np.random.default_rng(seed)
    values = np.array([of(rng.integers(0, rows, rows)) for _ in range(rounds)])
    return np.nanpercentile(values, 2.5, axis=0), np.nanpercentile(values, 97.5, axis=0)


def ece(p: np.ndarray, right: np.ndarray, bins: int = 10) -> float:
    """Expected calibration error of probabilities against 0/1."""
    where = np.minimum((p * bins).astype(int), bins - 1)
    return float(sum(abs(p[where == k].mean() - right[where == k].mean()) * np.mean(where == k) for k in np.unique(where)))


def noisy(signal: np.ndarray, rate: float, snr_db: float, rng: np.random.Generator) -> np.ndarray:
    """Half white noise up to 40 Hz, half wander and muscle-like bursts, `snr_db` below the signal's own power without its level."""
    from scipy.signal import butter, sosfiltfilt

    n = len(signal)
    band = butter(2, [0.5, min(40, 0.45 * rate)], "bandpass", fs=rate, output="sos")
    white = sosfiltfilt(band, rng.standard_normal(n))
    bursts = rng.standard_normal(n) * (np.repeat(rng.random(n // int(rate) + 1) < 0.4, int(rate))[:n])
    slow = np.cumsum(rng.standard_normal(n))
    slow = sosfiltfilt(butter(2, [0.1, 1.0], "bandpass", fs=rate, output="sos"), slow)
    noise = sum(part / (part.std() + 1e-12) for part in (white, bursts, slow))
    power = sosfiltfilt(band, signal).std()
    return signal + noise / noise.std() * power * 10 ** (-snr_db / 20)


def picture(matrix: np.ndarray, labels: tuple[str, ...], path: Path, title: str) -> None:
    """Rows are the truth, columns the answer; a cell's shade is its share of the row."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(figsize=(4.2, 3.8), dpi=110)
    axes.imshow(matrix / np.maximum(matrix.sum(1, keepdims=True), 1), cmap="Blues", vmin=0, vmax=1)
    for (i, k), value in np.ndenumerate(matrix):
        axes.text(k, i, f"{value}", ha="center", va="center", color="white" if value > 0.5 * matrix[i].sum() else "black")
    axes.set_xticks(range(matrix.shape[1]), labels)
    axes.set_yticks(range(matrix.shape[0]), labels[: matrix.shape[0]])
    axes.set_xlabel("answer")
    axes.set_ylabel("label")
    axes.set_title(title, fontsize=9)
    figure.tight_layout()
    figure.savefig(path, metadata={"Software": None})
    pyplot.close(figure)


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
