#!/bin/bash
# Is this line entry SEQ of the log of SIZE entries with this ROOT? (RFC 9162 §2.1.3.2; FORMAT.md §4.5)
# usage: verify-inclusion.sh LINE-FILE SEQ SIZE ROOT HASH...
# LINE-FILE holds the entry and its line feed; ROOT and the HASHes of the proof are lower-case hex, leaf end first.
raw() { printf "$(printf '%s' "$1" | sed 's/../\\x&/g')"; }
sum() { sha256sum | cut -c1-64; }
leaf=$1 at=$(($2 - 1)) last=$(($3 - 1)) root=$4
shift 4
[ "$at" -ge 0 ] && [ "$at" -le "$last" ] || { echo "not in the log"; exit 1; }
node=$({ raw 00; cat "$leaf"; } | sum)
for step in "$@"; do
  [ "$last" -gt 0 ] || { echo "not in the log"; exit 1; }
  if [ $((at & 1)) = 1 ] || [ "$at" = "$last" ]; then
    node=$({ raw 01; raw "$step"; raw "$node"; } | sum)
    while [ $((at & 1)) = 0 ] && [ "$at" -gt 0 ]; do at=$((at >> 1)) last=$((last >> 1)); done
  else
    node=$({ raw 01; raw "$node"; raw "$step"; } | sum)
  fi
  at=$((at >> 1)) last=$((last >> 1))
done
if [ "$last" = 0 ] && [ "$node" = "$root" ]; then echo "in the log"; else echo "not in the log"; exit 1; fi
