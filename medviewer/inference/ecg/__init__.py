"""Networks that read ECGs: beats, rhythm, waves."""
