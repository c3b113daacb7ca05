// Decides by which times a bag's images and commands are matched. The messages' own stamps are
// better than the times of reception, unless something is wrong with them; then all messages use
// the times of reception.
// Where the clock jumps back, an epoch ends and another begins. Images are matched only with
// commands of their own epoch.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/common/try.h"
#include "base/io/file.h"
#include "data/import/rosbag_topics.h"

#define NANOSECONDS INT64_C(1000000000)

static const int64_t JUMP_BACK_MIN = NANOSECONDS / 2;   // a step back larger than mere disorder
static const int64_t JUMP_AHEAD_MIN = 10 * NANOSECONDS; // ahead of the receive clock
static const int64_t CLOCK_OFFSET_MIN =
    2 * NANOSECONDS; // difference between two clocks that should agree
static const int64_t PAUSE_MIN = 60 * NANOSECONDS; // a pause that is reported

bool imp_rosbag_time_jumps_back(int64_t before, int64_t now)
{
    // A small step back is disorder, not a jump.
    return now < before - JUMP_BACK_MIN;
}

// For qsort().
static int compare_int64(const void *a, const void *b)
{
    const int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return x < y ? -1 : x > y;
}

// By epoch, then time, then position in the bag, so that the order is total.
static int compare_command_time(const void *a, const void *b)
{
    const imp_rosbag_command *x = a, *y = b;
    if (x->epoch != y->epoch)
        return x->epoch < y->epoch ? -1 : 1;
    if (x->time != y->time)
        return x->time < y->time ? -1 : 1;
    return x->order < y->order ? -1 : x->order > y->order;
}

static int64_t message_time(const imp_rosbag_message_time *m, bool use_receive_times)
{
    return use_receive_times ? m->received : m->stamp;
}

// Jumps back of one topic's clock.
int imp_rosbag_count_time_jumps(const imp_rosbag_topic *t, bool use_receive_times)
{
    int jumps = 0;
    for (size_t k = 1; k < t->count; k++)
        jumps +=
            imp_rosbag_time_jumps_back(message_time(&t->message_times[k - 1], use_receive_times),
                                       message_time(&t->message_times[k], use_receive_times));
    return jumps;
}

// ---- what is wrong with stamps ------------------------------------------------------------------

// Median delay between stamp and reception; *ok is false without memory. The median ignores single
// late messages.
static int64_t median_receive_delay(const imp_rosbag_topic *t, bool *ok)
{
    // one element more, because malloc(0) may return NULL
    int64_t *delays = malloc((t->count + 1) * sizeof *delays), median = 0;
    *ok = delays != NULL;
    for (size_t k = 0; delays != NULL && k < t->count; k++)
        delays[k] = t->message_times[k].received - t->message_times[k].stamp;
    if (delays != NULL && t->count > 0) {
        qsort(delays, t->count, sizeof *delays, compare_int64);
        median = delays[t->count / 2];
    }
    free(delays);
    return median;
}

// Describes what is wrong with the stamps of a topic; "" if nothing is.
static void describe_time_stamp_fault(char out[120], const imp_rosbag_topic *t)
{
    // missing stamps, jumps back, jumps ahead, and equal stamps
    size_t without = 0, jumps = 0, jumps_ahead = 0, equal = 0;
    for (size_t k = 0; k < t->count; k++) {
        const imp_rosbag_message_time *m = &t->message_times[k];
        // a stamp of 0 was never set
        without += m->stamp == 0;
        if (k == 0)
            continue;
        // compare the steps of both clocks
        const int64_t step = m->stamp - m[-1].stamp, received = m->received - m[-1].received;
        jumps += imp_rosbag_time_jumps_back(m[-1].stamp, m->stamp);
        // only if the receive clock did not jump as well
        jumps_ahead += !imp_rosbag_time_jumps_back(m[-1].received, m->received) &&
                       step - received > JUMP_AHEAD_MIN;
        equal += step == 0;
    }
    // the first kind of fault that occurs is reported
    out[0] = '\0';
    if (without > 0)
        snprintf(out, 120, "%zu of its %zu messages have no time of their own", without, t->count);
    else if (jumps > 0)
        snprintf(out, 120, "the clock of its messages jumps back (%zu %s)", jumps,
                 jumps == 1 ? "time" : "times");
    else if (jumps_ahead > 0)
        snprintf(out, 120, "the clock of its messages leaps ahead (%zu %s)", jumps_ahead,
                 jumps_ahead == 1 ? "time" : "times");
    else if (imp_rosbag_topic_is_image(t) && 20 * equal > t->count)
        snprintf(out, 120, "%zu of its images have the time of the one before", equal);
}

// Whether the times of reception are used; adds a note if so.
static imp_status choose_time_source(bool *use_receive_times, const imp_rosbag_topics *s,
                                     const imp_rosbag_topic *camera,
                                     const imp_rosbag_topic *command_topic, imp_error *err)
{
    const imp_rosbag_topic *topics[] = {camera, command_topic};
    char why[120] = "";
    bool ok[2];
    const char *topic = camera->name;
    *use_receive_times = s->def->use_receive_times;
    // the definition may demand times of reception
    if (*use_receive_times || camera->count == 0)
        return IMP_OK;
    // faults within one topic
    for (int k = 0; k < 2 && why[0] == '\0'; k++) {
        describe_time_stamp_fault(why, topics[k]);
        topic = topics[k]->name;
    }
    // the two topics' clocks may disagree; compare their delays
    if (why[0] == '\0' && imp_rosbag_count_time_jumps(camera, true) +
                                  imp_rosbag_count_time_jumps(command_topic, true) ==
                              0) {
        const int64_t apart = llabs(median_receive_delay(camera, &ok[0]) -
                                    median_receive_delay(command_topic, &ok[1]));
        if (!ok[0] || !ok[1])
            return imp_fail(err, IMP_NO_MEMORY, "%s: out of memory", s->bag);
        if (apart > CLOCK_OFFSET_MIN)
            snprintf(why, sizeof why, "its clock and that of the images are %.0f s apart",
                     (double)apart / (double)NANOSECONDS);
    }
    // the note tells the user why
    *use_receive_times = why[0] != '\0';
    if (*use_receive_times)
        imp_import_add_note(s->summary, "%.40s: goes by the times of receipt, because of %.60s: %s",
                            imp_path_base_name(s->bag), topic, why);
    return IMP_OK;
}

// ---- epochs -------------------------------------------------------------------------------------

// Whether messages of two topics alternate in the bag. Some programs write bags topic by topic.
static bool topics_overlap_in_bag(const imp_rosbag_topic *a, const imp_rosbag_topic *b)
{
    return a->count > 0 && b->count > 0 &&
           // the ranges of places in the bag overlap
           a->message_times[0].place < b->message_times[b->count - 1].place &&
           b->message_times[0].place < a->message_times[a->count - 1].place;
}

// Numbers epochs by the commands' own jumps, which agree with those of the images.
static void number_clock_epochs_by_commands(imp_rosbag_scan *out,
                                            const imp_rosbag_topic *command_topic)
{
    int epoch = 0;
    for (size_t k = 0; k < command_topic->count; k++) {
        const imp_rosbag_message_time *m = &command_topic->message_times[k];
        epoch += k > 0 && imp_rosbag_time_jumps_back(message_time(m - 1, out->use_receive_times),
                                                     message_time(m, out->use_receive_times));
        out->commands[k].epoch = epoch;
    }
}

// Numbers epochs by the jumps of images that precede commands in the bag. Used if the commands have
// other jumps, because there were none for a time or their clock differs. The commands' clock is
// then corrected by the image before the first command of the epoch. Returns whether a correction
// was needed.
static bool number_clock_epochs_by_images(imp_rosbag_scan *out, const imp_rosbag_topic *camera,
                                          const imp_rosbag_topic *command_topic)
{
    size_t image = 0;
    int epoch = 0;
    // begins: the next command is the first of its epoch; set: a correction was needed
    int64_t clock_offset = 0; // how far the images' clock is ahead
    bool begins = true, set = false;
    for (size_t k = 0; k < command_topic->count; k++) {
        const imp_rosbag_message_time *m = &command_topic->message_times[k];
        imp_rosbag_command *command = &out->commands[k];
        // advance to the last image before this command
        for (; image + 1 < camera->count && camera->message_times[image + 1].place < m->place;
             image++)
            if (imp_rosbag_time_jumps_back(
                    message_time(&camera->message_times[image], out->use_receive_times),
                    message_time(&camera->message_times[image + 1], out->use_receive_times))) {
                epoch++;
                begins = true;
            }
        // the first command of an epoch determines the offset
        if (begins && camera->message_times[image].place < m->place) {
            clock_offset =
                message_time(&camera->message_times[image], out->use_receive_times) - command->time;
            // small differences are normal delays
            clock_offset = llabs(clock_offset) > CLOCK_OFFSET_MIN ? clock_offset : 0;
            set = set || clock_offset != 0;
            begins = false;
        }
        command->epoch = epoch;
        command->time += clock_offset;
    }
    return set;
}

// Collects commands with times and epochs, sorted.
static imp_status collect_commands(imp_rosbag_scan *out, const imp_rosbag_topics *s,
                                   const imp_rosbag_topic *camera,
                                   const imp_rosbag_topic *command_topic, imp_error *err)
{
    // topics in separate parts of the bag say nothing about their order
    const bool mixed = topics_overlap_in_bag(camera, command_topic);
    const int jumps = imp_rosbag_count_time_jumps(command_topic, out->use_receive_times);
    out->commands = calloc(command_topic->count + 1, sizeof *out->commands);
    if (out->commands == NULL)
        return imp_fail(err, IMP_NO_MEMORY, "%s: out of memory", s->bag);
    out->command_count = command_topic->count;
    // The topics are not interleaved and nothing jumps: then times are the only criterion.
    out->single_epoch = !mixed && jumps == 0;
    for (size_t k = 0; k < command_topic->count; k++) {
        // times from the chosen clock, and the order in the bag
        imp_rosbag_command *command = &out->commands[k];
        *command = (imp_rosbag_command){
            .time = message_time(&command_topic->message_times[k], out->use_receive_times),
            .order = k};
        memcpy(command->numbers, command_topic->numbers[k], sizeof command->numbers);
    }
    // the same number of jumps on both topics: the commands' own jumps serve
    if (!mixed || jumps == imp_rosbag_count_time_jumps(camera, out->use_receive_times))
        number_clock_epochs_by_commands(out, command_topic);
    else if (number_clock_epochs_by_images(out, camera, command_topic))
        imp_import_add_note(s->summary,
                            "%.40s: the clock of %.60s does not jump with that of the images: the "
                            "order in the bag says which belong together",
                            imp_path_base_name(s->bag), command_topic->name);
    // binary search in the importer needs sorted commands
    qsort(out->commands, out->command_count, sizeof *out->commands, compare_command_time);
    return IMP_OK;
}

// Notes jumps and long pauses, which end episodes.
static void add_note_on_time_jumps(const imp_rosbag_topics *s, const imp_rosbag_topic *camera,
                                   int jumps, int pauses, int64_t longest)
{
    const char *name = imp_path_base_name(s->bag);
    if (jumps > 0)
        imp_import_add_note(
            s->summary, "%.40s: the times of %.60s jump back (%d %s): a new episode begins there",
            name, camera->name, jumps, jumps == 1 ? "time" : "times");
    if (pauses > 0)
        imp_import_add_note(
            s->summary,
            "%.40s: the times of %.60s have gaps of more than %.0f s (%d, the longest "
            "of %.0f s): a new episode begins there",
            name, camera->name, (double)(PAUSE_MIN / NANOSECONDS), pauses,
            (double)longest / (double)NANOSECONDS);
}

// Computes the median time between images, and the total duration without jumps and pauses.
static imp_status measure_frame_interval(imp_rosbag_scan *out, const imp_rosbag_topics *s,
                                         const imp_rosbag_topic *camera, imp_error *err)
{
    int64_t *steps = malloc((camera->count + 1) * sizeof *steps), sum = 0, longest = 0;
    size_t count = 0;
    int jumps = 0, pauses = 0;
    if (steps == NULL)
        return imp_fail(err, IMP_NO_MEMORY, "%s: out of memory", s->bag);
    // steps that are jumps or pauses are counted, but not measured
    for (size_t k = 1; k < camera->count; k++) {
        const int64_t step = message_time(&camera->message_times[k], out->use_receive_times) -
                             message_time(&camera->message_times[k - 1], out->use_receive_times);
        // jumps, pauses, and the longest pause for the note
        jumps += step < -JUMP_BACK_MIN;
        pauses += step > PAUSE_MIN;
        longest = step > longest ? step : longest;
        if (step < -JUMP_BACK_MIN || step > PAUSE_MIN)
            continue;
        sum += step;
        if (step > 0)
            steps[count++] = step;
    }
    // the median ignores irregular steps
    if (count > 0) {
        qsort(steps, count, sizeof *steps, compare_int64);
        out->interval = (double)steps[count / 2] / (double)NANOSECONDS;
    }
    // zero if there are fewer than two images
    out->duration = sum > 0 ? (double)sum / (double)NANOSECONDS : 0.0;
    free(steps);
    add_note_on_time_jumps(s, camera, jumps, pauses, longest);
    return IMP_OK;
}

// The source of the times first, because everything else uses it.
imp_status imp_rosbag_match_command_times(imp_rosbag_scan *out, const imp_rosbag_topics *s,
                                          const imp_rosbag_topic *camera,
                                          const imp_rosbag_topic *command_topic, imp_error *err)
{
    IMP_TRY(choose_time_source(&out->use_receive_times, s, camera, command_topic, err));
    IMP_TRY(measure_frame_interval(out, s, camera, err));
    return collect_commands(out, s, camera, command_topic, err);
}
