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
    for checkout in dd-trace-py datadog-lambda-python; do
        if [ -d "$binaries/$checkout" ]; then
            # A build writes into its folder, and this one is read-only.
            cp -r "$binaries/$checkout" /tmp/
            set -- "$@" "/tmp/$checkout"
        fi
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
    if grep -qs 'git+' "$binaries/python-load-from-pip" || [ -d "$binaries/dd-trace-py" ] ||
        ls "$binaries"/ddtrace-*.tar.gz >/dev/null 2>&1; then
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
