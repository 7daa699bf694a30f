"""Docks about the patient: browser, findings, networks."""
