#!/usr/bin/env bash
# Installs the package of the checkout that the workflow is run from into the rule's environment.
set -euo pipefail
"${CONDA_PREFIX}/bin/python" -m pip install --no-deps --no-build-isolation --editable "${PWD}"
