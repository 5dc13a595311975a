#!/bin/sh
# Inside an image of Debian: installs /opt/bioseqrnn into /opt/venv, with the versions of
# constraints.txt. Both container definitions run it.
set -eu
export DEBIAN_FRONTEND=noninteractive
apt-get update --quiet
apt-get install --yes --quiet --no-install-recommends ca-certificates python3 python3-venv
rm -rf /var/lib/apt/lists/*
python3 -m venv /opt/venv
/opt/venv/bin/python -m pip install --quiet --no-cache-dir \
  ${TORCH_INDEX:+--extra-index-url "$TORCH_INDEX"} \
  --constraint /opt/bioseqrnn/constraints.txt "/opt/bioseqrnn[cluster,cloud]"
# the kernels of this processor; on another kind they are compiled at the first start
/opt/venv/bin/python -m bioseqrnn.networks.engine
