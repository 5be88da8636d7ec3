#!/bin/sh
# build.sh RELEASE
#
# Builds the module in this folder's parent with what prepare.sh has made there.
set -eu
release=$1
cd "$(dirname "$0")/.."

# What DKMS has set is for the kernel's own makefile, which is told anew.
unset ARCH CC KERNELRELEASE MAKEFLAGS
export PATH=/usr/sbin:/usr/bin:/sbin:/bin

# What prepare.sh has found.
objects='' cc='' hostcc=''
# shellcheck source=/dev/null
. metadata/settings
make -j"$(nproc)" KDIR="$objects" KERNELRELEASE="$release" CC="$cc" HOSTCC="$hostcc" modules
