// base/io/program_path.h: where programs are.
#ifndef IMP_BASE_IO_PROGRAM_PATH_H
#define IMP_BASE_IO_PROGRAM_PATH_H

#include "base/io/file.h"

// Finds a program in the folders of PATH, or of /usr/bin and /bin where PATH is not set. The
// current folder is not searched, even if PATH names it by an empty element.
bool imp_program_find(char out[IMP_PATH_MAX], const char *name);

#endif
