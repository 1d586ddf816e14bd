#!/usr/bin/env bash
# Compares two tracers: the same work for a function with each, and a report of what differs.
set -euo pipefail
# Paths on the command line are meant from here.
export STARTED_IN=$PWD
cd "$(dirname "${BASH_SOURCE[0]}")"
source scripts/environment.sh

make_environment requirements-run.txt
make_drivers "$@"
export PATH=$PWD/.venv/bin:$PATH
exec .venv/bin/python -m comparison "$@"
