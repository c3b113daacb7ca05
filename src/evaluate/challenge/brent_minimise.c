// One-dimensional minimisation: a bracketing search, then Brent's method. Both repeat the steps
// of SciPy's minimize_scalar(), constants included, because the challenge's metrics depend on
// which minimum is found. Brent's method keeps an interval that contains the minimum and the
// three best samples. A step goes to the vertex of the parabola through them if that converges
// fast enough, else it is a golden section step.
// The method is that of Brent, Algorithms for Minimization without Derivatives (1973), chapter 5.
#include "evaluate/challenge/brent_minimise.h"

#include <math.h>
#include <stdbool.h>

// A sample of the function.
typedef struct sample {
    double x, f;
} sample;

// The function to minimise, with what it needs besides its argument.
typedef struct problem {
    imp_scalar_function *function;
    const void *context;
} problem;

static sample evaluate_function_at(const problem *p, double x)
{
    return (sample){x, p->function(p->context, x)};
}

// Samples the point beyond c, at the golden ratio of the distance from b to c.
static sample evaluate_golden_step_beyond(const problem *p, sample b, sample c)
{
    return evaluate_function_at(p, c.x + 1.618034 * (c.x - b.x));
}

// Returns the extremum of the parabola through three samples. A vanishing denominator is replaced
// by a tiny one.
static double parabola_vertex(sample a, sample b, sample c)
{
    // The vertex follows from the differences of both neighbours to b.
    const double tiny = 1e-21;
    double ab = (b.x - a.x) * (b.f - c.f), bc = (b.x - c.x) * (b.f - a.f);
    double down = bc - ab;
    return b.x - ((b.x - c.x) * bc - (b.x - a.x) * ab) / (2.0 * (fabs(down) < tiny ? tiny : down));
}

// Brackets a minimum: goes downhill from a over b to c until c lies higher than b.
static void bracket_minimum(const problem *p, sample *a, sample *b, sample *c)
{
    enum { STEPS_MAX = 1000 };
    // The interval grows by at most this factor per step.
    const double growth_max = 110.0;
    // Let a -> b be the downhill direction.
    if (a->f < b->f) {
        sample swap = *a;
        *a = *b;
        *b = swap;
    }
    *c = evaluate_golden_step_beyond(p, *a, *b);
    for (int step = 0; c->f < b->f && step < STEPS_MAX; step++) {
        // Try the vertex of the parabola through the three points, at most 110 times as far as c.
        double limit = b->x + growth_max * (c->x - b->x), x = parabola_vertex(*a, *b, *c);
        sample next;
        if ((x - c->x) * (b->x - x) > 0.0) {
            // The vertex lies between b and c: perhaps a bracket is found.
            next = evaluate_function_at(p, x);
            if (next.f < c->f) {
                *a = *b;
                *b = next;
                return;
            }
            if (next.f > b->f) {
                *c = next;
                return;
            }
            next = evaluate_golden_step_beyond(p, *b, *c);
        } else if ((x - limit) * (limit - c->x) >= 0.0) {
            // The vertex lies beyond the limit.
            next = evaluate_function_at(p, limit);
        } else if ((x - limit) * (c->x - x) > 0.0) {
            // The vertex lies between c and the limit: go there, and further if it is lower.
            next = evaluate_function_at(p, x);
            if (next.f < c->f) {
                *b = *c;
                *c = next;
                next = evaluate_golden_step_beyond(p, *b, *c);
            }
        } else {
            // The parabola opens downwards: take a default step.
            next = evaluate_golden_step_beyond(p, *b, *c);
        }
        *a = *b;
        *b = *c;
        *c = next;
    }
}

// The state of Brent's method.
typedef struct brent_state {
    double low, high;           // bounds of the minimum
    sample best, second, third; // the lowest samples
    double step, stride;        // the last step, and the one that the next step is compared with
} brent_state;

// Steps into the larger part of the interval, by the golden ratio.
static void step_golden_section(brent_state *s)
{
    // (3 - sqrt 5) / 2: both parts of the interval keep the golden ratio.
    const double share = 0.3819660;
    s->stride = s->best.x >= 0.5 * (s->low + s->high) ? s->low - s->best.x : s->high - s->best.x;
    s->step = share * s->stride;
}

// Steps to the vertex of the parabola through the three lowest samples. Takes a golden section step
// instead if the vertex leaves the interval or the steps do not halve every second time.
static void step_parabola(brent_state *s, double reach)
{
    double x = s->best.x;
    double near = (x - s->second.x) * (s->best.f - s->third.f);
    double far = (x - s->third.x) * (s->best.f - s->second.f);
    double p = (x - s->third.x) * far - (x - s->second.x) * near, q = 2.0 * (far - near);
    if (q > 0.0)
        p = -p;
    q = fabs(q);
    // The vertex lies at x + p / q. Accept it only if it converges.
    double before = s->stride;
    s->stride = s->step;
    if (!(p > q * (s->low - x) && p < q * (s->high - x) && fabs(p) < fabs(0.5 * q * before))) {
        step_golden_section(s);
        return;
    }
    s->step = p / q;
    // Keep a minimum distance from the bounds.
    double to = x + s->step;
    if (to - s->low < 2.0 * reach || s->high - to < 2.0 * reach)
        s->step = 0.5 * (s->low + s->high) - x >= 0.0 ? reach : -reach;
}

// Narrows the interval and updates the three lowest samples with a new one.
static void update_bracket(brent_state *s, sample next)
{
    const bool right = next.x >= s->best.x;
    // A higher sample becomes a bound on its side.
    if (next.f > s->best.f) {
        if (right)
            s->high = next.x;
        else
            s->low = next.x;
        if (next.f <= s->second.f || s->second.x == s->best.x) {
            s->third = s->second;
            s->second = next;
        } else if (next.f <= s->third.f || s->third.x == s->best.x || s->third.x == s->second.x) {
            s->third = next;
        }
        return;
    }
    // A lower sample becomes the best; the old best becomes a bound on the other side.
    if (right)
        s->low = s->best.x;
    else
        s->high = s->best.x;
    s->third = s->second;
    s->second = s->best;
    s->best = next;
}

// Starts from the bracket that begins with `from` and `to`; the minimum may lie outside of both.
double imp_brent_minimise(imp_scalar_function *f, const void *context, double from, double to,
                          double tolerance)
{
    enum { STEPS_MAX = 500 };
    const double smallest = 1e-11;
    const problem p = {f, context};
    sample a = evaluate_function_at(&p, from), b = evaluate_function_at(&p, to), c;
    bracket_minimum(&p, &a, &b, &c);
    brent_state s = {fmin(a.x, c.x), fmax(a.x, c.x), b, b, b, 0.0, 0.0};
    for (int step = 0; step < STEPS_MAX; step++) {
        // The smallest useful step: two samples closer than that cannot be distinguished.
        double reach = tolerance * fabs(s.best.x) + smallest;
        double middle = 0.5 * (s.low + s.high);
        // Stop when the interval is small around the best sample.
        if (fabs(s.best.x - middle) < 2.0 * reach - 0.5 * (s.high - s.low))
            break;
        if (fabs(s.stride) <= reach)
            step_golden_section(&s);
        else
            step_parabola(&s, reach);
        if (fabs(s.step) >= reach)
            update_bracket(&s, evaluate_function_at(&p, s.best.x + s.step));
        else
            update_bracket(&s,
                           evaluate_function_at(&p, s.best.x + (s.step >= 0.0 ? reach : -reach)));
    }
    return s.best.x;
}
