#!/usr/bin/env bash
# Installs the databases and the broker that some tests and ./run.sh --with need, from Debian or Ubuntu.
set -euo pipefail

if [[ $# -gt 0 ]]; then
    echo "Usage: scripts/install-services.sh (as root); installs postgresql, mariadb-server and rabbitmq-server with apt-get"
    [[ $1 == --help || $1 == -h ]] && exit
    echo "error: unknown argument '$1'; there is only --help" >&2
    exit 1
fi
missing=()
compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null || missing+=(postgresql)
command -v mariadbd >/dev/null || missing+=(mariadb-server)
[[ -x /usr/lib/rabbitmq/bin/rabbitmq-server ]] || missing+=(rabbitmq-server)
[[ ${#missing[@]} -gt 0 ]] || exit 0
apt-get update
# At run level 1 the packages do not start their servers: here those run on other ports, when they are wanted.
RUNLEVEL=1 DEBIAN_FRONTEND=noninteractive apt-get install --yes --no-install-recommends "${missing[@]}"
