#!/usr/bin/env bash
# Brings up the whole system on this machine: makes .venv, then runs scripts/run.py, which starts the rest.
# Everything listens on loopback; nothing needs Docker, AWS or Datadog.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
source scripts/environment.sh

main() {
    case ${1-} in
        --help | -h) show_help && exit ;;
    esac
    make_environment requirements-run.txt
    # The function runs as `python`, under `aws-lambda-rie`.
    export PATH=$PWD/.venv/bin:$PATH
    exec .venv/bin/python -m scripts.run "$@"
}

# Works before anything is installed.
show_help() {
    local python
    python=$(find_python)
    "$python" -m scripts.run --help
}

main "$@"
