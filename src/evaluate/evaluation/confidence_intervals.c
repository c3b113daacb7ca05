// Estimates with 95 % confidence intervals. Episodes are what is independent; the frames of one are
// not.
// Shares of what happens several times in an episode have Wilson's interval, too, for an effective
// number of trials.
// Shares have Wilson's score interval (Wilson 1927), which stays within 0 and 1. Means and ratios
// have that of the linearised ratio estimator with Student's t (Cochran, Sampling Techniques,
// chapter 6). Paired outcomes have the exact sign test: McNemar's test without approximation.
#include <math.h>

#include "imprint/evaluate.h"

#include "base/common/math_functions.h"

// Of the normal distribution, 97.5 %.
static const double NORMAL_QUANTILE = 1.959963984540054;

// Wilson's score interval: those shares p for which `share` lies within 1.96 standard errors of p.
// With z the quantile, its middle is (share + z^2 / 2n) / (1 + z^2 / n).
static imp_estimate wilson_interval(double share, double n)
{
    const double z2 = NORMAL_QUANTILE * NORMAL_QUANTILE;
    const double middle = (share + z2 / (2 * n)) / (1 + z2 / n);
    const double half =
        NORMAL_QUANTILE / (1 + z2 / n) * sqrt(share * (1 - share) / n + z2 / (4 * n * n));
    // at the ends the formula gives 0 and 1 but for rounding
    return (imp_estimate){share, share == 0.0 ? 0.0 : middle - half,
                          share == 1.0 ? 1.0 : middle + half};
}

imp_estimate imp_estimate_proportion(int successes, int trials)
{
    // Without a trial nothing is known.
    return trials < 1 ? (imp_estimate){NAN, NAN, NAN}
                      : wilson_interval((double)successes / trials, trials);
}

// The 97.5 % quantile of Student's t: a table where the expansion about the normal distribution
// (Cornish and Fisher; Abramowitz and Stegun 26.7.5) is not yet good to 1e-5.
static double student_t_quantile(int freedom)
{
    // Quantiles for 1 to 10 degrees of freedom.
    static const double few[] = {12.7062047362, 4.3026527297, 3.1824463053, 2.7764451052,
                                 2.5705818356,  2.4469118511, 2.3646242516, 2.3060041352,
                                 2.2621571628,  2.2281388520};
    if (freedom <= (int)(sizeof few / sizeof few[0]))
        return few[freedom - 1];
    // Each term of the expansion has one more power of 1 / v, with v degrees of freedom.
    const double z = NORMAL_QUANTILE, z2 = z * z, v = freedom;
    const double g1 = z * (z2 + 1) / 4;
    const double g2 = z * ((5 * z2 + 16) * z2 + 3) / 96;
    const double g3 = z * (((3 * z2 + 19) * z2 + 17) * z2 - 15) / 384;
    const double g4 = z * ((((79 * z2 + 776) * z2 + 1482) * z2 - 1920) * z2 - 945) / 92160;
    return z + (g1 + (g2 + (g3 + g4 / v) / v) / v) / v;
}

// Ratio of sums, r = sum(v) / sum(w), over the episodes with a positive weight. Its variance is
// that of the residuals v - r w, divided by the squared mean weight. With equal weights this is
// the usual interval of a mean.
imp_estimate imp_estimate_ratio(const double *values, const double *weights, int count)
{
    // First pass: the sums.
    double value_sum = 0.0, weight_sum = 0.0, squares = 0.0;
    int used = 0;
    for (int k = 0; k < count; k++) {
        const double weight = weights != NULL ? weights[k] : 1.0;
        if (!(weight > 0.0))
            continue; // an episode without anything to weigh says nothing
        value_sum += values[k];
        weight_sum += weight;
        used++;
    }
    if (used == 0)
        return (imp_estimate){NAN, NAN, NAN};
    const double ratio = value_sum / weight_sum;
    // One episode gives an estimate, but no spread.
    if (used == 1)
        return (imp_estimate){ratio, NAN, NAN};
    // Second pass: the squared residuals about the ratio.
    for (int k = 0; k < count; k++) {
        const double weight = weights != NULL ? weights[k] : 1.0;
        if (weight > 0.0)
            squares += (values[k] - ratio * weight) * (values[k] - ratio * weight);
    }
    // The standard error has used - 1 degrees of freedom, because the ratio is estimated from the
    // data.
    const double mean_weight = weight_sum / used;
    const double error = sqrt(squares / ((double)used * (used - 1))) / mean_weight;
    const double half = student_t_quantile(used - 1) * error;
    return (imp_estimate){ratio, ratio - half, ratio + half};
}

imp_estimate imp_estimate_share(const double *values, const double *weights, int count)
{
    imp_estimate ratio = imp_estimate_ratio(values, weights, count);
    if (isnan(ratio.low))
        return ratio;
    double trials = 0.0, used = 0.0;
    for (int k = 0; k < count; k++) {
        trials += weights[k] > 0.0 ? weights[k] : 0.0;
        used += weights[k] > 0.0;
    }
    // So many independent trials would have this interval. Where nothing spreads, each episode is
    // one; more than there were, they cannot be.
    const double half = (ratio.high - ratio.low) / 2.0 / NORMAL_QUANTILE;
    const double effective = half > 0.0 ? ratio.value * (1.0 - ratio.value) / (half * half) : used;
    return wilson_interval(ratio.value, effective < trials ? effective : trials);
}

// Two-sided: twice the probability of at most `fewer` successes in `trials` tosses of a fair coin.
// Pairs with equal outcomes are left out by the caller. Without any trial the result is 1.
double imp_sign_test(int wins, int losses)
{
    const int trials = wins + losses, fewer = wins < losses ? wins : losses;
    // Binomial coefficients overflow, so their logarithms are added up.
    double log_share = -trials * imp_log(2.0), tail = imp_exp(log_share);
    for (int k = 1; k <= fewer; k++) {
        log_share += imp_log((double)(trials - k + 1) / k);
        tail += imp_exp(log_share);
    }
    return fmin(1.0, 2.0 * tail);
}
