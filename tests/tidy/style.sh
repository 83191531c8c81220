#!/usr/bin/env bash
# Fails on unfinished marks, files that grew too large, and lines over 100
# bytes in sources. Usage: style.sh SOURCE_DIR
set -euo pipefail
cd "$1"
failed=0
sources() {
  find runtime storage config actors tools tests -name '*.hpp' -o -name '*.cpp'
}
marks=$(sources | xargs grep -nE '\b(TO''DO|FIX''ME|XX''X|HA''CK)\b' || true)
if [ -n "$marks" ]; then
  printf 'unfinished marks:\n%s\n' "$marks"
  failed=1
fi
large=$(sources | xargs wc -l | awk '$2 != "total" && $1 > 600 { print }')
if [ -n "$large" ]; then
  printf 'files over 600 lines:\n%s\n' "$large"
  failed=1
fi
[ "$(sources | wc -l)" -gt 100 ] || { echo "found no sources"; failed=1; }
[ "$failed" -eq 0 ] && echo "style is kept"
exit "$failed"
