// Cholesky factors and their solutions, row by row (Golub and Van Loan, Matrix Computations, 4.2).
#include "base/common/cholesky.h"

#include <math.h>
#include <stddef.h>

double imp_dot_product(const double *a, const double *b, int n)
{
    double sum = 0.0;
    for (int k = 0; k < n; k++)
        sum += a[k] * b[k];
    return sum;
}

void imp_cholesky_factor(double *matrix, int n)
{
    const size_t width = (size_t)n;
    for (size_t i = 0; i < width; i++)
        for (size_t j = 0; j <= i; j++) {
            const double *row = matrix + i * width, *other = matrix + j * width;
            const double rest = row[j] - imp_dot_product(row, other, (int)j);
            matrix[i * width + j] = i == j ? sqrt(fmax(rest, 1e-9)) : rest / other[j];
        }
}

void imp_cholesky_solve(const double *factor, double *x, int n)
{
    const size_t width = (size_t)n;
    for (size_t i = 0; i < width; i++)
        x[i] = (x[i] - imp_dot_product(factor + i * width, x, (int)i)) / factor[i * width + i];
    for (size_t i = width; i-- > 0;) {
        for (size_t k = i + 1; k < width; k++)
            x[i] -= factor[k * width + i] * x[k];
        x[i] /= factor[i * width + i];
    }
}
