# tabtrain_headers: Eigen 5 and protozero, both header-only.
#
# A prefix of their own (TABTRAIN_HEADERS), so that the system's headers never reach a wasm compile; else what
# find_package knows; else their repositories.
add_library(tabtrain_headers INTERFACE)

if(TABTRAIN_HEADERS)
  target_include_directories(tabtrain_headers SYSTEM INTERFACE
    ${TABTRAIN_HEADERS}/eigen3 ${TABTRAIN_HEADERS})
  return()
endif()

include(FetchContent)

# Adds the include directory `subdirectory` of a repository without running its own build.
function(add_fetched_headers name repository tag subdirectory)
  FetchContent_Declare(${name} GIT_REPOSITORY ${repository} GIT_TAG ${tag} GIT_SHALLOW ON)
  FetchContent_GetProperties(${name})
  if(NOT ${name}_POPULATED)
    FetchContent_Populate(${name})
  endif()
  target_include_directories(tabtrain_headers SYSTEM INTERFACE
    ${${name}_SOURCE_DIR}/${subdirectory})
endfunction()

find_package(Eigen3 5 CONFIG QUIET)
if(Eigen3_FOUND)
  target_link_libraries(tabtrain_headers INTERFACE Eigen3::Eigen)
else()
  add_fetched_headers(eigen https://gitlab.com/libeigen/eigen.git 5.0.1 .)
endif()

find_path(PROTOZERO_INCLUDE_DIR protozero/version.hpp)
if(PROTOZERO_INCLUDE_DIR)
  target_include_directories(tabtrain_headers SYSTEM INTERFACE ${PROTOZERO_INCLUDE_DIR})
else()
  add_fetched_headers(protozero https://github.com/mapbox/protozero.git v1.8.1 include)
endif()
