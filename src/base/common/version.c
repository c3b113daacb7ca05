// The release of the library that is loaded, which may be another than that of the headers.
#include "imprint/version.h"

#include "imprint/base.h"

const char *imp_version(void)
{
    return IMPRINT_VERSION_STRING;
}
