// evaluate/report/drawing/xml_escape.h: escapes text for XML and HTML.
#ifndef IMP_EVALUATE_REPORT_DRAWING_XML_ESCAPE_H
#define IMP_EVALUATE_REPORT_DRAWING_XML_ESCAPE_H

#include <stdio.h>

// Writes text with special characters escaped, for use between tags and in attributes.
void imp_xml_write_escaped(FILE *out, const char *text);

#endif
