#!/bin/sh
# What a fresh Debian 13 needs for .ci/run, as root: a container or a virtual machine. Neither needs KVM.
# Rust is of rustup, since Debian 13's own is older than what irqcast needs.
set -eu
apt-get update
apt-get install --yes --no-install-recommends \
    ca-certificates gcc git libc6-dev mmdebstrap mount rustup util-linux zstd
rustup toolchain install stable --profile minimal --component clippy --component rustfmt
rustup default stable
