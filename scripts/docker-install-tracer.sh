#!/bin/sh
# Runs inside the image's build: installs the user's own tracer from BINARIES and writes down the versions.
#
# Usage: docker-install-tracer.sh BINARIES LAYER METADATA
# A layer (*.zip) is unpacked to LAYER, which becomes a part of /opt. Packages replace the pinned ones in
# /var/lang.
set -eu

binaries=$1 layer=$2 metadata=$3
site_packages=$layer/python/lib/python3.13/site-packages

main() {
    mkdir -p "$layer" "$(dirname "$metadata")"
    for zip in "$binaries"/*.zip; do
        [ -e "$zip" ] && unpack_layer "$zip"
    done
    set --
    for package in "$binaries"/*.whl "$binaries"/*.tar.gz; do
        [ -e "$package" ] && set -- "$@" "$package"
    done
    for folder in dd-trace-py datadog-lambda-python; do
        [ -d "$binaries/$folder" ] || continue
        # A copy, because binaries is mounted read-only and a build writes into its folder.
        cp -r "$binaries/$folder" "/tmp/$folder"
        set -- "$@" "/tmp/$folder"
    done
    if [ -e "$binaries/python-load-from-pip" ]; then
        set -- "$@" --requirement "$binaries/python-load-from-pip"
    fi
    [ $# = 0 ] || install_packages "$@"
    write_metadata
}

unpack_layer() {
    python -m zipfile -e "$1" "$layer"
    [ -d "$site_packages" ] || fail "$(basename "$1") has no python/lib/python3.13/site-packages: is it a layer for Python 3.13?"
}

install_packages() {
    # A source checkout needs git; ddtrace from source also needs compilers.
    if grep -qs 'git+' "$binaries/python-load-from-pip" || ls -d "$binaries"/ddtrace-*.tar.gz "$binaries/dd-trace-py" 2>/dev/null | grep -q .; then
        apt-get update -qq
        DEBIAN_FRONTEND=noninteractive apt-get install -qq --yes --no-install-recommends \
            build-essential cargo cmake git >/dev/null
    fi
    # Twice: the first run replaces a package even when the version is the same. The second one checks
    # whether the dependencies still fit, and changes only those that do not.
    pip --python /var/lang/bin/python install --quiet --force-reinstall --no-deps "$@"
    pip --python /var/lang/bin/python install --quiet "$@"
}

# Imports both, so that a tracer that cannot run here fails now and not at the first invocation.
write_metadata() {
    PYTHONPATH=$site_packages:$layer/python /var/lang/bin/python -c '
import os
import datadog_lambda
import ddtrace
print("datadog_lambda:", datadog_lambda.__version__)
print("ddtrace:", ddtrace.__version__)
print("extension:", os.environ["EXTENSION_IMAGE"])
print("weblog:", os.environ["WEBLOG_VERSION"])
' >"$metadata" || fail "datadog_lambda and ddtrace cannot be imported (see above)"
    cat "$metadata"
}

fail() {
    echo "docker-install-tracer: $1" >&2
    exit 1
}

main
