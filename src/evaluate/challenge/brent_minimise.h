// evaluate/challenge/brent_minimise.h: minimises a function of one variable in the same steps as
// the challenge's rules.
#ifndef IMP_EVALUATE_CHALLENGE_BRENT_MINIMISE_H
#define IMP_EVALUATE_CHALLENGE_BRENT_MINIMISE_H

typedef double imp_scalar_function(const void *context, double x);

// Returns a local minimum of f as SciPy's minimize_scalar() finds it from the points a and b. First
// it goes downhill until three points bracket a minimum. Then Brent's method (R. P. Brent,
// Algorithms for Minimization without Derivatives, 1973, chapter 5) runs to the relative tolerance.
// Which minimum is found, and its last digits, depend on these steps.
double imp_brent_minimise(imp_scalar_function *f, const void *context, double a, double b,
                          double tolerance);

#endif
