// evaluate/report/drawing/xml_escape.h: text for pages and drawings that are written as XML or
// HTML.
#ifndef IMP_EVALUATE_REPORT_DRAWING_XML_ESCAPE_H
#define IMP_EVALUATE_REPORT_DRAWING_XML_ESCAPE_H

#include <stdio.h>

// Writes text so that it is only text, between tags and in attributes.
void imp_xml_write_escaped(FILE *out, const char *text);

#endif
