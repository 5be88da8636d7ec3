#!/bin/sh
# Makes the first device interrupt once. `cargo testbed demo` and the tests run it in the guest.
# Exit status 77: there is no way yet.
set -eu

# EDIT: a bit of CAUSES in device/regs.rs, once `raise` there can raise it.
bits=0

if [ "$((bits))" = 0 ]; then
    echo "raise.sh names no bit to raise; fill in what is marked with EDIT in device/regs.rs and here"
    exit 77
fi
exec irqcastctl --family @FAMILY@ raise --device 0 --bits "$bits"
