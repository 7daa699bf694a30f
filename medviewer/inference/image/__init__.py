"""Image networks: prepare (grey values to tensor), networks (builders), readout (logits to scores)."""
