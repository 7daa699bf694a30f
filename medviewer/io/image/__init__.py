"""Images: headers → ordered series, pixels on demand, writing."""
