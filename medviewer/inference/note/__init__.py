"""Networks and rules that read notes."""
