"""The typed configuration: one source for schemas, command line, documentation and defaults."""
