# The engine for this machine: GoogleTest programs and fuzz targets. Asserts stay on.
set(native_flags -O2 -g1 -ffp-contract=off)
if(CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64")
  list(APPEND native_flags -msse4.2)
endif()
if(CMAKE_CXX_COMPILER_ID STREQUAL GNU)
  # GCC 12 reports it falsely for std::optional.
  list(APPEND native_flags -Wno-maybe-uninitialized)
endif()
if(TABTRAIN_SANITIZE OR TABTRAIN_FUZZ)
  list(APPEND native_flags -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer)
endif()
if(TABTRAIN_FUZZ)
  list(APPEND native_flags -fsanitize=fuzzer-no-link)
  if(CMAKE_SYSTEM_PROCESSOR STREQUAL x86_64)
    # With the 32-bit sizes of WebAssembly, in which what a file says may wrap around, and its floats. Debian has no
    # headers of Linux beside the 32-bit library.
    list(APPEND native_flags -m32 -mfpmath=sse -idirafter/usr/include/x86_64-linux-gnu)
  endif()
endif()

add_core(tabtrain_core "${native_flags}")
target_link_options(tabtrain_core PUBLIC ${native_flags})
# Lets tests assert that Eigen allocates nothing in a training step.
target_compile_definitions(tabtrain_core PUBLIC EIGEN_RUNTIME_NO_MALLOC)

if(TABTRAIN_FUZZ)
  file(GLOB fuzz_sources CONFIGURE_DEPENDS tests/fuzz/*.cpp)
  foreach(source ${fuzz_sources})
    get_filename_component(target ${source} NAME_WE)
    add_executable(${target} ${source})
    target_link_libraries(${target} PRIVATE tabtrain_core)
    target_link_options(${target} PRIVATE -fsanitize=fuzzer)
    set_target_properties(${target} PROPERTIES RUNTIME_OUTPUT_DIRECTORY fuzz)
  endforeach()
  return()
endif()

find_package(GTest QUIET)
if(NOT GTest_FOUND)
  include(FetchContent)
  FetchContent_Declare(googletest GIT_REPOSITORY https://github.com/google/googletest.git GIT_TAG v1.15.2 GIT_SHALLOW ON)
  FetchContent_MakeAvailable(googletest)
endif()

enable_testing()
include(GoogleTest)
file(GLOB_RECURSE test_sources CONFIGURE_DEPENDS tests/cpp/*.cpp)
add_executable(tabtrain_tests ${test_sources})
target_compile_options(tabtrain_tests PRIVATE -Wall -Wextra -Werror)
target_compile_definitions(tabtrain_tests PRIVATE TABTRAIN_TESTS_DIR="${CMAKE_SOURCE_DIR}/tests")
target_include_directories(tabtrain_tests PRIVATE tests/cpp)
target_link_libraries(tabtrain_tests PRIVATE tabtrain_core GTest::gtest GTest::gtest_main)
gtest_discover_tests(tabtrain_tests DISCOVERY_MODE PRE_TEST DISCOVERY_TIMEOUT 60 PROPERTIES TIMEOUT 300)

# All tests in a few processes, since each process reads all golden files: `ctest -L shard`.
set(shards 4)
math(EXPR last_shard "${shards} - 1")
foreach(shard RANGE ${last_shard})
  add_test(NAME shard-${shard} COMMAND tabtrain_tests --gtest_brief=1 --gtest_output=xml:${CMAKE_BINARY_DIR}/shards/${shard}.xml)
  set_tests_properties(shard-${shard} PROPERTIES LABELS shard TIMEOUT 1200
    ENVIRONMENT "GTEST_TOTAL_SHARDS=${shards};GTEST_SHARD_INDEX=${shard}")
endforeach()

# Programs that other tests call.
file(GLOB tool_sources CONFIGURE_DEPENDS tests/cpp/tools/*.cc)
foreach(source ${tool_sources})
  get_filename_component(target ${source} NAME_WE)
  add_executable(${target} ${source})
  target_compile_options(${target} PRIVATE -Wall -Wextra -Werror)
  target_link_libraries(${target} PRIVATE tabtrain_core)
endforeach()
