// The release of the library that is loaded. A program may have been compiled with the headers of
// another release, so the macro in imprint/version.h is not enough.
#include "imprint/version.h"

#include "imprint/base.h"

const char *imp_version(void)
{
    return IMPRINT_VERSION_STRING;
}
