# SPDX-License-Identifier: MIT
#
# Turns the files of the dashboard into one C file: an array of bytes each, and the table of audit/ui/ui.h, in the order
# of their names. Run by the build:
#
#   cmake -D FOLDER=audit/ui -D OUTPUT=build/ui_files.c -P cmake/embed.cmake
file(GLOB names RELATIVE ${FOLDER} ${FOLDER}/*.html ${FOLDER}/*.css ${FOLDER}/*.js ${FOLDER}/*.json)
list(SORT names)

set(type_html "text/html; charset=utf-8")
set(type_css "text/css; charset=utf-8")
set(type_js "text/javascript; charset=utf-8")
set(type_json "application/json")

set(arrays "")
set(rows "")
set(number 0)
foreach(name IN LISTS names)
  file(READ ${FOLDER}/${name} bytes HEX)
  file(SHA256 ${FOLDER}/${name} digest)
  string(REGEX REPLACE "(................................)" "\\1\n" bytes "${bytes}")
  string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${bytes}")
  string(REGEX MATCH "[a-z]+$" suffix "${name}")
  string(APPEND arrays "/* ${name} */\nstatic const unsigned char file_${number}[] = {\n${bytes}\n};\n\n")
  string(APPEND rows "    {\"${name}\", \"${type_${suffix}}\", file_${number}, sizeof(file_${number}),\n     \"${digest}\"},\n")
  math(EXPR number "${number} + 1")
endforeach()

file(WRITE ${OUTPUT} "/* Made from the files of audit/ui by cmake/embed.cmake. */
#include \"audit/ui/ui.h\"

${arrays}const struct ui_file ui_files[] = {
${rows}};
const size_t ui_file_count = sizeof(ui_files) / sizeof(ui_files[0]);
")
