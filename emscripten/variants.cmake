# One module tabtrain-<variant>.{mjs,wasm} for each row of variants.json, all from the same sources.
set(variants_file ${CMAKE_CURRENT_LIST_DIR}/variants.json)
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${variants_file})
file(READ ${variants_file} table)

# The strings of a JSON array at `path` of the table, as a CMake list in `result`.
function(read_flags result)
  set(flags "")
  string(JSON count ERROR_VARIABLE missing LENGTH "${table}" ${ARGN})
  if(NOT missing AND count GREATER 0)
    math(EXPR last "${count} - 1")
    foreach(index RANGE ${last})
      string(JSON flag GET "${table}" ${ARGN} ${index})
      list(APPEND flags ${flag})
    endforeach()
  endif()
  set(${result} ${flags} PARENT_SCOPE)
endfunction()

# The engine says the package's version.
set(package_file ${CMAKE_SOURCE_DIR}/package.json)
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${package_file})
file(READ ${package_file} package)
string(JSON package_version GET "${package}" version)

# JavaScript has decimals already.
list(REMOVE_ITEM core_sources ${CMAKE_SOURCE_DIR}/src/base/decimal.cpp)
list(APPEND core_sources emscripten/decimal.cpp)

# Size counts everywhere but in the kernels, where the time goes.
file(GLOB kernel_sources CONFIGURE_DEPENDS src/kernels/*.cpp)
set_source_files_properties(${kernel_sources} PROPERTIES COMPILE_OPTIONS -Os)

read_flags(common_compile common compile)
read_flags(common_link common link)
string(JSON variant_count LENGTH "${table}" variants)
math(EXPR last_variant "${variant_count} - 1")

foreach(index RANGE ${last_variant})
  string(JSON variant MEMBER "${table}" variants ${index})
  read_flags(compile variants ${variant} compile)
  read_flags(link variants ${variant} link)

  add_core(tabtrain_core_${variant} "${common_compile};${compile}")
  add_executable(tabtrain-${variant} emscripten/bindings.cpp)
  target_compile_options(tabtrain-${variant} PRIVATE -Wall -Wextra -Werror)
  target_compile_definitions(tabtrain-${variant} PRIVATE
    TABTRAIN_VARIANT="${variant}" TABTRAIN_VERSION="${package_version}")
  target_link_libraries(tabtrain-${variant} PRIVATE tabtrain_core_${variant})
  target_link_options(tabtrain-${variant} PRIVATE ${common_compile} ${compile} ${common_link} ${link})
  set_target_properties(tabtrain-${variant} PROPERTIES SUFFIX .mjs)
endforeach()
