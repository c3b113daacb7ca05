#!/bin/sh
# check_math.sh: of <math.h>, the library calls only functions whose results IEEE 754 or C define to
# the last bit. Others depend on the C library: base/common/math_functions.h has them.
set -eu
: "${IMPRINT:?the program, beside the library}"

library=$(dirname "$IMPRINT")/libimprint.a
command -v nm >/dev/null || { echo "skipped: no nm"; exit 77; }
[ -e "$library" ] || { echo "skipped: $library is not built"; exit 77; }

# sign of zero aside: which of two zeros fmin and fmax give, C leaves open
exact='ceil copysign fabs fdim floor fma fmax fmin fmod frexp ilogb ldexp llrint llround logb
    lrint lround modf nearbyint nextafter nexttoward remainder remquo rint round scalbln scalbn
    sqrt trunc'
others='acos acosh asin asinh atan atan2 atanh cbrt cos cosh erf erfc exp exp10 exp2 expm1 gamma
    hypot j0 j1 jn lgamma lgamma_r log log10 log1p log2 pow pow10 sin sincos sinh tan tanh tgamma y0
    y1 yn'

# lines MEMBER:NAME of what objects of the library want from elsewhere
nm -A -u "$library" 2>/dev/null | sed -n 's/.*:\([^:]*\.o\): *U \([A-Za-z0-9_]*\).*/\1:\2/p' |
    awk -v exact="$exact" -v others="$others" '
    function mark(names, as,   n, word) {
        n = split(names, word)
        while (n > 0) {
            kind[word[n]] = kind[word[n] "f"] = kind[word[n] "l"] = as
            kind["__" word[n] "_finite"] = kind["__" word[n] "f_finite"] = as
            n--
        }
    }
    BEGIN {
        mark(exact, "exact")
        mark(others, "inexact")
    }
    {
        split($0, part, ":")
        calls += kind[part[2]] == "exact"
        if (kind[part[2]] == "inexact") {
            print part[1] " calls " part[2] "(): use base/common/math_functions.h"
            wrong = 1
        }
    }
    END {
        if (calls == 0) {
            print "no call of floor() or the like found: is this the library?"
            wrong = 1
        }
        exit wrong
    }
'
