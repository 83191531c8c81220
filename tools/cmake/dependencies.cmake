# Every library of the project, each from a Debian package that tools/setup
# installs. A folder links only the targets of its row in docs/architecture.md.

find_package(PkgConfig REQUIRED)
find_package(Threads REQUIRED)
find_package(CAF 0.17.6 EXACT REQUIRED COMPONENTS core test)
find_package(LMDB REQUIRED)
find_package(Protobuf REQUIRED)
find_package(nlohmann_json REQUIRED)
find_package(yaml-cpp REQUIRED)
find_package(Boost 1.81 CONFIG REQUIRED) # headers only: Beast, Asio, CRC
find_package(CURL 7.88 REQUIRED)
find_package(OpenSSL REQUIRED)
find_package(CLI11 REQUIRED)
find_package(spdlog REQUIRED)
pkg_check_modules(zstd REQUIRED IMPORTED_TARGET libzstd)

find_library(MIMALLOC_LIBRARY NAMES mimalloc REQUIRED)
add_library(mimalloc::mimalloc UNKNOWN IMPORTED)
set_target_properties(mimalloc::mimalloc PROPERTIES
  IMPORTED_LOCATION "${MIMALLOC_LIBRARY}")

# Header-only, without a usable CMake package.
find_path(VALIJSON_INCLUDE_DIR NAMES valijson/validator.hpp REQUIRED)
