# The page: src/page/module and the parts of the library that it needs, compiled to WebAssembly with
# clang, and src/page/web around it, as one HTML file that is compiled into the library. Debian's
# packages are clang-N, lld-N, wasi-libc and libclang-rt-N-dev-wasm32. Without them the library is
# complete but for imp_page_write().
option(IMPRINT_PAGE "Build the page that simulates in a browser, if there is a compiler for it" ON)

# Sets IMP_WASM_COMPILER to a clang that makes modules, or to nothing.
function(imp_find_wasm_compiler)
  set(probe ${PROJECT_BINARY_DIR}/wasm_probe)
  file(WRITE ${probe}.c "#include <stdlib.h>\nvoid *probe(void) { return malloc(1); }\n")
  foreach(name IN ITEMS clang-21 clang-20 clang-19 clang-18 clang-17 clang-16 clang-15 clang-14
                        clang)
    find_program(IMP_CLANG_FOR_WASM NAMES ${name} NO_CACHE)
    if(IMP_CLANG_FOR_WASM)
      execute_process(
        COMMAND ${IMP_CLANG_FOR_WASM} --target=wasm32-wasi -mexec-model=reactor -O1 -msimd128
                ${probe}.c -o ${probe}.wasm
        RESULT_VARIABLE failed OUTPUT_QUIET ERROR_QUIET)
      if(failed EQUAL 0)
        set(IMP_WASM_COMPILER ${IMP_CLANG_FOR_WASM} PARENT_SCOPE)
        return()
      endif()
    endif()
    unset(IMP_CLANG_FOR_WASM)
  endforeach()
  set(IMP_WASM_COMPILER "" PARENT_SCOPE)
endfunction()

# imp_wasm_folder(PATH ...): like imp_folder(), but only modules of the page are made of it.
function(imp_wasm_folder PATH)
  file(GLOB found CONFIGURE_DEPENDS RELATIVE ${PROJECT_SOURCE_DIR}/src
    ${PROJECT_SOURCE_DIR}/src/${PATH}/*.c)
  set_property(GLOBAL APPEND PROPERTY IMP_WASM_SOURCES ${found})
endfunction()

# What else the module is made of. Files that need a system, or libraries that exist for machines
# only, have stand-ins in src/page/shims.
set(IMP_WASM_FOLDERS base/common base/text base/io base/yaml base/observation base/threads
  sim/world sim/robot sim/render/primitives sim/render/meshes sim/render/assets sim/render/raster
  sim/render/scene sim/render/ground sim/render/views sim/render/camera_effects sim/map_set sim/env
  sim/randomization sim/policy sim/expert sim/simulator nn/vector_kernels nn/kernels nn/network
  nn/engine)
set(IMP_WASM_FILES evaluate/rollout/network_policy.c evaluate/challenge/brent_minimise.c
  evaluate/challenge/legal_lanes.c evaluate/challenge/metrics_tracker.c)
set(IMP_WASM_WITHOUT base/io/atomic_file.c base/io/folder_lock.c base/io/mapped_file.c
  base/io/protobuf_writer.c base/threads/thread_pool.c base/yaml/yaml_json.c base/yaml/yaml_parser.c
  sim/randomization/randomization_file.c sim/render/camera_effects/jpeg_artifacts.c
  nn/engine/build_backward.c nn/vector_kernels/convolution_gradient.c
  nn/vector_kernels/pooled_convolution_gradient.c nn/vector_kernels/table.c)
# Folders where the time goes, and all that handle vectors: they are compiled for speed, once with
# SIMD and once without, and the others for size, without SIMD.
set(IMP_WASM_FAST sim/render/ground sim/render/raster sim/render/views sim/render/primitives
  sim/render/camera_effects nn/vector_kernels nn/kernels nn/engine page/module)
set(IMP_WASM_FLAGS --target=wasm32-wasi -std=c17 -ffp-contract=off -fno-math-errno
  -ffunction-sections -fdata-sections -D_GNU_SOURCE -D_WASI_EMULATED_MMAN
  -DIMP_INSTRUCTION_SET=plain -Wno-psabi
  -I${PROJECT_SOURCE_DIR}/src/page/shims -I${PROJECT_SOURCE_DIR}/include
  -I${PROJECT_SOURCE_DIR}/src)

# Adds the command that compiles FILE to OBJECT with some more flags.
function(imp_compile_wasm OBJECT FILE)
  get_filename_component(folder ${OBJECT} DIRECTORY)
  file(MAKE_DIRECTORY ${folder})
  add_custom_command(OUTPUT ${OBJECT}
    COMMAND ${CMAKE_C_COMPILER_LAUNCHER} ${IMP_WASM_COMPILER} ${IMP_WASM_FLAGS} ${ARGN} -MD -MF
            ${OBJECT}.d -c ${PROJECT_SOURCE_DIR}/src/${FILE} -o ${OBJECT}
    DEPENDS ${PROJECT_SOURCE_DIR}/src/${FILE} DEPFILE ${OBJECT}.d
    COMMENT "Building WebAssembly object ${FILE}.o")
endfunction()

# Adds the command that links OBJECTS to the module OUT.
function(imp_link_wasm OUT OBJECTS)
  string(REPLACE ";" "\n" list "${OBJECTS}")
  file(GENERATE OUTPUT ${OUT}.rsp CONTENT "${list}\n")
  add_custom_command(OUTPUT ${OUT}
    COMMAND ${IMP_WASM_COMPILER} --target=wasm32-wasi -mexec-model=reactor -Wl,--gc-sections
            -Wl,--strip-all -Wl,-z,stack-size=1048576 -o ${OUT} @${OUT}.rsp
    DEPENDS ${OBJECTS} COMMENT "Linking WebAssembly module")
endfunction()

# Compiles the modules: SIMD and PLAIN are their paths.
function(imp_build_wasm SIMD PLAIN)
  set(simd_objects)
  set(plain_objects)
  get_property(own GLOBAL PROPERTY IMP_WASM_SOURCES)
  list(APPEND IMP_WASM_FILES ${own})
  foreach(folder IN LISTS IMP_WASM_FOLDERS)
    file(GLOB found CONFIGURE_DEPENDS RELATIVE ${PROJECT_SOURCE_DIR}/src
      ${PROJECT_SOURCE_DIR}/src/${folder}/*.c)
    list(APPEND IMP_WASM_FILES ${found})
  endforeach()
  list(REMOVE_ITEM IMP_WASM_FILES ${IMP_WASM_WITHOUT})
  foreach(file IN LISTS IMP_WASM_FILES)
    set(object ${PROJECT_BINARY_DIR}/wasm/${file}.o)
    get_filename_component(folder ${file} DIRECTORY)
    if(folder IN_LIST IMP_WASM_FAST)
      imp_compile_wasm(${object}.simd ${file} -O3 -msimd128)
      imp_compile_wasm(${object} ${file} -Oz)
      list(APPEND simd_objects ${object}.simd)
    else()
      imp_compile_wasm(${object} ${file} -Os)
      list(APPEND simd_objects ${object})
    endif()
    list(APPEND plain_objects ${object})
  endforeach()
  imp_link_wasm(${SIMD} "${simd_objects}")
  imp_link_wasm(${PLAIN} "${plain_objects}")
endfunction()

# The scripts of the page, in the order in which they know each other.
set(IMP_PAGE_SCRIPTS words module recording plots map_view devices racing session
  traffic episodes screen main)

# Adds the template to the folder page/writer, empty if it cannot be made.
function(imp_embed_page)
  set(IMP_WASM_COMPILER "")
  if(IMPRINT_PAGE AND NOT IMPRINT_SANITIZE AND NOT IMPRINT_COVERAGE)
    imp_find_wasm_compiler()
  endif()
  set(generated ${PROJECT_BINARY_DIR}/page_template.c)
  set(page "")
  if(IMP_WASM_COMPILER)
    message(STATUS "The page is built with ${IMP_WASM_COMPILER}")
    set(page ${PROJECT_BINARY_DIR}/page_template.html)
    set(modules ${PROJECT_BINARY_DIR}/wasm/simd.wasm ${PROJECT_BINARY_DIR}/wasm/plain.wasm)
    set(web ${PROJECT_SOURCE_DIR}/src/page/web)
    set(script ${PROJECT_SOURCE_DIR}/cmake/page-template.sh)
    imp_build_wasm(${modules})
    file(GLOB parts CONFIGURE_DEPENDS ${web}/*)
    add_custom_command(OUTPUT ${page}
      COMMAND ${script} ${web} ${modules} ${IMP_PAGE_SCRIPTS} >${page}
      DEPENDS ${parts} ${modules} ${script})
  else()
    message(STATUS "No compiler for WebAssembly: imprint page will not be available")
  endif()
  add_custom_command(OUTPUT ${generated}
    COMMAND ${CMAKE_COMMAND} -DOUT=${generated} -DPAGE=${page}
            -P ${PROJECT_SOURCE_DIR}/cmake/page_template.cmake
    DEPENDS ${page} ${PROJECT_SOURCE_DIR}/cmake/page_template.cmake)
  target_sources(folder_page_writer PRIVATE ${generated})
endfunction()
