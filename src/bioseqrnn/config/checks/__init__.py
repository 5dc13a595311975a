"""Checks of configuration and sheets: each fault is one line that says where it is and what to do.

The package imports these modules, and the workflow loads the same files from the repository
(``workflow/rules/checks.smk``), so that it needs no installed package. They therefore need only the
standard library, PyYAML and jsonschema. A new module must also be added to the list in that file.
"""
