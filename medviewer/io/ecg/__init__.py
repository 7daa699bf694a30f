"""ECG formats: one module each, with `claims(head)` and `open_records(path)`; `xml` and `leads` are what several share."""
