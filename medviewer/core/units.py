"""Quantities that must not mix: places in the patient, samples of a trace, positions in a text."""

from typing import NewType

Millimetres = NewType("Millimetres", float)
SampleIndex = NewType("SampleIndex", int)
"""Count of samples from the start of a record, at the record's own rate."""
CharOffset = NewType("CharOffset", int)
"""Half-open offset into a note's text, in Unicode code points."""
