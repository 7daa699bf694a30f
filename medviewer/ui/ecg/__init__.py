"""The ECG pane: paper, traces, marks, panels."""
