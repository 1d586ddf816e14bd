#!/usr/bin/env bash
# Builds the weblog's images.
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")"

SUITE_TAG=system_tests/weblog

main() {
    command -v python3 >/dev/null || fail "there is no python3 command; install Python, 3.10 or later"
    # Variant and the event type that its label names; the first is the default.
    mapfile -t VARIANTS < <(python3 -m scripts.build_inputs variants)
    [[ ${#VARIANTS[@]} -gt 0 ]] || fail "python3 cannot list the variants (see above); it has to be Python 3.10 or later"
    local variants=() platform="" save=false dev=true drivers=false suite_tag=true name=python-lambda-weblog
    while [[ $# -gt 0 ]]; do
        case $1 in
            -h | --help) usage && exit ;;
            --platform) platform=${2-} && shift ;;
            --platform=*) platform=${1#*=} ;;
            --save) save=true ;;
            --no-dev) dev=false ;;
            --drivers) drivers=true ;;
            --no-suite-tag) suite_tag=false ;;
            --name) name=${2-} && shift ;;
            --name=*) name=${1#*=} ;;
            --export) exec python3 -m scripts.suite_export "${@:2}" ;;
            --print-client) find_client && echo "$client" && exit ;;
            all) mapfile -t variants < <(variant_names) ;;
            -*) fail "unknown option $1; there are --platform, --save, --drivers, --no-dev, --no-suite-tag, --name, --export and --help" ;;
            *) variants+=("$1") ;;
        esac
        [[ $# == 0 ]] || shift
    done
    [[ ${#variants[@]} -gt 0 ]] || variants=("$(variant_names | head -n 1)")

    for index in "${!variants[@]}"; do
        variants[index]=$(variant "${variants[index]}")
    done
    check_platform "$platform"
    # What Docker allows, without a registry.
    [[ $name =~ ^[a-z0-9]+([._-][a-z0-9]+)*$ ]] ||
        fail "--name is '$name'; valid are lower-case letters and digits, with . _ or - between them"
    # Every mistake in binaries/ that its file names show, before anything is built.
    python3 -m scripts.build_inputs check "${platform:-linux/$(machine)}" || exit 1
    ! $save || command -v zstd >/dev/null || fail "--save needs zstd (Debian's package of that name)"
    find_client

    for variant in "${variants[@]}"; do
        build weblog "$variant" "$name:$variant"
        ! $dev || build dev "$variant" "$name:$variant-dev"
        ! $save || save_image "$variant"
    done
    ! $suite_tag || tag_for_suite "${variants[@]}"
}

usage() {
    cat <<END
Usage: ./build.sh [VARIANT...|all] [options]

Builds python-lambda-weblog:VARIANT, what the test suite and AWS run, and python-lambda-weblog:VARIANT-dev,
the same plus lambda proxy, trace agent with its view, and debugger. The first is also tagged
$SUITE_TAG. Of several variants, the default one gets this tag; if it is not among them, the last.

Variants: $(variant_names | xargs | sed 's/ /, /g'). The first is the default.

Options:
  --platform PLATFORM  linux/amd64 or linux/arm64; default: the Docker engine's own
  --save               also write binaries/python_lambda-VARIANT-weblog.tar.zst, which the test suite loads
  --drivers            with the drivers of databases, brokers and AWS (requirements-drivers.txt), which are left
                       out otherwise; the endpoints that need them then answer 501
  --no-dev             do not build python-lambda-weblog:VARIANT-dev
  --no-suite-tag       leave the tag $SUITE_TAG where it is
  --name NAME          build NAME:VARIANT and NAME:VARIANT-dev, so that two builds can be compared
  --export FOLDER      build nothing; write into FOLDER, a checkout of system-tests, what the suite needs
                       to build every variant itself
  --help               print this text

Setting: EXTENSION_IMAGE, the image of the Datadog extension, instead of the one in the Dockerfile.
Put your own tracer into binaries/; binaries/README.md lists the ways.
END
}

variant_names() {
    printf '%s\n' "${VARIANTS[@]% *}"
}

# The variant, by its own name or by that of its event type.
variant() {
    local entry
    for entry in "${VARIANTS[@]}"; do
        [[ $1 != "${entry% *}" && $1 != "${entry#* }" ]] || { echo "${entry% *}" && return; }
    done
    fail "unknown variant $1; there are $(variant_names | xargs) and all"
}

event_type() {
    local entry
    for entry in "${VARIANTS[@]}"; do
        [[ $1 != "${entry% *}" ]] || { echo "${entry#* }" && return; }
    done
}

check_platform() {
    case $1 in
        "" | linux/amd64 | linux/arm64) ;;
        *) fail "unknown platform '$1'; there are linux/amd64 and linux/arm64" ;;
    esac
}

machine() {
    case $(uname -m) in
        arm64 | aarch64) echo arm64 ;;
        *) echo amd64 ;;
    esac
}

# The first docker on the PATH that can use BuildKit: a client from version 23 on needs its buildx plugin.
find_client() {
    local candidate version
    for candidate in $(type -ap docker); do
        version=$("$candidate" version --format '{{.Client.Version}}' 2>/dev/null | head -n 1) || true
        if "$candidate" buildx version >/dev/null 2>&1 || [[ -n $version && ${version%%.*} -lt 23 ]]; then
            client=$candidate
            "$client" version --format '{{.Server.Version}}' >/dev/null 2>&1 ||
                fail "no Docker engine answers; start Docker, or as root: eval \"\$(scripts/docker-engine.sh start)\""
            return
        fi
    done
    [[ -z ${candidate:-} ]] || fail "$candidate cannot use BuildKit; install Docker's buildx plugin"
    fail "there is no docker command; install Docker, or as root: eval \"\$(scripts/docker-engine.sh start)\""
}

# build TARGET VARIANT TAG. Without the attestations that newer clients add: AWS Lambda refuses them.
build() {
    say "building $3"
    DOCKER_BUILDKIT=1 BUILDX_NO_DEFAULT_ATTESTATIONS=1 "$client" build ${platform:+--platform "$platform"} \
        --target "$1" --tag "$3" \
        --build-arg "DRIVERS=$drivers" --build-arg "VARIANT=$2" --build-arg "LAMBDA_EVENT_TYPE=$(event_type "$2")" \
        ${EXTENSION_IMAGE:+--build-arg "EXTENSION_IMAGE=$EXTENSION_IMAGE"} \
        --build-arg "WEBLOG_VERSION=$(git describe --always --dirty 2>/dev/null || echo unknown)" \
        . || fail "could not build $3"
}

save_image() {
    local archive=binaries/python_lambda-$1-weblog.tar.zst before
    say "writing $archive"
    # The suite takes the image by this tag, so the archive must have it.
    before=$("$client" image inspect --format '{{.Id}}' "$SUITE_TAG" 2>/dev/null) || true
    "$client" tag "$name:$1" "$SUITE_TAG"
    "$client" save "$SUITE_TAG" | zstd --quiet --force -T0 -o "$archive"
    if [[ -n $before ]]; then
        "$client" tag "$before" "$SUITE_TAG"
    else
        "$client" rmi "$SUITE_TAG" >/dev/null
    fi
}

tag_for_suite() {
    local variant chosen
    for variant in "$@"; do
        chosen=${chosen:-$variant}
        [[ $variant != "$(variant_names | head -n 1)" ]] || chosen=$variant
    done
    "$client" tag "$name:$chosen" "$SUITE_TAG"
    say "$SUITE_TAG is $name:$chosen"
}

say() {
    echo "build.sh: $1" >&2
}

fail() {
    say "$1"
    exit 1
}

main "$@"
