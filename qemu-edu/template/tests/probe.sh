#!/bin/sh
# The driver is bound to a device, tells of it, has a node for it, and can be unbound and bound again.
# The driver is loaded when a test begins, and unloaded after it. Exit status 77: skipped.
set -eu

driver=/sys/bus/pci/drivers/@NAME@

node_is_there() {
    [ -c /dev/@NAME@-0 ]
}

address=$(ls "$driver" | grep : | head -n 1)
[ -n "$address" ] || { echo "the driver is bound to no device"; exit 1; }
irqcastctl --family @FAMILY@ list --json | grep "\"address\":\"$address\""
node_is_there

echo "$address" > "$driver/unbind"
! node_is_there
echo "$address" > "$driver/bind"
node_is_there
