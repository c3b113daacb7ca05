# cmake -DOUT=file.c [-DPAGE=page.html] -P page_template.cmake: writes a page as a C array, which is
# empty without one.
set(declare "#include \"page/writer/template.h\"\n\nconst unsigned char imp_page_template[] = ")
if(NOT PAGE)
  file(WRITE ${OUT} "${declare}{0};\nconst size_t imp_page_template_length = 0;\n")
  return()
endif()
file(READ ${PAGE} bytes HEX)
string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${bytes}")
file(WRITE ${OUT} "${declare}{${bytes}};\n"
  "const size_t imp_page_template_length = sizeof imp_page_template;\n")
