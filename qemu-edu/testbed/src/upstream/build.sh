# build.sh WHAT
# Compiles the kernel crate as the kernel's build did, with the source that is there now, to /usr/src/output:
# WHAT is `metadata`, which checks it, or `obj`, which is all of it. A warning is a fault.
set -eu
cd /usr/src/objects
command=$(sed -n 's/^savedcmd_rust\/kernel\.o := //p' rust/.kernel.o.cmd | sed 's/ ; .*//; s/ --emit=[^ ]*//g')
if [ -z "$command" ]; then
    echo "rust/.kernel.o.cmd does not say how the kernel crate was compiled" >&2
    exit 1
fi
export RUSTC_BOOTSTRAP=1
eval "$command --out-dir /usr/src/output --emit=$1=/usr/src/output/kernel.$1 -Dwarnings"
