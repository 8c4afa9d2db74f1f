#!/bin/sh
# One notification to N observers, multicast against unicast Observe, see group_observe.c: one datagram, and from a hundred
# observers on at most a tenth of the CPU time.
set -eu
exec "${BUILD:=build}/tests/bench/group_observe"
