# cmake -DOUT=file.c -DDIR=maps -DHEADER=sim/world/builtin.h -DWORD=map -P embed.cmake: writes the
# YAML files of DIR as C arrays, sorted by name.
file(GLOB texts ${DIR}/*.yaml)
list(SORT texts)
set(arrays "")
set(table "")
set(count 0)
foreach(path IN LISTS texts)
  get_filename_component(name ${path} NAME_WE)
  file(READ ${path} bytes HEX)
  string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${bytes}")
  string(APPEND arrays "static const unsigned char text_${count}[] = {${bytes}};\n")
  string(APPEND table "    {\"${name}\", text_${count}, sizeof text_${count}},\n")
  math(EXPR count "${count} + 1")
endforeach()
set(all imp_builtin_${WORD}s)
string(CONCAT text "#include \"${HEADER}\"\n\n" "${arrays}"
  "\nconst imp_builtin_${WORD} ${all}[] = {\n${table}};\n" "const int ${all}_count = ${count};\n")
file(WRITE ${OUT} "${text}")
