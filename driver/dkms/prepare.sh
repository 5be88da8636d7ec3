#!/bin/sh
# prepare.sh RELEASE HEADERS
#
# Makes what the headers packages of Debian lack for a module in Rust: the metadata of the kernel's
# crates. It is made in metadata/ beside this folder, from the source of the same version, the headers'
# configuration and the compilers that built the kernel. metadata/settings says where it is.
#
# If something does not fit, it says what, and which command gets it, and ends with status 1.
set -eu
release=$1
headers=$2
cd "$(dirname "$0")/.."

# Not a compiler that somebody keeps in a folder of their own.
unset ARCH CC KERNELRELEASE MAKEFLAGS
export PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C.UTF-8

# Disk space that the source and the metadata take, in MiB.
space=1500

stop() {
    echo "irqcast-dkms: $1" >&2
    [ $# -lt 2 ] || echo "irqcast-dkms: to get it, run: $2" >&2
    rm -rf metadata
    exit 1
}

# The value of a line of the kernel's configuration, without quotes.
config() {
    sed -n "s/^$1=\"\{0,1\}\([^\"]*\)\"\{0,1\}\$/\1/p" "$headers/.config"
}

require_program() {
    command -v "$1" >/dev/null || stop "the program $1 is missing" "apt install $2"
}

require_file() {
    [ -e "$1" ] || stop "$2 is missing (looked for $1)" "apt install $3"
}

require_headers() {
    for file in .config Module.symvers; do
        require_file "$headers/$file" "the headers of Linux $release" "linux-headers-$release"
    done
    [ "$(config CONFIG_RUST)" = y ] ||
        stop "Linux $release was built without CONFIG_RUST=y; no module in Rust can be built for it"
}

require_compilers() {
    gcc_major=$(($(config CONFIG_GCC_VERSION) / 10000))
    [ "$gcc_major" -gt 0 ] ||
        stop "Linux $release was not built with GCC; this way of making the metadata is for GCC only"
    hostcc=gcc-$gcc_major
    cc=$(uname -m)-linux-gnu-gcc-$gcc_major
    require_program "$cc" "gcc-$gcc_major"
    require_program rustc rustc
    require_program bindgen bindgen
    require_file "$(rustc --print sysroot)/lib/rustlib/src/rust/library/core/src/lib.rs" \
        "the source of Rust's core library" rust-src

    # Symbols of Rust are named after the compiler, so it has to be the very same.
    wanted=$(config CONFIG_RUSTC_VERSION_TEXT)
    found=$(rustc --version)
    [ "$found" = "$wanted" ] || stop \
        "Linux $release was built with $wanted, and this machine has $found" \
        "apt install rustc rust-src (of the release that the kernel is from)"
    wanted=$(config CONFIG_BINDGEN_VERSION_TEXT)
    found=$(bindgen --version)
    [ "$found" = "$wanted" ] || stop \
        "Linux $release was built with $wanted, and this machine has $found" \
        "apt install bindgen (of the release that the kernel is from)"
}

require_tools() {
    for pair in bc:bc bison:bison flex:flex make:make pahole:pahole xz:xz-utils; do
        require_program "${pair%:*}" "${pair#*:}"
    done
    for pair in libelf.h:libelf-dev openssl/opensslv.h:libssl-dev dwarf.h:libdw-dev; do
        echo "#include <${pair%:*}>" | "$cc" -E -o /dev/null - 2>/dev/null ||
            stop "the header ${pair%:*} is missing" "apt install ${pair#*:}"
    done
}

require_source() {
    series=$(echo "$release" | sed -n 's/^\([0-9]*\.[0-9]*\).*/\1/p')
    package=linux-source-$series
    version=$(dpkg-query --show --showformat='${Version}' "linux-headers-$release" 2>/dev/null) ||
        stop "Linux $release is not of a Debian package, and its tree $headers has no Rust metadata" \
            "make -C $headers modules_prepare"
    has=$(dpkg-query --show --showformat='${Version}' "$package" 2>/dev/null) || has=
    [ "$has" = "$version" ] || stop \
        "the source of Linux $release is missing: package $package of version $version (there is: ${has:-none})" \
        "apt install $package=$version"
    archive=/usr/src/$package.tar.xz
    require_file "$archive" "the source of Linux $release" "--reinstall $package=$version"
}

require_space() {
    free=$(df --output=avail --block-size=1M . | tail -n 1)
    [ "$free" -ge "$space" ] || stop "$PWD has $((free)) MiB of free space, and $space are needed for a while"
}

# Of drivers and the like `make modules_prepare` reads what says that they exist, and headers.
unpack() {
    mkdir -p metadata/source metadata/objects
    tar --extract --xz --no-same-owner --strip-components=1 --directory=metadata/source \
        --wildcards --wildcards-match-slash \
        --exclude='*/Documentation/*.rst' --exclude='*/Documentation/devicetree/*' \
        --exclude='*/drivers/*.c' --exclude='*/sound/*.c' --exclude='*/fs/*.c' --exclude='*/net/*.c' \
        --exclude='*.dts' --exclude='*.dtsi' --exclude='*/tools/testing/*' \
        --file "$archive"
}

kernel_make() {
    make -C metadata/source O="$PWD/metadata/objects" KERNELRELEASE="$release" CC="$cc" HOSTCC="$hostcc" \
        -j"$(nproc)" "$@" >>metadata/log 2>&1 && return
    tail -n 25 metadata/log >&2
    stop "'make $*' in the source of Linux $release failed; its last lines are above"
}

# Lines of a configuration, but for those that hold the exact version of a compiler: Debian may mend
# one after it built the kernel.
comparable() {
    grep '^CONFIG_' "$1" | grep -v '^CONFIG_[A-Z_]*_VERSION\(_TEXT\)\{0,1\}=' | sort
}

make_metadata() {
    cp "$headers/.config" metadata/objects/.config
    kernel_make olddefconfig
    comparable "$headers/.config" >metadata/wanted
    comparable metadata/objects/.config >metadata/made
    if ! diff metadata/wanted metadata/made >metadata/differences; then
        head -n 10 metadata/differences >&2
        stop "the configuration of Linux $release comes out differently with this machine's tools (see above)"
    fi
    kernel_make modules_prepare
    cp "$headers/Module.symvers" metadata/objects/
}

require_headers
require_compilers
rm -rf metadata
mkdir metadata
if [ -e "$headers/rust/libkernel.rmeta" ]; then
    # A tree that somebody has built has it all.
    objects=$headers
else
    require_tools
    require_source
    require_space
    echo "making the Rust metadata of Linux $release, which takes some minutes"
    unpack
    make_metadata
    objects=$PWD/metadata/objects
fi
printf 'objects=%s\ncc=%s\nhostcc=%s\n' "$objects" "$cc" "$hostcc" >metadata/settings
