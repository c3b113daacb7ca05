# What `cmake --install` puts where, and the targets `uninstall` and `man`. All paths in installed
# files are relative to the files themselves, so that an installation may be moved.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

set(IMP_PKGCONFIG_DIR ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
set(IMP_PACKAGE_DIR ${CMAKE_INSTALL_LIBDIR}/cmake/imprint)
set(IMP_DATA_DIR ${CMAKE_INSTALL_DATADIR}/imprint)
set(IMP_MAN_DIR ${CMAKE_INSTALL_MANDIR}/man1)

# First of all, remembers which directories do not exist yet: uninstall removes those.
set(IMP_DIRECTORIES ${CMAKE_INSTALL_BINDIR} ${CMAKE_INSTALL_INCLUDEDIR} ${IMP_PKGCONFIG_DIR}
  ${IMP_PACKAGE_DIR} ${IMP_DATA_DIR} ${CMAKE_INSTALL_DOCDIR} ${IMP_MAN_DIR}
  ${CMAKE_INSTALL_DATADIR}/bash-completion/completions
  ${CMAKE_INSTALL_DATADIR}/zsh/vendor-completions
  ${CMAKE_INSTALL_DATADIR}/fish/vendor_completions.d)
configure_file(cmake/remember_directories.cmake.in remember_directories.cmake @ONLY)
install(SCRIPT ${PROJECT_BINARY_DIR}/remember_directories.cmake)

# Programs, libraries, headers.
# Components are what cmake/debian makes packages of: program, agent, library, development.
install(TARGETS imprint RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR} COMPONENT program)
install(TARGETS imprint-agent RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR} COMPONENT agent)
install(TARGETS libimprint_shared EXPORT imprintTargets
  LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR}
  COMPONENT library NAMELINK_COMPONENT development
  INCLUDES DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
install(TARGETS libimprint EXPORT imprintStaticTargets
  ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT development
  INCLUDES DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
install(DIRECTORY include/imprint DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} COMPONENT development)

# CMake package: find_package(imprint) gives imprint::imprint, the shared library; with the
# component `static` also imprint::imprint_static, which needs the libraries that it stands on. The
# build folder holds the same package: set imprint_DIR to it.
foreach(set Targets StaticTargets)
  install(EXPORT imprint${set} NAMESPACE imprint:: DESTINATION ${IMP_PACKAGE_DIR}
    COMPONENT development)
  export(EXPORT imprint${set} NAMESPACE imprint:: FILE ${PROJECT_BINARY_DIR}/imprint${set}.cmake)
endforeach()
configure_file(cmake/imprintConfig.cmake imprintConfig.cmake COPYONLY)
configure_file(cmake/dependencies.cmake dependencies.cmake COPYONLY)
write_basic_package_version_file(imprintConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES cmake/imprintConfig.cmake cmake/dependencies.cmake
  ${PROJECT_BINARY_DIR}/imprintConfigVersion.cmake DESTINATION ${IMP_PACKAGE_DIR}
  COMPONENT development)

# pkg-config: imprint is the shared library, imprint-static the static one.
file(RELATIVE_PATH IMP_PREFIX_OF_PC /${IMP_PKGCONFIG_DIR} /)
string(REGEX REPLACE "/$" "" IMP_PREFIX_OF_PC "${IMP_PREFIX_OF_PC}")
foreach(name imprint imprint-static)
  configure_file(cmake/${name}.pc.in ${name}.pc @ONLY)
  install(FILES ${PROJECT_BINARY_DIR}/${name}.pc DESTINATION ${IMP_PKGCONFIG_DIR}
    COMPONENT development)
endforeach()

# Maps, networks, examples, documentation.
install(DIRECTORY maps networks examples DESTINATION ${IMP_DATA_DIR} COMPONENT program
  PATTERN __pycache__ EXCLUDE)
# Trained models: the agent needs them, too. In a build folder they are found as installed ones.
install(DIRECTORY models DESTINATION ${IMP_DATA_DIR} COMPONENT agent)
file(MAKE_DIRECTORY ${PROJECT_BINARY_DIR}/share/imprint)
file(CREATE_LINK ${PROJECT_SOURCE_DIR}/models ${PROJECT_BINARY_DIR}/share/imprint/models SYMBOLIC)
install(DIRECTORY docs DESTINATION ${CMAKE_INSTALL_DOCDIR} COMPONENT program
  PATTERN site EXCLUDE PATTERN Doxyfile.in EXCLUDE)
file(GLOB pages *.md)
install(FILES ${pages} LICENSE NOTICE DESTINATION ${CMAKE_INSTALL_DOCDIR} COMPONENT program)

# Manual pages are made of the program's own help; a program for another machine cannot print it.
if(NOT CMAKE_CROSSCOMPILING)
  set(man_pages ${PROJECT_BINARY_DIR}/man)
  add_custom_command(OUTPUT ${man_pages}/imprint.1
    COMMAND ${CMAKE_COMMAND} -DPROGRAM=$<TARGET_FILE:imprint> -DOUT=${man_pages}
            -DVERSION=${PROJECT_VERSION} -P ${PROJECT_SOURCE_DIR}/cmake/man_pages.cmake
    DEPENDS imprint ${PROJECT_SOURCE_DIR}/cmake/man_pages.cmake)
  add_custom_target(man ALL DEPENDS ${man_pages}/imprint.1)
  install(DIRECTORY ${man_pages}/ DESTINATION ${IMP_MAN_DIR} COMPONENT program
    FILES_MATCHING PATTERN *.1 PATTERN imprint-agent.1 EXCLUDE)
  install(FILES ${man_pages}/imprint-agent.1 DESTINATION ${IMP_MAN_DIR} COMPONENT agent)

  # completions of shells are printed by the program, too
  set(completions ${PROJECT_BINARY_DIR}/completions)
  add_custom_command(OUTPUT ${completions}/imprint
    COMMAND ${CMAKE_COMMAND} -E make_directory ${completions}
    COMMAND imprint completion bash >${completions}/imprint
    COMMAND imprint completion zsh >${completions}/_imprint
    COMMAND imprint completion fish >${completions}/imprint.fish
    DEPENDS imprint)
  add_custom_target(completions ALL DEPENDS ${completions}/imprint)
  install(FILES ${completions}/imprint COMPONENT program
    DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions)
  install(FILES ${completions}/_imprint COMPONENT program
    DESTINATION ${CMAKE_INSTALL_DATADIR}/zsh/vendor-completions)
  install(FILES ${completions}/imprint.fish COMPONENT program
    DESTINATION ${CMAKE_INSTALL_DATADIR}/fish/vendor_completions.d)
endif()

add_custom_target(uninstall
  COMMAND ${CMAKE_COMMAND} -DBUILD=${PROJECT_BINARY_DIR}
          -P ${PROJECT_SOURCE_DIR}/cmake/uninstall.cmake)

# Reference pages of the public headers; a warning of Doxygen is an error.
configure_file(docs/Doxyfile.in Doxyfile @ONLY)
find_program(DOXYGEN_PROGRAM doxygen)
if(DOXYGEN_PROGRAM)
  add_custom_target(api-docs
    COMMAND ${CMAKE_COMMAND} -E make_directory ${PROJECT_BINARY_DIR}/api-docs
    COMMAND ${DOXYGEN_PROGRAM} ${PROJECT_BINARY_DIR}/Doxyfile)
endif()
