"""Images in a pane: painter, tools, pane, ruler."""
