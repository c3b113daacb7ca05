// Figures of single episodes, and filters that find bad ones. Everything but the outlier score
// follows from one episode. The score compares with the median of all episodes, in units of the
// median deviation (Iglewicz and Hoaglin, 1993), so that a few bad episodes do not hide themselves.
#include "imprint/dataset_edit.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/common/math_functions.h"
#include "base/common/vector2.h"
#include "base/text/plural.h"

enum { FILTER_COOKIE = 0xF117, EPISODES_TO_COMPARE = 5 };

// Below these a robot stands: [m/s], [rad/s], and duty cycles where there are no poses.
#define STANDING_SPEED 0.01
#define STANDING_TURN_RATE 0.05
#define STANDING_DUTY 0.05

// The figures that are compared between episodes.
typedef struct compared_figure {
    const char *name;
    size_t member; // offset in imp_episode_statistics
} compared_figure;

static const compared_figure COMPARED[] = {
    {"difference", offsetof(imp_episode_statistics, difference)},
    {"jerk", offsetof(imp_episode_statistics, jerk)},
    {"standing", offsetof(imp_episode_statistics, standing)},
    {"lane distance", offsetof(imp_episode_statistics, lane_distance_mean)},
    {"speed", offsetof(imp_episode_statistics, speed)},
};

static double *get_compared_statistic(imp_episode_statistics *statistics,
                                      const compared_figure *figure)
{
    return (double *)((char *)statistics + figure->member);
}

// How the executed actions differ from the expert's; steps without a label do not count.
static void measure_expert_difference(imp_episode_statistics *out, const imp_episode *episode)
{
    double sum = 0.0, most = 0.0;
    int64_t count = 0;
    for (int64_t k = 0; k < 2 * (int64_t)episode->steps; k++) {
        const double label = (double)episode->expert_actions[k];
        if (isnan(label))
            continue;
        const double difference = fabs((double)episode->actions[k] - label);
        sum += difference * difference;
        most = fmax(most, difference);
        count++;
    }
    out->difference = count > 0 ? sqrt(sum / (double)count) : (double)NAN;
    out->difference_max = count > 0 ? most : (double)NAN;
}

// How fast the executed actions change.
static double compute_jerk(const imp_episode *episode)
{
    double sum = 0.0;
    for (int64_t k = 2; k < 2 * (int64_t)episode->steps; k++) {
        const double change = (double)episode->actions[k] - (double)episode->actions[k - 2];
        sum += change * change;
    }
    const double changes = 2.0 * fmax(episode->steps - 1, 1);
    return sqrt(sum / changes) / episode->time_step;
}

// Whether the robot stands still during a step: by its poses, or else by its actions.
static bool is_standing_in_step(const imp_episode *episode, int step)
{
    const float *duty = episode->actions + 2 * (size_t)step;
    if (isnan(episode->poses[0]))
        return fabsf(duty[0]) < STANDING_DUTY && fabsf(duty[1]) < STANDING_DUTY;
    const double *before = episode->poses + 3 * (size_t)step, *after = before + 3;
    const double moved = imp_hypot(after[0] - before[0], after[1] - before[1]);
    double turned = fabs(after[2] - before[2]);
    turned = turned > IMP_PI ? 2.0 * IMP_PI - turned : turned; // headings lie in [-pi, pi]
    return moved < STANDING_SPEED * episode->time_step &&
           turned < STANDING_TURN_RATE * episode->time_step;
}

// The longest run of steps without motion [s].
static double find_longest_standing(const imp_episode *episode)
{
    int longest = 0, run = 0;
    for (int k = 0; k < episode->steps; k++) {
        run = is_standing_in_step(episode, k) ? run + 1 : 0;
        longest = run > longest ? run : longest;
    }
    return longest * episode->time_step;
}

// Lane position and speed over the positions that actions led to.
static void measure_lane_and_speed(imp_episode_statistics *out, const imp_episode *episode)
{
    double sum = 0.0, most = 0.0, distance = 0.0;
    int64_t in_lane = 0;
    for (int64_t k = 1; k <= episode->steps; k++) {
        const double *pose = episode->poses + 3 * k, offset = fabs(episode->lane[2 * k]);
        distance += imp_hypot(pose[0] - pose[-3], pose[1] - pose[-2]);
        if (isnan(offset))
            continue;
        sum += offset;
        most = fmax(most, offset);
        in_lane++;
    }
    out->lane_distance_mean = in_lane > 0 ? sum / (double)in_lane : (double)NAN;
    out->lane_distance_max = in_lane > 0 ? most : (double)NAN;
    out->speed = distance / (episode->steps * episode->time_step);
}

// All figures of an episode that follow from it alone.
static void compute_episode_statistics(imp_episode_statistics *out, const imp_episode *episode)
{
    *out = (imp_episode_statistics){.steps = episode->steps,
                                    .terminated = episode->terminations[episode->steps - 1],
                                    .truncated = episode->truncations[episode->steps - 1]};
    measure_expert_difference(out, episode);
    out->jerk = compute_jerk(episode);
    out->standing = find_longest_standing(episode);
    measure_lane_and_speed(out, episode);
    // NaN throughout if unknown
    for (int k = 0; k < episode->steps; k++)
        out->reward += (double)episode->rewards[k];
}

static int compare_numbers(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

// The median; sorts the values.
static double find_median(double *values, int count)
{
    qsort(values, (size_t)count, sizeof *values, compare_numbers);
    return 0.5 * (values[(count - 1) / 2] + values[count / 2]);
}

// Raises the outlier scores by one figure. values: scratch, one per episode.
static void add_outlier_scores(imp_episode_statistics *all, int episodes,
                               const compared_figure *figure, double *values)
{
    // the factor makes the median deviation of normal values their standard deviation
    const double NORMAL = 1.4826;
    int known = 0;
    for (int k = 0; k < episodes; k++)
        if (isfinite(*get_compared_statistic(&all[k], figure)))
            values[known++] = *get_compared_statistic(&all[k], figure);
    if (known < EPISODES_TO_COMPARE)
        return;
    const double median = find_median(values, known);
    for (int k = 0; k < known; k++)
        values[k] = fabs(values[k] - median);
    const double deviation = NORMAL * find_median(values, known);
    // what most episodes share to rounding tells nothing
    if (!(deviation > 1e-9 * fabs(median)))
        return;
    for (int k = 0; k < episodes; k++) {
        const double score = fabs(*get_compared_statistic(&all[k], figure) - median) / deviation;
        if (score > all[k].outlier) {
            all[k].outlier = score;
            all[k].outlier_quantity = figure->name;
        }
    }
}

imp_status imp_dataset_episode_statistics(imp_episode_statistics *out, const imp_dataset *dataset,
                                          imp_error *err)
{
    const int episodes = imp_dataset_episode_count(dataset);
    double *values = malloc(((size_t)episodes + 1) * sizeof *values);
    if (values == NULL)
        return imp_fail(err, IMP_NO_MEMORY, "out of memory for %s",
                        IMP_PLURAL(episodes, "episode"));
    for (int k = 0; k < episodes; k++)
        compute_episode_statistics(&out[k], imp_dataset_episode(dataset, k));
    for (size_t k = 0; k < sizeof COMPARED / sizeof COMPARED[0]; k++)
        add_outlier_scores(out, episodes, &COMPARED[k], values);
    free(values);
    return IMP_OK;
}

imp_episode_filter imp_default_episode_filter(void)
{
    return (imp_episode_filter){.cookie = FILTER_COOKIE};
}

const char *imp_drop_reason_name(int reason)
{
    static const char *const names[IMP_DROP_REASON_COUNT] = {
        [IMP_DROP_MARKED] = "marked",
        [IMP_DROP_NUMBER] = "number",
        [IMP_DROP_ENDED_BADLY] = "ended badly",
        [IMP_DROP_DIFFERENCE] = "difference",
        [IMP_DROP_JERK] = "jerk",
        [IMP_DROP_STANDING] = "standing",
        [IMP_DROP_OUTLIER] = "outlier",
        [IMP_DROP_SHORT] = "short",
    };
    return reason >= 0 && reason < IMP_DROP_REASON_COUNT ? names[reason] : NULL;
}

bool imp_episode_filter_matches(const imp_episode_filter *filter,
                                const imp_episode_statistics *statistics, imp_drop_reason *reason)
{
    const struct {
        imp_drop_reason reason;
        double limit, value;
    } limits[] = {{IMP_DROP_DIFFERENCE, filter->difference, statistics->difference},
                  {IMP_DROP_JERK, filter->jerk, statistics->jerk},
                  {IMP_DROP_STANDING, filter->standing, statistics->standing},
                  {IMP_DROP_OUTLIER, filter->outlier, statistics->outlier}};
    if (filter->ended_badly && statistics->terminated) {
        *reason = IMP_DROP_ENDED_BADLY;
        return true;
    }
    // unknown values exceed nothing
    for (size_t k = 0; k < sizeof limits / sizeof limits[0]; k++)
        if (limits[k].limit > 0.0 && limits[k].value > limits[k].limit) {
            *reason = limits[k].reason;
            return true;
        }
    return false;
}
