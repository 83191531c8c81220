#!/usr/bin/env bash
# Runs the examples that were built against an installed Perdure, with a model
# that needs no network. Usage: examples.sh FOLDER_OF_PROGRAMS
set -euo pipefail
programs=$1
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
failed=0

# expect NAME TEXT: the output in $place/NAME.out holds TEXT
expect() {
  if ! grep -qF "$2" "$place/$1.out"; then
    printf '%s did not say "%s" but:\n' "$1" "$2"
    cat "$place/$1.out"
    failed=1
  fi
}

# run NAME PROGRAM: in a folder of its own, standard input goes on
run() {
  mkdir -p "$place/$1"
  (cd "$place/$1" && "$programs/$2" test) >"$place/$1.out" 2>&1 \
    || echo "ended with an error" >>"$place/$1.out"
}

run geography geography </dev/null
expect geography '{"home_country":"Mexico"}'
# The run is there: another process attaches to it.
run geography geography </dev/null
expect geography '{"home_country":"Mexico"}'

run bank_support bank_support </dev/null
expect bank_support 'block card: false, risk: 0'

echo y | run yes approval
expect yes 'allow it? [y/n]'
expect yes 'deleted'
echo n | run no approval
expect no 'The user wants to keep it.'

run event_handler event_handler </dev/null
expect event_handler '{"season":"autumn"}'
# The run does not wait for its handler: what is missing comes with the next
# process, and nothing comes twice.
run event_handler event_handler </dev/null
log=$place/event_handler/audit.log
touch "$log"
for _ in $(seq 100); do
  [ "$(grep -c run_state "$log")" -lt 2 ] || break
  run event_handler event_handler </dev/null
done
cp "$log" "$place/audit.out"
expect audit 'function_tool_result'
[ "$(sort "$log" | uniq -d | wc -l)" -eq 0 ] || { echo "twice in the log"; failed=1; }

[ "$failed" -eq 0 ] && echo "all examples did what they should"
exit "$failed"
