// Turns the numbers of an audit into advice. Every finding compares what the image leaves open of
// the steering with what remains when something is added. A gain counts if it is more than chance
// gives: GAIN of what was open, and beyond the interval.
#include "cli/data_commands/audit_findings.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>

// What counts: as a share of what the image leaves open.
static const double GAIN = 0.15;
// Below this, little is open at all.
static const double LITTLE = 0.10;
// A larger share of frames off the centre than disturbances and starts explain.
static const double OFF_CENTRE = 0.5;
// Steering at intersections is open if it spreads so many times as much as on curves and straights.
static const double INTERSECTION_FACTOR = 1.5;

__attribute__((format(printf, 2, 3))) static void add_finding(imp_audit_findings *out,
                                                              const char *format, ...)
{
    va_list arguments;
    if (out->count == IMP_AUDIT_FINDINGS_MAX)
        return;
    va_start(arguments, format);
    vsnprintf(out->texts[out->count++], sizeof out->texts[0], format, arguments);
    va_end(arguments);
}

static imp_estimate open_share(const imp_audit *audit, int input)
{
    return audit->rows[input].unexplained[IMP_AUDIT_STEERING];
}

// Percentage points by which an input brings down what another leaves open; 0 if that is little.
static double gain_over(const imp_audit *audit, int base, int input)
{
    if (!audit->rows[base].known || !audit->rows[input].known)
        return 0.0;
    const imp_estimate with = open_share(audit, input), without = open_share(audit, base);
    const double gain = without.value - with.value;
    return gain > GAIN * without.value && with.high < without.value ? 100.0 * gain : 0.0;
}

// An expert that is mostly far off the lane drives badly itself.
static void find_about_expert(imp_audit_findings *out, const imp_audit *audit)
{
    const double off = (double)audit->situation_queries[IMP_AUDIT_OFF_CENTRE] / audit->queries;
    if (off > OFF_CENTRE)
        add_finding(out,
                    "%.0f %% of the frames are over 8 cm or 20 degrees off the lane's centre, and "
                    "the steering's deviation is %.2f: the driving itself is bad. Lower --speed, "
                    "--tracking-rate or --turn-rate-gain before training.",
                    100.0 * off, audit->deviation[IMP_AUDIT_ANYWHERE][IMP_AUDIT_STEERING]);
}

static void find_about_commands(imp_audit_findings *out, const imp_audit *audit)
{
    const imp_audit_row *image = &audit->rows[IMP_AUDIT_IMAGE];
    const double gain = gain_over(audit, IMP_AUDIT_IMAGE, IMP_AUDIT_COMMAND);
    if (gain > 0.0)
        add_finding(out,
                    "The navigation command explains %.1f points: train a network that takes it "
                    "(--network one-residual-command, or `command: true` in a network's file).",
                    gain);
    if (audit->rows[IMP_AUDIT_COMMAND].known)
        return;
    const double there = image->spread[IMP_AUDIT_INTERSECTION][IMP_AUDIT_STEERING];
    const double elsewhere = fmax(image->spread[IMP_AUDIT_STRAIGHT][IMP_AUDIT_STEERING],
                                  image->spread[IMP_AUDIT_CURVE][IMP_AUDIT_STEERING]);
    if (there > INTERSECTION_FACTOR * elsewhere)
        add_finding(out,
                    "At intersections the steering spreads by %.3f, elsewhere by %.3f: images do "
                    "not say where the expert turns. Unless --turns gives one way, record with "
                    "--commands random and train a network that takes commands.",
                    there, elsewhere);
}

static void find_about_motion(imp_audit_findings *out, const imp_audit *audit)
{
    const double motion = gain_over(audit, IMP_AUDIT_IMAGE, IMP_AUDIT_MOTION);
    const double actions = gain_over(audit, IMP_AUDIT_IMAGE, IMP_AUDIT_ACTIONS);
    if (motion > 0.0)
        add_finding(out,
                    "The expert reacts to how the robot moves (%.1f points), which one image does "
                    "not show: record with --pose-only, or train a network that takes past "
                    "actions.",
                    motion);
    if (actions > 0.0)
        add_finding(out,
                    "Past actions explain %.1f points. Some of that may be habit: actions resemble "
                    "those before them, and a network that copies them drives badly. DAgger shows "
                    "it such mistakes.",
                    actions);
    double best = 0.0;
    int at = IMP_AUDIT_EARLIER_100;
    for (int input = IMP_AUDIT_EARLIER_100; input <= IMP_AUDIT_EARLIER_500; input++)
        if (gain_over(audit, IMP_AUDIT_IMAGE, input) > best) {
            best = gain_over(audit, IMP_AUDIT_IMAGE, input);
            at = input;
        }
    if (best > 0.0)
        add_finding(out, "A longer history helps: \"%s\" explains %.1f points.",
                    imp_audit_input_name(at), best);
}

void imp_audit_find(imp_audit_findings *out, const imp_audit *audit)
{
    const imp_estimate image = open_share(audit, IMP_AUDIT_IMAGE);
    out->count = 0;
    if (!isfinite(image.value)) {
        add_finding(out, "The expert never steers in these frames: there is nothing to learn.");
        return;
    }
    add_finding(out, "Images leave %.1f %% of the steering's variance open%s.", 100.0 * image.value,
                image.value < LITTLE ? ": a network can learn it from them" : "");
    find_about_expert(out, audit);
    find_about_commands(out, audit);
    find_about_motion(out, audit);
    const double lane = gain_over(audit, IMP_AUDIT_IMAGE, IMP_AUDIT_LANE);
    if (lane > 0.0)
        add_finding(out,
                    "The true lane position explains %.1f points that images do not show: try a "
                    "larger --size, less randomisation, or more episodes.",
                    lane);
    const double half = open_share(audit, IMP_AUDIT_IMAGE_OF_HALF).value - image.value;
    if (half > GAIN * image.value)
        add_finding(out,
                    "With half of the frames %.1f points more are open: more episodes would bring "
                    "the numbers down.",
                    100.0 * half);
}
