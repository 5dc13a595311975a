"""Helpers for all parts of the package: files, messages, errors, memory, compiled kernels."""
