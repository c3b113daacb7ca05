// Where the robot was, from a bag: its poses by nav_msgs/Odometry, or integrated from the ticks of
// its two wheels' encoders. Both become poses in order of time, from which that of an image is
// interpolated. Encoders send at times of their own, so the right wheel's angle is interpolated at
// the left one's times; between two of these the robot drives along an arc.
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/common/math_functions.h"
#include "base/common/try.h"
#include "base/common/vector2.h"
#include "base/io/file.h"
#include "data/import/rosbag_topics.h"

// Poses further apart than that have a gap, or a jump, between them.
static const double GAP_SECONDS = 0.5, SPEED_MAX = 5.0;

// What the poses come from: `poses`, or the encoders of two wheels.
typedef struct odometry_source {
    const imp_rosbag_topic *poses, *left, *right;
} odometry_source;

static int64_t message_time_of(const imp_rosbag_topic *t, size_t k, bool received)
{
    return received ? t->message_times[k].received : t->message_times[k].stamp;
}

// The side of an encoder by its name: -1 left, 1 right, 0 unknown.
static int wheel_side_of_topic(const imp_rosbag_topic *t)
{
    const bool left = strstr(t->name, "left") != NULL, right = strstr(t->name, "right") != NULL;
    return (int)right - (int)left;
}

static bool has_more_messages(const imp_rosbag_topic *t, const imp_rosbag_topic *best)
{
    return best == NULL || t->count > best->count;
}

// The topics of a robot with the most messages. A topic that is named chooses between poses and
// encoders, too.
static odometry_source find_odometry_source(const imp_rosbag_topics *s, const char *robot)
{
    const char *named = s->def->odometry_topic;
    odometry_source found = {0};
    bool encoders_named = false;
    for (int k = 0; k < s->count; k++) {
        const imp_rosbag_topic *t = &s->all[k];
        const bool is_named = named != NULL && strcmp(t->name, named) == 0;
        // a speed needs two messages
        if (t->count < 2 || !imp_rosbag_topic_is_odometry(t) ||
            !imp_rosbag_topic_may_be_of_robot(t, robot))
            continue;
        encoders_named = encoders_named || (is_named && t->kind == IMP_ROS_ENCODER);
        if (t->kind == IMP_ROS_ODOMETRY) {
            if (named == NULL ? has_more_messages(t, found.poses) : is_named)
                found.poses = t;
        } else if (wheel_side_of_topic(t) < 0 && has_more_messages(t, found.left)) {
            found.left = t;
        } else if (wheel_side_of_topic(t) > 0 && has_more_messages(t, found.right)) {
            found.right = t;
        }
    }
    // poses win over encoders, and encoders count only as a pair
    if (found.poses != NULL || (named != NULL && !encoders_named) || found.left == NULL ||
        found.right == NULL)
        found.left = found.right = NULL;
    return found;
}

// Whether the times of a topic are sound on the clock that images go by.
static bool has_plausible_times(const imp_rosbag_topic *t, bool received)
{
    for (size_t k = 0; k < t->count; k++)
        if (message_time_of(t, k, received) == 0)
            return false;
    return imp_rosbag_count_time_jumps(t, received) == 0;
}

static int compare_pose_time(const void *a, const void *b)
{
    const imp_rosbag_pose *x = a, *y = b;
    return (x->time > y->time) - (x->time < y->time);
}

// Maps have z where ROS has -y.
static void convert_poses(imp_rosbag_pose *out, const imp_rosbag_topic *t, bool received)
{
    for (size_t k = 0; k < t->count; k++) {
        const double *n = t->numbers[k];
        out[k] = (imp_rosbag_pose){message_time_of(t, k, received), {n[0], -n[1], n[2]}};
    }
    qsort(out, t->count, sizeof *out, compare_pose_time);
}

// Ticks between two messages; counters of 32 bits overflow.
static double ticks_between(const imp_rosbag_topic *t, size_t from, size_t to)
{
    const int64_t difference = (int64_t)t->numbers[to][0] - (int64_t)t->numbers[from][0];
    return (double)(int32_t)(uint32_t)(uint64_t)difference;
}

// Walks along an encoder's messages in order of time.
typedef struct wheel_reader {
    const imp_rosbag_topic *topic;
    bool received;
    size_t at;    // the message at or before the time
    double angle; // of the wheel at that message [rad]
} wheel_reader;

// Angle of the wheel at a time that does not decrease from call to call [rad].
static double wheel_angle(wheel_reader *w, int64_t time)
{
    const imp_rosbag_topic *t = w->topic;
    while (w->at + 2 < t->count && message_time_of(t, w->at + 1, w->received) <= time) {
        w->angle += 2.0 * IMP_PI * ticks_between(t, w->at, w->at + 1) / t->numbers[w->at][1];
        w->at++;
    }
    const int64_t from = message_time_of(t, w->at, w->received),
                  to = message_time_of(t, w->at + 1, w->received);
    const double share = to > from ? (double)(time - from) / (double)(to - from) : 0.0;
    return w->angle + fmin(1.0, fmax(0.0, share)) * 2.0 * IMP_PI *
                          ticks_between(t, w->at, w->at + 1) / t->numbers[w->at][1];
}

// Integrates the wheels' angles at the times of the left encoder at which both counted. Returns the
// number of poses.
static size_t integrate_wheels(imp_rosbag_pose *out, const odometry_source *source, bool received,
                               const imp_wheels *wheels)
{
    wheel_reader left = {source->left, received, 0, 0.0}, right = {source->right, received, 0, 0.0};
    const int64_t begin = message_time_of(source->right, 0, received);
    const int64_t end = message_time_of(source->right, source->right->count - 1, received);
    double pose[3] = {0.0, 0.0, 0.0}, last[2] = {0.0, 0.0};
    int64_t time = begin;
    size_t count = 0;
    for (size_t k = 0; k < source->left->count; k++) {
        if (message_time_of(source->left, k, received) < begin)
            continue;
        if (message_time_of(source->left, k, received) > end)
            break;
        // small disorder counts as no time
        time = message_time_of(source->left, k, received) > time
                   ? message_time_of(source->left, k, received)
                   : time;
        const double angles[2] = {wheel_angle(&left, time), wheel_angle(&right, time)};
        if (count > 0) {
            const double l = wheels->radius * (angles[0] - last[0]);
            const double r = wheels->radius * (angles[1] - last[1]);
            const double turn = (r - l) / wheels->baseline;
            const double half = imp_sincos(0.5 * turn).sine;
            const double chord = 0.5 * (l + r) * (fabs(turn) > 1e-9 ? half / (0.5 * turn) : 1.0);
            const imp_sine_cosine way = imp_sincos(pose[2] + 0.5 * turn);
            pose[0] += chord * way.cosine;
            pose[1] -= chord * way.sine;
            pose[2] += turn;
        }
        memcpy(last, angles, sizeof last);
        out[count++] = (imp_rosbag_pose){time, {pose[0], pose[1], pose[2]}};
    }
    return count;
}

imp_status imp_rosbag_find_odometry(imp_rosbag_scan *out, const imp_rosbag_topics *s,
                                    const imp_rosbag_topic *camera, imp_error *err)
{
    const char *named = s->def->odometry_topic;
    const bool received = out->use_receive_times;
    if (named != NULL && strcmp(named, "none") == 0)
        return IMP_OK;
    // without a request, a bag may lack odometry
    const odometry_source source = find_odometry_source(s, camera->robot);
    const imp_rosbag_topic *first = source.poses != NULL ? source.poses : source.left;
    if (first == NULL)
        return named == NULL ? IMP_OK
                             : imp_fail(err, IMP_BAD_INPUT,
                                        "%s: holds no odometry of %.120s (nav_msgs/Odometry, or "
                                        "duckietown_msgs/WheelEncoderStamped of both wheels)",
                                        s->bag, named);
    // poses are interpolated by time, so both clocks must be sound
    if (imp_rosbag_count_time_jumps(camera, received) > 0 ||
        !has_plausible_times(first, received) ||
        (source.right != NULL && !has_plausible_times(source.right, received))) {
        imp_import_add_note(s->summary,
                            "%.40s: the poses of %.60s are not used: a clock jumps, or their "
                            "times are missing",
                            imp_path_base_name(s->bag), first->name);
        return IMP_OK;
    }
    out->poses = calloc(first->count, sizeof *out->poses);
    if (out->poses == NULL)
        return imp_fail(err, IMP_NO_MEMORY, "%s: out of memory", s->bag);
    out->pose_count = first->count;
    memcpy(out->odometry_topic, first->name, sizeof out->odometry_topic);
    // encoders need the robot's wheels: radius and distance
    const imp_wheels usual = imp_default_wheels();
    if (source.poses != NULL)
        convert_poses(out->poses, source.poses, received);
    else
        out->pose_count =
            integrate_wheels(out->poses, &source, received,
                             s->def->driven != NULL ? &s->def->driven->wheels : &usual);
    return IMP_OK;
}

bool imp_rosbag_pose_at(const imp_rosbag_scan *scan, int64_t time, double pose[3])
{
    // the first pose after the time
    size_t low = 0, high = scan->pose_count;
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        if (scan->poses[middle].time <= time)
            low = middle + 1;
        else
            high = middle;
    }
    if (low == 0 || (low == scan->pose_count && scan->poses[low - 1].time < time))
        return false;
    const imp_rosbag_pose *a = &scan->poses[low - 1];
    const imp_rosbag_pose *b = low < scan->pose_count ? &scan->poses[low] : a;
    const double seconds = (double)(b->time - a->time) / 1e9;
    const double moved = imp_hypot(b->pose[0] - a->pose[0], b->pose[1] - a->pose[1]);
    if (seconds > GAP_SECONDS || moved > SPEED_MAX * fmax(seconds, 0.001))
        return false;
    const double share = seconds > 0.0 ? (double)(time - a->time) / 1e9 / seconds : 0.0;
    pose[0] = a->pose[0] + share * (b->pose[0] - a->pose[0]);
    pose[1] = a->pose[1] + share * (b->pose[1] - a->pose[1]);
    pose[2] = imp_wrap_angle(a->pose[2] + share * imp_wrap_angle(b->pose[2] - a->pose[2]));
    return true;
}
