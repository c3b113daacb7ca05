# cmake -DWEB=src/page/dataset_web -DSTYLES=a.css;b.css -DSCRIPTS=a.js;b.js -DOUT=file.c -P
# dataset_page_template.cmake: dataset.html with the style sheets and scripts in the places of
# @STYLE@ and @SCRIPT@, as a C array. Scripts share one scope, and see what stands before them.
file(READ ${WEB}/dataset.html HEX_PAGE HEX)

# Replaces a mark by files. Everything is done on hexadecimal digits, for CMake's lists would change
# brackets and semicolons.
macro(imp_insert MARK)
  set(bytes "")
  foreach(path ${ARGN})
    file(READ ${path} more HEX)
    string(APPEND bytes "${more}")
  endforeach()
  string(HEX "${MARK}" mark)
  string(REPLACE "${mark}" "${bytes}" HEX_PAGE "${HEX_PAGE}")
endmacro()

imp_insert(@STYLE@ ${STYLES})
imp_insert(@SCRIPT@ ${SCRIPTS})
string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," HEX_PAGE "${HEX_PAGE}")
file(WRITE ${OUT} "#include \"page/dataset_page/template.h\"\n\n"
  "const unsigned char imp_dataset_page_template[] = {${HEX_PAGE}};\n"
  "const size_t imp_dataset_page_template_length = sizeof imp_dataset_page_template;\n")
