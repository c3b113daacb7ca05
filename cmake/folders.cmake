# imp_folder(NAME [KNOWS folder...] [USES target...]): every .c file of src/NAME as an object
# library that sees the public headers and src/. Their order in CMakeLists.txt is the layers'.
function(imp_folder NAME)
  cmake_parse_arguments(FOLDER "" "" "KNOWS;USES" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/src/${NAME}/*.c)
  if(NOT sources)
    file(WRITE ${PROJECT_BINARY_DIR}/${NAME}_empty.c "typedef int imp_${NAME}_is_empty;\n")
    set(sources ${PROJECT_BINARY_DIR}/${NAME}_empty.c)
  endif()
  add_library(folder_${NAME} OBJECT ${sources})
  target_include_directories(folder_${NAME} PUBLIC
    ${PROJECT_SOURCE_DIR}/include ${PROJECT_SOURCE_DIR}/src)
  target_link_libraries(folder_${NAME} PUBLIC ${FOLDER_USES})
  set(all ${NAME})
  foreach(known IN LISTS FOLDER_KNOWS)
    get_property(below GLOBAL PROPERTY IMP_CLOSURE_${known})
    list(APPEND all ${below})
  endforeach()
  list(REMOVE_DUPLICATES all)
  set_property(GLOBAL PROPERTY IMP_CLOSURE_${NAME} ${all})
endfunction()

# imp_link_folders(TARGET folder...): links the objects of the folders and of all that they know.
function(imp_link_folders TARGET)
  set(all)
  foreach(folder IN LISTS ARGN)
    get_property(below GLOBAL PROPERTY IMP_CLOSURE_${folder})
    list(APPEND all ${below})
  endforeach()
  list(REMOVE_DUPLICATES all)
  foreach(folder IN LISTS all)
    target_sources(${TARGET} PRIVATE $<TARGET_OBJECTS:folder_${folder}>)
    get_target_property(uses folder_${folder} LINK_LIBRARIES)
    if(uses)
      target_link_libraries(${TARGET} PUBLIC ${uses})
    endif()
  endforeach()
endfunction()

# imp_embed(FOLDER DIRECTORY WORD): compiles DIRECTORY/*.yaml into the program, so that it needs no
# data folder, as the array imp_builtin_<WORD>s of <FOLDER>/builtin.h.
function(imp_embed FOLDER DIRECTORY WORD)
  file(GLOB texts CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/${DIRECTORY}/*.yaml)
  set(generated ${PROJECT_BINARY_DIR}/builtin_${DIRECTORY}.c)
  add_custom_command(OUTPUT ${generated}
    COMMAND ${CMAKE_COMMAND} -DOUT=${generated} -DDIR=${PROJECT_SOURCE_DIR}/${DIRECTORY}
            -DFOLDER=${FOLDER} -DWORD=${WORD} -P ${PROJECT_SOURCE_DIR}/cmake/embed.cmake
    DEPENDS ${texts} ${PROJECT_SOURCE_DIR}/cmake/embed.cmake)
  target_sources(folder_${FOLDER} PRIVATE ${generated})
endfunction()
