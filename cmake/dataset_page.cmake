# The page of a dataset: src/page/dataset_web with the style and the small functions of
# src/page/web, as one HTML file that is compiled into the library. It needs no compiler for
# WebAssembly.
function(imp_embed_dataset_page)
  set(web ${PROJECT_SOURCE_DIR}/src/page/dataset_web)
  set(shared ${PROJECT_SOURCE_DIR}/src/page/web)
  set(generated ${PROJECT_BINARY_DIR}/dataset_page_template.c)
  set(template ${PROJECT_SOURCE_DIR}/cmake/dataset_page_template.cmake)
  set(styles ${shared}/page.css ${web}/dataset.css)
  set(scripts ${shared}/words.js)
  # in the order in which they know each other
  foreach(name episodes marks filters series_plot card dataset_main)
    list(APPEND scripts ${web}/${name}.js)
  endforeach()
  add_custom_command(OUTPUT ${generated}
    COMMAND ${CMAKE_COMMAND} -DWEB=${web} "-DSTYLES=${styles}" "-DSCRIPTS=${scripts}"
            -DOUT=${generated} -P ${template}
    DEPENDS ${web}/dataset.html ${styles} ${scripts} ${template} VERBATIM)
  target_sources(folder_page_dataset_page PRIVATE ${generated})
endfunction()
