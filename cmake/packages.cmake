# Debian packages of an installation below /usr, by CPack: `cpack -G DEB` in a build folder that was
# configured with -DCMAKE_INSTALL_PREFIX=/usr. cmake/release.sh does that for several releases.
set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME imprint)
set(CPACK_PACKAGE_CONTACT "imprint developers <developers@imprint.invalid>")
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
set(CPACK_PRE_BUILD_SCRIPTS ${PROJECT_SOURCE_DIR}/cmake/compress_man_pages.cmake)
set(CPACK_COMPONENTS_ALL program library development)
set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_ENABLE_COMPONENT_DEPENDS OFF)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
set(CPACK_DEBIAN_PACKAGE_PRIORITY optional)

set(CPACK_DEBIAN_PROGRAM_PACKAGE_NAME imprint)
set(CPACK_DEBIAN_PROGRAM_PACKAGE_SECTION science)
set(CPACK_DEBIAN_PROGRAM_PACKAGE_SUGGESTS "ffmpeg, bubblewrap")
set(CPACK_COMPONENT_PROGRAM_DESCRIPTION "imitation learning from simulation for Duckiebots
 A simulator of small robot cars, experts that drive them, networks that
 learn from the experts, and evaluations that say how well all of them drive.")

set(IMP_SONAME_VERSION ${PROJECT_VERSION_MAJOR}.${PROJECT_VERSION_MINOR})
set(CPACK_DEBIAN_LIBRARY_PACKAGE_NAME libimprint${IMP_SONAME_VERSION})
set(CPACK_DEBIAN_LIBRARY_PACKAGE_SECTION libs)
set(CPACK_DEBIAN_LIBRARY_PACKAGE_GENERATE_SHLIBS ON)
set(CPACK_DEBIAN_LIBRARY_PACKAGE_GENERATE_SHLIBS_POLICY ">=")
set(CPACK_COMPONENT_LIBRARY_DESCRIPTION "imitation learning from simulation: shared library
 The simulator, the networks and the evaluation of imprint as a C library.")

set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_NAME libimprint-dev)
set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_SECTION libdevel)
set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_DEPENDS
  "libimprint${IMP_SONAME_VERSION} (= ${PROJECT_VERSION}), libhdf5-dev, libyaml-dev, \
libjansson-dev, libpng-dev, libjpeg62-turbo-dev, libbz2-dev, libsqlite3-dev, libzstd-dev")
set(CPACK_COMPONENT_DEVELOPMENT_DESCRIPTION "imitation learning from simulation: headers
 Headers, the static library, and files for CMake and pkg-config.")

# Debian wants these in each package
set(changelog ${PROJECT_BINARY_DIR}/changelog)
configure_file(cmake/debian-copyright.in copyright @ONLY)
configure_file(cmake/debian-changelog.in changelog @ONLY)
find_program(GZIP_PROGRAM gzip)
if(GZIP_PROGRAM)
  add_custom_command(OUTPUT ${changelog}.gz
    COMMAND ${GZIP_PROGRAM} -9nkf ${changelog} DEPENDS ${changelog})
  add_custom_target(debian-changelog ALL DEPENDS ${changelog}.gz)
endif()
foreach(component PROGRAM LIBRARY DEVELOPMENT)
  string(TOLOWER ${component} name)
  install(FILES ${PROJECT_BINARY_DIR}/copyright ${changelog}.gz COMPONENT ${name}
    EXCLUDE_FROM_ALL
    DESTINATION ${CMAKE_INSTALL_DATADIR}/doc/${CPACK_DEBIAN_${component}_PACKAGE_NAME})
endforeach()
include(CPack)
