"""Projects: a folder with a configuration and sheets, in which the workflow runs.

``request.py`` checks what is asked for, ``make.py`` writes a new project, ``change.py`` compares a
request with an existing one, ``workflow.py`` runs Snakemake in it, and ``results.py`` finds the
results. ``run.py`` puts these together.
"""
