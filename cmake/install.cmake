include(GNUInstallDirs)
install(TARGETS imprint imprint-agent libimprint
  RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR}
  ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(DIRECTORY include/imprint DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
configure_file(cmake/imprint.pc.in imprint.pc @ONLY)
install(FILES ${PROJECT_BINARY_DIR}/imprint.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
