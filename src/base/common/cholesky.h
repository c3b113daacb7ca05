// base/common/cholesky.h: linear equations whose matrix is symmetric and positive definite.
// Matrices are (n x n), row by row; only the lower triangle is read and written.
#ifndef IMP_BASE_COMMON_CHOLESKY_H
#define IMP_BASE_COMMON_CHOLESKY_H

// Sum of the products of n numbers, in their order.
double imp_dot_product(const double *a, const double *b, int n);

// Replaces a matrix by its factor L, with L L^T = matrix. It is positive definite up to rounding,
// for which the diagonal is raised a little.
void imp_cholesky_factor(double *matrix, int n);

// Solves L L^T x = b in place: x holds b before.
void imp_cholesky_solve(const double *factor, double *x, int n);

#endif
