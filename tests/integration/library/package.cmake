# The examples as somebody else would build them: from outside of the build,
# against an installed Perdure.

set(_prefix ${CMAKE_CURRENT_BINARY_DIR}/installed)
set(_examples ${CMAKE_CURRENT_BINARY_DIR}/examples)
set(_flags)
if(PERDURE_SANITIZERS)
  set(_flags "-DCMAKE_CXX_FLAGS=-fsanitize=${PERDURE_SANITIZERS}")
endif()

add_test(NAME library.install
  COMMAND ${CMAKE_COMMAND} --install ${PROJECT_BINARY_DIR}
    --prefix ${_prefix} --component library)
add_test(NAME library.examples.configure
  COMMAND ${CMAKE_COMMAND} -S ${PROJECT_SOURCE_DIR}/tools/examples/library
    -B ${_examples} -G Ninja -DCMAKE_PREFIX_PATH=${_prefix}
    -DCMAKE_CXX_COMPILER=${CMAKE_CXX_COMPILER} ${_flags})
add_test(NAME library.examples.build
  COMMAND ${CMAKE_COMMAND} --build ${_examples})
add_test(NAME library.examples.run
  COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/examples.sh ${_examples})

set_tests_properties(library.install PROPERTIES
  FIXTURES_SETUP perdure_installed)
set_tests_properties(library.examples.configure PROPERTIES
  FIXTURES_REQUIRED perdure_installed FIXTURES_SETUP examples_configured)
set_tests_properties(library.examples.build PROPERTIES
  FIXTURES_REQUIRED examples_configured FIXTURES_SETUP examples_built)
set_tests_properties(library.examples.run PROPERTIES
  FIXTURES_REQUIRED examples_built)
foreach(_step install examples.configure examples.build examples.run)
  set_tests_properties(library.${_step} PROPERTIES
    LABELS integration TIMEOUT ${PERDURE_TEST_SECONDS})
endforeach()
