// --share K/N: reads the two numbers. Anything behind them, signs and blanks are refused.
#include "cli/options/share_option.h"

#include "base/text/number_format.h"

imp_status imp_share_option_parse(int *share, int *shares, const char *text, imp_error *err)
{
    const char *at = text;
    *share = *shares = 0;
    if (text == NULL)
        return IMP_OK;
    if (!imp_number_parse_whole(share, &at) || *at++ != '/' ||
        !imp_number_parse_whole(shares, &at) || *at != '\0' || *share < 1 || *share > *shares)
        return imp_fail(err, IMP_USAGE,
                        "--share %s: give the part and the number of parts, such as 2/5", text);
    return IMP_OK;
}
