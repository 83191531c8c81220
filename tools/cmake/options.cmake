# Flags shared by every target of the project; never exported.

find_program(PERDURE_CCACHE ccache)
if(PERDURE_CCACHE)
  set(CMAKE_CXX_COMPILER_LAUNCHER
    "${CMAKE_COMMAND}" -E env "CCACHE_SLOPPINESS=pch_defines,time_macros"
    "${PERDURE_CCACHE}")
endif()
find_program(PERDURE_MOLD mold)

# The allocator of the programs (docs/decisions/0005-allocator.md). It takes the
# place of malloc by being linked, so the linker must not drop it; sanitizers
# bring their own.
add_library(perdure_allocator INTERFACE)
if(NOT PERDURE_SANITIZERS)
  target_link_options(perdure_allocator INTERFACE -Wl,--no-as-needed)
  target_link_libraries(perdure_allocator INTERFACE mimalloc::mimalloc)
endif()

add_library(perdure_options INTERFACE)
target_compile_features(perdure_options INTERFACE cxx_std_20)
target_include_directories(perdure_options INTERFACE ${PROJECT_SOURCE_DIR})
target_compile_options(perdure_options INTERFACE -Wall -Wextra -Wpedantic)
# A compiler that this was not tried with may warn of more; that must not keep
# anybody from building.
if(PERDURE_WERROR AND NOT (CMAKE_CXX_COMPILER_ID STREQUAL "GNU"
    AND CMAKE_CXX_COMPILER_VERSION VERSION_GREATER_EQUAL 15))
  target_compile_options(perdure_options INTERFACE -Werror)
endif()
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # Found by the optimiser, which takes code that it made up itself for ours
  # (members of std::optional and std::variant, joined std::strings), in other
  # places with each version. The asan preset finds the real ones.
  target_compile_options(perdure_options INTERFACE -Wno-maybe-uninitialized)
  if(CMAKE_CXX_COMPILER_VERSION VERSION_GREATER_EQUAL 13)
    target_compile_options(perdure_options INTERFACE -Wno-array-bounds
      -Wno-restrict -Wno-stringop-overflow -Wno-stringop-overread)
  endif()
endif()
# A message type without a type ID is a compile error, not a lost message.
target_compile_definitions(perdure_options INTERFACE CAF_ENABLE_TYPE_ID_CHECKS)
if(PERDURE_CCACHE)
  # Lets ccache reuse objects that were compiled with a precompiled header.
  target_compile_options(perdure_options INTERFACE -fpch-preprocess)
endif()
if(PERDURE_MOLD)
  target_link_options(perdure_options INTERFACE -fuse-ld=mold)
endif()
if(PERDURE_SANITIZERS)
  # CAF 0.17.6 binds a null reference when spawning a function without arguments.
  # A finding ends the program: a test must not pass with one.
  set(_flags -fsanitize=${PERDURE_SANITIZERS} -fno-sanitize=null
    -fno-sanitize-recover=all -fno-omit-frame-pointer)
  target_compile_options(perdure_options INTERFACE ${_flags})
  target_link_options(perdure_options INTERFACE ${_flags})
endif()
