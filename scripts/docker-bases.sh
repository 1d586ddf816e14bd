#!/usr/bin/env bash
# Stand-ins for the images that the Dockerfile starts from, where no registry can be reached.
#
# They have the names of the FROM lines, so neither the Dockerfile nor build.sh knows of them.
set -euo pipefail

cd "$(dirname "$0")/.."

usage() {
    cat <<END
Usage: scripts/docker-bases.sh [--platform linux/amd64|linux/arm64] [--again]
       scripts/docker-bases.sh --extension NAME

Makes the stand-ins that are missing: Debian's Python as $(name_of PYTHON_IMAGE), the emulator
out of the aws-sam-cli wheel as $(name_of EMULATOR_IMAGE), and the trace agent as
$(name_of EXTENSION_IMAGE). Only for an engine of your own: an image that has one of these
names already is kept, unless --again is given. With --extension makes the last one alone, under a name of
your own, for an engine that can pull the real images. Needs Debian's mmdebstrap, Python 3 with pip, and root;
for another platform than the machine's also qemu-user-static and arch-test, and ten minutes.
END
}

main() {
    platform=linux/$(machine) again=false extension=
    while [[ $# -gt 0 ]]; do
        case $1 in
            --platform) platform=${2:?--platform needs a value} && shift ;;
            --again) again=true ;;
            --extension) extension=${2:?--extension needs a name} && shift ;;
            -h | --help) usage && exit ;;
            *) usage >&2 && exit 2 ;;
        esac
        shift
    done
    architecture=${platform#linux/}
    client=$(./build.sh --print-client)
    scratch=$(mktemp -d)
    trap 'rm -rf "$scratch"' EXIT
    if [[ -z $extension ]]; then
        missing PYTHON_IMAGE && make_python
        missing EMULATOR_IMAGE && make_emulator
    fi
    make_extension
}

machine() {
    case $(uname -m) in
        arm64 | aarch64) echo arm64 ;;
        *) echo amd64 ;;
    esac
}

# The default of one of the Dockerfile's ARGs.
name_of() {
    sed -n "s/^ARG $1=//p" Dockerfile
}

missing() {
    say "$(name_of "$1")"
    $again || [[ $(docker image inspect --format '{{.Architecture}}' "$(name_of "$1")" 2>/dev/null) != "$architecture" ]]
}

# Debian trixie's python3 is 3.13; the official image has it in /usr/local, with these names.
# pip in a build trusts nobody without the machine's certificates.
make_python() {
    mmdebstrap --quiet --variant=minbase --architectures="$architecture" \
        --include=ca-certificates,python3,python3-pip \
        --customize-hook='copy-in /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs' \
        --customize-hook='for name in python python3 python3.13; do ln -s /usr/bin/python3.13 "$1/usr/local/bin/$name"; done' \
        --customize-hook='for name in pip pip3; do ln -s /usr/bin/pip "$1/usr/local/bin/$name"; done' \
        trixie "$scratch/python.tar"
    build "$(name_of PYTHON_IMAGE)" "$scratch" <<'END'
FROM scratch
ADD python.tar /
ENV PATH=/usr/local/bin:/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8
ENV PIP_CERT=/etc/ssl/certs/ca-certificates.crt PIP_DEFAULT_TIMEOUT=180
CMD ["python3"]
END
}

make_emulator() {
    python3 scripts/fetch_emulator.py "$scratch/aws-lambda-rie" "$architecture"
    build "$(name_of EMULATOR_IMAGE)" "$scratch" <<'END'
FROM scratch
COPY aws-lambda-rie /usr/local/bin/
END
}

# Built every time, from the cache where nothing changed, so that it is never older than its sources.
make_extension() {
    local name=${extension:-$(name_of EXTENSION_IMAGE)}
    say "$name"
    build "$name" . --build-arg "PYTHON_IMAGE=$(name_of PYTHON_IMAGE)" <extension/stand_in/Dockerfile
}

# build NAME CONTEXT [OPTIONS], from the Dockerfile on standard input
build() {
    DOCKER_BUILDKIT=1 "$client" build --quiet --platform "$platform" --tag "$1" --file - "${@:3}" "$2" >/dev/null
}

say() {
    echo "docker-bases: $1" >&2
}

main "$@"
