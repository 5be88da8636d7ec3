#!/bin/sh
# What a fresh Debian 13 needs for .ci/run, as root: a container or a virtual machine. Neither needs KVM.
set -eu
apt-get update
apt-get install --yes --no-install-recommends \
    ca-certificates curl gcc git libc6-dev mmdebstrap mount util-linux zstd
curl --proto '=https' --tlsv1.2 --silent --show-error --fail https://sh.rustup.rs |
    sh -s -- -y --profile minimal --component clippy --component rustfmt
