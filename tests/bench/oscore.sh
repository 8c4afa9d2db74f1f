#!/bin/sh
# Protected messages against the bare primitives, see oscore.c: group mode at least 0.97 (verify+decrypt) and 0.95 (protect) of the
# bare signature's rate, pairwise mode and OSCORE within 4 times the bare CCM, no heap allocation.
set -eu
exec "${BUILD:=build}/tests/bench/oscore"
