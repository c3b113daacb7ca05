// --share K/N: reads the two numbers. Anything behind them, signs and blanks are refused.
#include "cli/options/share_option.h"

#include <limits.h>
#include <stdlib.h>

// Reads the digits at *at and moves past them. A number that is too large becomes INT_MAX.
static bool parse_whole_number(int *out, const char **at)
{
    char *end;
    if (**at < '0' || **at > '9')
        return false;
    const long long value = strtoll(*at, &end, 10);
    *out = value < INT_MAX ? (int)value : INT_MAX;
    *at = end;
    return true;
}

imp_status imp_share_option_parse(int *share, int *shares, const char *text, imp_error *err)
{
    const char *at = text;
    *share = *shares = 0;
    if (text == NULL)
        return IMP_OK;
    if (!parse_whole_number(share, &at) || *at++ != '/' || !parse_whole_number(shares, &at) ||
        *at != '\0' || *share < 1 || *share > *shares)
        return imp_fail(err, IMP_USAGE,
                        "--share %s: give the part and the number of parts, such as 2/5", text);
    return IMP_OK;
}
