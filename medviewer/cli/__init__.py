"""The command line: one thin door to the services, without a display. Contract: docs/cli.md."""
