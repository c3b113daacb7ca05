// evaluate/challenge/brent_minimise.h: minimises a function of one variable the way that the
// challenge's rules do.
#ifndef IMP_EVALUATE_CHALLENGE_BRENT_MINIMISE_H
#define IMP_EVALUATE_CHALLENGE_BRENT_MINIMISE_H

typedef double imp_scalar_function(const void *context, double x);

// A minimum of f, found from the points a and b as SciPy's minimize_scalar() finds it: going
// downhill until three points enclose one, then Brent's method (R. P. Brent, Algorithms for
// Minimization without Derivatives, 1973, chapter 5) to the relative tolerance. Which minimum it
// is, and its last digits, depend on these steps.
double imp_brent_minimise(imp_scalar_function *f, const void *context, double a, double b,
                          double tolerance);

#endif
