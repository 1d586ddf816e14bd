#!/usr/bin/env bash
# Installs the browser that some tests need, and the driver that goes with it, from Debian or Ubuntu.
set -euo pipefail

if [[ $# -gt 0 ]]; then
    echo "Usage: scripts/install-browser.sh (as root); installs chromium and chromium-driver with apt-get"
    [[ $1 == --help || $1 == -h ]] && exit
    echo "error: unknown argument '$1'; there is only --help" >&2
    exit 1
fi
if command -v chromium >/dev/null && command -v chromedriver >/dev/null; then
    exit
fi
apt-get update
apt-get install --yes --no-install-recommends chromium chromium-driver
