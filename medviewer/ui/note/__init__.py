"""Notes on the screen: the text with its marks, classes, findings, editing."""
