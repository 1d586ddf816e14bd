#!/usr/bin/env bash
# A Docker engine for machines where none runs: starts one of its own, and stops exactly that one.
#
#   eval "$(scripts/docker-engine.sh start)"    # and `docker` talks to it
#   scripts/docker-engine.sh stop
set -euo pipefail

# dockerd and iptables are in folders that are not on every user's PATH.
PATH=$PATH:/usr/sbin:/sbin
RUN_FOLDER=${WEBLOG_DOCKER_RUN:-/run/python-lambda-weblog}
DATA_FOLDER=${WEBLOG_DOCKER_DATA:-/var/cache/python-lambda-weblog/docker}
SOCKET=unix://$RUN_FOLDER/docker.sock
PACKAGES=(docker.io iptables mmdebstrap zstd)

usage() {
    cat <<END
Usage: scripts/docker-engine.sh start|stop|status

  start   Make sure that a Docker engine answers. If none does, start one from Debian's packages
          (installed if they are missing), which needs root. Prints the shell command that makes
          \`docker\` talk to it; prints nothing when an engine answered already.
  stop    Stop the engine that \`start\` started, and no other.
  status  Say which engine answers; exit code 1 when none does.

  WEBLOG_DOCKER_DATA  where that engine keeps its images   $DATA_FOLDER
  WEBLOG_DOCKER_RUN   its socket, process id and log       $RUN_FOLDER
END
}

main() {
    case ${1:-} in
        start) start ;;
        stop) stop ;;
        status) status ;;
        -h | --help) usage ;;
        *) usage >&2 && exit 2 ;;
    esac
}

start() {
    if answers && [[ ${DOCKER_HOST:-} != "$SOCKET" ]]; then
        say "an engine answers already"
        return
    fi
    if ! DOCKER_HOST=$SOCKET answers; then
        [[ $(id -u) == 0 ]] || fail "no Docker engine answers, and only root can start one"
        install_packages
        launch
    fi
    echo "export DOCKER_HOST=$SOCKET"
}

stop() {
    local pid
    pid=$(own_engine) || { say "none is running" && return; }
    # A test run holds this lock for as long as it needs the engine.
    exec 9>"$RUN_FOLDER/users"
    flock --nonblock 9 || { say "left running, because a test run uses it" && return; }
    kill "$pid"
    for _ in {1..100}; do
        [[ -d /proc/$pid ]] || return 0
        sleep 0.1
    done
    fail "the engine, process $pid, did not end within 10 seconds"
}

status() {
    if own_engine >/dev/null; then
        say "running at $SOCKET"
    elif answers; then
        say "an engine that this script did not start answers"
    else
        fail "no Docker engine answers"
    fi
}

answers() {
    command -v docker >/dev/null && timeout 10 docker version --format '{{.Server.Version}}' >/dev/null 2>&1
}

# The process id of the engine that `start` started; the name is compared because numbers are reused.
own_engine() {
    local pid
    pid=$(cat "$RUN_FOLDER/docker.pid" 2>/dev/null) && [[ $(cat "/proc/$pid/comm" 2>/dev/null) == dockerd ]] && echo "$pid"
}

install_packages() {
    local missing=()
    for package in "${PACKAGES[@]}"; do
        [[ $(dpkg-query -W -f '${Status}' "$package" 2>/dev/null) == *" installed" ]] || missing+=("$package")
    done
    [[ ${#missing[@]} == 0 ]] && return
    command -v apt-get >/dev/null || fail "no Docker engine answers, and without apt-get ${missing[*]} cannot be installed"
    say "installing ${missing[*]}"
    {
        apt-get update
        DEBIAN_FRONTEND=noninteractive apt-get install --yes --no-install-recommends "${missing[@]}"
    } >"$(log_file)" 2>&1 || fail "could not install ${missing[*]}" "$(log_file)"
}

launch() {
    mkdir -p "$RUN_FOLDER" "$DATA_FOLDER"
    say "starting dockerd"
    # A session of its own, so that Ctrl-C in the terminal that started it does not end it.
    setsid dockerd \
        --host "$SOCKET" --pidfile "$RUN_FOLDER/docker.pid" \
        --data-root "$DATA_FOLDER" --exec-root "$RUN_FOLDER/exec" \
        --mtu "$(mtu)" >"$(log_file)" 2>&1 </dev/null &
    local pid=$!
    for _ in {1..300}; do
        DOCKER_HOST=$SOCKET answers && return
        [[ -d /proc/$pid ]] || break
        sleep 0.1
    done
    kill "$pid" 2>/dev/null || true
    fail "dockerd did not start; this kernel or sandbox may not allow it" "$(log_file)"
}

# Containers must not send larger packets than the machine itself can.
mtu() {
    local interface
    interface=$(awk '$2 == "00000000" { print $1; exit }' /proc/net/route)
    cat "/sys/class/net/$interface/mtu" 2>/dev/null || echo 1500
}

log_file() {
    mkdir -p "$RUN_FOLDER"
    echo "$RUN_FOLDER/log"
}

say() {
    echo "docker-engine: $1" >&2
}

fail() {
    say "$1"
    [[ -z ${2:-} ]] || tail -n 20 "$2" >&2
    exit 1
}

main "$@"
