#!/bin/sh
# An interrupt becomes an event, and the hook of sample/irqcastd.toml gets it.
set -eu

events=/run/irqcast/@NAME@.jsonl
log=/run/@NAME@.log
rm -f "$events"

irqcastd run --config /etc/irqcast/@NAME@/irqcastd.toml --state-dir /run/@NAME@ > "$log" 2>&1 &
daemon=$!
trap 'kill $daemon; wait $daemon' EXIT

# wait_for COMMAND...: for half a minute, which only stops a hang.
wait_for() {
    tries=300
    until "$@"; do
        tries=$((tries - 1))
        [ "$tries" -gt 0 ] || { echo "waited in vain for: $*"; cat "$log"; exit 1; }
        sleep 0.1
    done
}

wait_for grep -q 'listening to a family' "$log"
sh "$(dirname "$0")/../raise.sh"
wait_for test -s "$events"
grep '"family":"@FAMILY@","message":"event-ntf"' "$events"
