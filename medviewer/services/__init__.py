"""What can be done with what is open: open, analyse, export. No Qt, no torch; one thread changes the session."""
