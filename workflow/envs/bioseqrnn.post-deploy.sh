#!/usr/bin/env bash
# Installs the package into the rule's environment. Snakemake runs this in its working directory, so
# `--sdm conda` must be called from the checkout.
set -euo pipefail
"${CONDA_PREFIX}/bin/python" -m pip install --no-deps --no-build-isolation --editable "${PWD}"
