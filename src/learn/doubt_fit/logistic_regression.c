// Newton's method on the penalised log-likelihood, which is concave: each step solves a linear
// system of the size of the features by Cholesky's decomposition. A step that would not improve the
// likelihood is halved. Sums run over the samples in their order, so that results do not depend on
// threads.
#include "learn/doubt_fit/logistic_regression.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/common/cholesky.h"
#include "base/common/math_functions.h"
#include "base/common/try.h"
#include "base/text/plural.h"

// The working memory; n is features + 1, and the bias comes first.
typedef struct regression {
    const imp_regression_data *data;
    double ridge;
    int n;
    double *mean, *scale;            // (n) of the features; 0 and 1 for the bias
    double *beta, *trial, *gradient; // (n)
    double *row;                     // (n) a standardised sample
    double *hessian;                 // (n x n) lower triangle
} regression;

static void standardise_row(const regression *r, int sample)
{
    const float *values = r->data->rows[sample];
    r->row[0] = 1.0;
    for (int k = 1; k < r->n; k++)
        r->row[k] = ((double)values[k - 1] - r->mean[k]) * r->scale[k];
}

// log(1 + exp(x)) without overflow.
static double softplus(double x)
{
    return x > 0.0 ? x + imp_log(1.0 + imp_exp(-x)) : imp_log(1.0 + imp_exp(x));
}

// Means and standard deviations. A feature that does not vary gets no weight.
static void measure_features(regression *r)
{
    const imp_regression_data *data = r->data;
    r->mean[0] = 0.0;
    r->scale[0] = 1.0;
    for (int k = 1; k < r->n; k++) {
        double sum = 0.0, squares = 0.0;
        for (int i = 0; i < data->count; i++)
            sum += (double)data->rows[i][k - 1];
        r->mean[k] = sum / data->count;
        for (int i = 0; i < data->count; i++) {
            const double d = (double)data->rows[i][k - 1] - r->mean[k];
            squares += d * d;
        }
        const double deviation = sqrt(squares / data->count);
        r->scale[k] = deviation > 1e-9 ? 1.0 / deviation : 0.0;
    }
}

// The negative of what is maximised.
static double compute_cost(const regression *r, const double *beta)
{
    double cost = 0.5 * r->ridge * imp_dot_product(beta + 1, beta + 1, r->n - 1);
    for (int i = 0; i < r->data->count; i++) {
        standardise_row(r, i);
        const double odds = imp_dot_product(beta, r->row, r->n);
        cost += softplus(r->data->labels[i] ? -odds : odds);
    }
    return cost;
}

// Gradient and matrix of second derivatives of the cost at beta.
static void compute_derivatives(regression *r)
{
    const int n = r->n;
    memset(r->hessian, 0, (size_t)n * (size_t)n * sizeof *r->hessian);
    for (int k = 0; k < n; k++) {
        r->gradient[k] = k > 0 ? r->ridge * r->beta[k] : 0.0;
        r->hessian[(size_t)k * (size_t)n + (size_t)k] = k > 0 ? r->ridge : 0.0;
    }
    for (int i = 0; i < r->data->count; i++) {
        standardise_row(r, i);
        const double p = 1.0 / (1.0 + imp_exp(-imp_dot_product(r->beta, r->row, n)));
        const double error = p - (r->data->labels[i] ? 1.0 : 0.0), weight = p * (1.0 - p);
        for (int k = 0; k < n; k++) {
            double *line = r->hessian + (size_t)k * (size_t)n;
            const double factor = weight * r->row[k];
            r->gradient[k] += error * r->row[k];
            for (int j = 0; j <= k; j++)
                line[j] += factor * r->row[j];
        }
    }
}

// Repeats steps until the cost hardly falls.
static void minimise(regression *r)
{
    enum { STEPS_MAX = 50, HALVINGS = 20 };
    double cost = compute_cost(r, r->beta);
    for (int step = 0; step < STEPS_MAX; step++) {
        compute_derivatives(r);
        imp_cholesky_factor(r->hessian, r->n);
        imp_cholesky_solve(r->hessian, r->gradient, r->n); // the gradient becomes the step
        double size = 1.0, next = cost;
        for (int k = 0; k < HALVINGS; k++, size *= 0.5) {
            for (int i = 0; i < r->n; i++)
                r->trial[i] = r->beta[i] - size * r->gradient[i];
            next = compute_cost(r, r->trial);
            if (next < cost)
                break;
        }
        if (!(next < cost))
            return;
        memcpy(r->beta, r->trial, (size_t)r->n * sizeof *r->beta);
        const bool done = cost - next < 1e-7 * (1.0 + cost);
        cost = next;
        if (done)
            return;
    }
}

// Begins with the share of successes; then turns the weights back to features as they are.
static void fit_and_unscale(regression *r, int successes, double *weights, double *bias)
{
    measure_features(r);
    r->beta[0] = imp_log((double)successes / (r->data->count - successes));
    minimise(r);
    *bias = r->beta[0];
    for (int k = 1; k < r->n; k++) {
        weights[k - 1] = r->beta[k] * r->scale[k];
        *bias -= weights[k - 1] * r->mean[k];
    }
}

imp_status imp_logistic_regression_fit(double *weights, double *bias,
                                       const imp_regression_data *data, double ridge,
                                       imp_error *err)
{
    int successes = 0;
    for (int i = 0; i < data->count; i++)
        successes += data->labels[i];
    if (successes == 0 || successes == data->count)
        return imp_fail(err, IMP_CHECK_FAILED, "%d of %s fail: there is nothing to distinguish",
                        successes, IMP_PLURAL(data->count, "decision"));
    const size_t n = (size_t)data->features + 1;
    double *memory = calloc(6 * n + n * n, sizeof *memory);
    if (memory == NULL)
        return imp_fail(err, IMP_NO_MEMORY, "out of memory for a fit");
    regression r = {.data = data,
                    .ridge = ridge,
                    .n = (int)n,
                    .mean = memory,
                    .scale = memory + n,
                    .beta = memory + 2 * n,
                    .trial = memory + 3 * n,
                    .gradient = memory + 4 * n,
                    .row = memory + 5 * n,
                    .hessian = memory + 6 * n};
    fit_and_unscale(&r, successes, weights, bias);
    free(memory);
    return IMP_OK;
}
