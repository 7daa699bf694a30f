"""medviewer: images, ECG and notes of one patient, read along by networks on this machine. Research use only."""

__version__ = "0.1.0"
