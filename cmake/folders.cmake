# imp_folder(PATH [KNOWS path...] [USES target...]): every .c file of src/PATH as an object library
# that sees the public headers and src/. PATH is ROOM or ROOM/FOLDER...; a known ROOM stands for all
# of its folders so far. Their order in CMakeLists.txt is the layers'.
function(imp_folder PATH)
  cmake_parse_arguments(FOLDER "" "" "KNOWS;USES" ${ARGN})
  string(REPLACE "/" "_" target folder_${PATH})
  file(GLOB sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/src/${PATH}/*.c)
  add_library(${target} OBJECT ${sources})
  target_include_directories(${target} PUBLIC
    ${PROJECT_SOURCE_DIR}/include ${PROJECT_SOURCE_DIR}/src)
  target_link_libraries(${target} PUBLIC ${FOLDER_USES})
  set(all ${PATH})
  foreach(known IN LISTS FOLDER_KNOWS)
    get_property(below GLOBAL PROPERTY IMP_CLOSURE_${known})
    list(APPEND all ${below})
  endforeach()
  list(REMOVE_DUPLICATES all)
  set_property(GLOBAL PROPERTY IMP_CLOSURE_${PATH} ${all})
  # so do the rooms that it lies in
  get_filename_component(room ${PATH} DIRECTORY)
  while(room)
    get_property(below GLOBAL PROPERTY IMP_CLOSURE_${room})
    list(APPEND below ${all})
    list(REMOVE_DUPLICATES below)
    set_property(GLOBAL PROPERTY IMP_CLOSURE_${room} ${below})
    get_filename_component(room ${room} DIRECTORY)
  endwhile()
  set_property(GLOBAL APPEND PROPERTY IMP_FOLDERS ${PATH})
endfunction()

# imp_vector_folder(PATH ...): an imp_folder() whose files are compiled once more for each further
# instruction set that the processor may have; IMP_INSTRUCTION_SET is its name in the code.
function(imp_vector_folder PATH)
  imp_folder(${PATH} ${ARGN})
  string(REPLACE "/" "_" plain folder_${PATH})
  target_compile_definitions(${plain} PRIVATE IMP_INSTRUCTION_SET=plain)
  # vectors are passed to functions that are always inlined only
  target_compile_options(${plain} PRIVATE -Wno-psabi)
  if(NOT CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64")
    return()
  endif()
  get_target_property(sources ${plain} SOURCES)
  set(avx2 -mavx2 -mfma)
  set(avx512 -mavx2 -mfma -mavx512f -mavx512bw -mavx512dq -mavx512vl -mprefer-vector-width=512)
  foreach(set IN ITEMS avx2 avx512)
    add_library(${plain}_${set} OBJECT ${sources})
    target_include_directories(${plain}_${set} PUBLIC
      ${PROJECT_SOURCE_DIR}/include ${PROJECT_SOURCE_DIR}/src)
    target_compile_options(${plain}_${set} PRIVATE ${${set}} -Wno-psabi)
    target_compile_definitions(${plain}_${set} PRIVATE IMP_INSTRUCTION_SET=${set})
    # Not counted for coverage: what writes the counters would be compiled for this set as well, and
    # would run on processors without it.
    set_target_properties(${plain}_${set} PROPERTIES IMP_NO_COVERAGE ON)
    target_sources(${plain} INTERFACE $<TARGET_OBJECTS:${plain}_${set}>)
  endforeach()
endfunction()

# imp_link_folders(TARGET [PRIVATE] path...): links the objects of the folders and of all that they
# know. PRIVATE: users of TARGET do not link the libraries that the folders use.
function(imp_link_folders TARGET)
  cmake_parse_arguments(LINK "PRIVATE" "" "" ${ARGN})
  set(scope PUBLIC)
  if(LINK_PRIVATE)
    set(scope PRIVATE)
  endif()
  set(all)
  foreach(folder IN LISTS LINK_UNPARSED_ARGUMENTS)
    get_property(below GLOBAL PROPERTY IMP_CLOSURE_${folder})
    if(NOT below)
      message(FATAL_ERROR "${TARGET}: src/${folder} is not a folder of the library")
    endif()
    list(APPEND all ${below})
  endforeach()
  list(REMOVE_DUPLICATES all)
  foreach(folder IN LISTS all)
    string(REPLACE "/" "_" target folder_${folder})
    target_sources(${TARGET} PRIVATE
      $<TARGET_OBJECTS:${target}> $<TARGET_PROPERTY:${target},INTERFACE_SOURCES>)
    get_target_property(uses ${target} LINK_LIBRARIES)
    if(uses)
      target_link_libraries(${TARGET} ${scope} ${uses})
    endif()
  endforeach()
endfunction()

# imp_embed(FOLDER DIRECTORY WORD HEADER): compiles DIRECTORY/*.yaml into the program, so that it
# needs no data folder, as the array imp_builtin_<WORD>s of src/HEADER.
function(imp_embed FOLDER DIRECTORY WORD HEADER)
  file(GLOB texts CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/${DIRECTORY}/*.yaml)
  set(generated ${PROJECT_BINARY_DIR}/builtin_${WORD}s.c)
  add_custom_command(OUTPUT ${generated}
    COMMAND ${CMAKE_COMMAND} -DOUT=${generated} -DDIR=${PROJECT_SOURCE_DIR}/${DIRECTORY}
            -DHEADER=${HEADER} -DWORD=${WORD} -P ${PROJECT_SOURCE_DIR}/cmake/embed.cmake
    DEPENDS ${texts} ${PROJECT_SOURCE_DIR}/cmake/embed.cmake)
  string(REPLACE "/" "_" target folder_${FOLDER})
  target_sources(${target} PRIVATE ${generated})
endfunction()
