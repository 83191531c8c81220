#!/usr/bin/env bash
# Fails on an #include against the arrows of docs/architecture.md:
#   tools -> actors -> storage -> runtime;  tools -> config -> runtime
# and on a library outside its row. Usage: layers.sh SOURCE_DIR
set -euo pipefail
cd "$1"
failed=0

# forbid FOLDER PATTERN WHY
forbid() {
  local hits
  hits=$(grep -rnE "^ *# *include *$2" "$1" --include='*.hpp' \
    --include='*.cpp' || true)
  if [ -n "$hits" ]; then
    printf '%s:\n%s\n' "$3" "$hits"
    failed=1
  fi
}

inner='"(storage|config|actors|tools|tests)/'
forbid runtime "$inner" "runtime/ may include only runtime/"
forbid runtime '<(caf|lmdb|boost|curl|google|yaml-cpp|valijson|spdlog|openssl|zstd)' \
  "runtime/ may use only the standard library and nlohmann_json"
forbid storage '"(config|actors|tools|tests)/' \
  "storage/ may include only storage/ and runtime/"
forbid storage '<caf/' "CAF is in actors/ only"
forbid config '"(storage|actors|tools|tests)/' \
  "config/ may include only config/ and runtime/"
forbid config '<(caf/|lmdb)' "CAF is in actors/ only, LMDB in storage/ only"
forbid actors '"(config|tools|tests)/' \
  "actors/ may include only actors/, storage/ and runtime/"
forbid actors '<lmdb' "LMDB is in storage/ only"
forbid tools '<lmdb' "LMDB is in storage/ only"
forbid actors/edges '<caf/' "the edges know no actors"
forbid tools/perdure '(<caf/|"(actors|storage|config)/)' \
  "the client tool speaks the API and nothing else"
forbid tools/library '<(caf/|lmdb|google/)' \
  "the library puts layers together and names none of their libraries"
forbid tools/library/include '("|<(caf|lmdb|google|curl|yaml-cpp|valijson|boost/[^dm]))' \
  "installed headers include std, nlohmann_json, Boost.Describe, Boost.Mp11"
for folder in runtime storage config actors tools; do
  forbid "$folder" '"tests/' "nothing may include tests/"
done

# The rule must be able to fail.
if ! grep -qE '^#include "storage/' actors/services.hpp; then
  echo "layers.sh looks at nothing: actors/services.hpp was not found"
  failed=1
fi
[ "$failed" -eq 0 ] && echo "all includes follow the arrows"
exit "$failed"
