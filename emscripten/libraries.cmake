# tabtrain_headers: Eigen 5, nlohmann json and protozero, all header-only.
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

find_package(nlohmann_json 3.11 CONFIG QUIET)
if(nlohmann_json_FOUND)
  target_link_libraries(tabtrain_headers INTERFACE nlohmann_json::nlohmann_json)
else()
  add_fetched_headers(nlohmann_json https://github.com/nlohmann/json.git v3.11.3 include)
endif()

find_path(PROTOZERO_INCLUDE_DIR protozero/version.hpp)
if(PROTOZERO_INCLUDE_DIR)
  target_include_directories(tabtrain_headers SYSTEM INTERFACE ${PROTOZERO_INCLUDE_DIR})
else()
  add_fetched_headers(protozero https://github.com/mapbox/protozero.git v1.8.1 include)
endif()
