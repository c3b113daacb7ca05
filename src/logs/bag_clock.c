// By which times a bag's pictures and commands are matched. Their own stamps are better than the
// recorder's times of receipt, unless something is wrong with the stamps: then all messages go by
// the times of receipt. Where the clock that counts jumps back, an era ends and another begins;
// commands are for pictures of their own era.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "logs/bag_topics.h"

#define NANOSECONDS INT64_C(1000000000)

static const int64_t JUMP = NANOSECONDS / 2;   // back, that is no mere disorder
static const int64_t LEAP = 10 * NANOSECONDS;  // ahead of the other clock
static const int64_t APART = 2 * NANOSECONDS;  // two clocks that should be one
static const int64_t PAUSE = 60 * NANOSECONDS; // so long that it is told

bool imp_bag_jumps(int64_t before, int64_t now)
{
    return now < before - JUMP;
}

static int by_number(const void *a, const void *b)
{
    const int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return x < y ? -1 : x > y;
}

static int by_time(const void *a, const void *b)
{
    const imp_bag_command *x = a, *y = b;
    if (x->era != y->era)
        return x->era < y->era ? -1 : 1;
    if (x->time != y->time)
        return x->time < y->time ? -1 : 1;
    return x->order < y->order ? -1 : x->order > y->order;
}

static int64_t time_of(const imp_bag_moment *m, bool by_receipt)
{
    return by_receipt ? m->received : m->stamp;
}

static int count_jumps(const imp_bag_topic *t, bool by_receipt)
{
    int jumps = 0;
    for (size_t k = 1; k < t->count; k++)
        jumps += imp_bag_jumps(time_of(&t->moments[k - 1], by_receipt),
                               time_of(&t->moments[k], by_receipt));
    return jumps;
}

// ---- what is wrong with stamps ------------------------------------------------------------------

// The median of how much later messages were received than sent; *ok is false without memory.
static int64_t delay_of(const imp_bag_topic *t, bool *ok)
{
    int64_t *delays = malloc((t->count + 1) * sizeof *delays), median = 0;
    *ok = delays != NULL;
    for (size_t k = 0; delays != NULL && k < t->count; k++)
        delays[k] = t->moments[k].received - t->moments[k].stamp;
    if (delays != NULL && t->count > 0) {
        qsort(delays, t->count, sizeof *delays, by_number);
        median = delays[t->count / 2];
    }
    free(delays);
    return median;
}

// What is wrong with the stamps of a topic; "" if nothing is.
static void judge_stamps(char out[120], const imp_bag_topic *t)
{
    size_t without = 0, jumps = 0, leaps = 0, equal = 0;
    for (size_t k = 0; k < t->count; k++) {
        const imp_bag_moment *m = &t->moments[k];
        without += m->stamp == 0;
        if (k == 0)
            continue;
        const int64_t step = m->stamp - m[-1].stamp, received = m->received - m[-1].received;
        jumps += imp_bag_jumps(m[-1].stamp, m->stamp);
        leaps += !imp_bag_jumps(m[-1].received, m->received) && step - received > LEAP;
        equal += step == 0;
    }
    out[0] = '\0';
    if (without > 0)
        snprintf(out, 120, "%zu of its %zu messages have no time of their own", without, t->count);
    else if (jumps > 0)
        snprintf(out, 120, "the clock of its messages jumps back (%zu %s)", jumps,
                 jumps == 1 ? "time" : "times");
    else if (leaps > 0)
        snprintf(out, 120, "the clock of its messages leaps ahead (%zu %s)", leaps,
                 leaps == 1 ? "time" : "times");
    else if (imp_bag_is_picture(t) && 20 * equal > t->count)
        snprintf(out, 120, "%zu of its pictures have the time of the one before", equal);
}

// Whether the times of receipt are to be used, and a note why.
static imp_status choose_clock(bool *by_receipt, const imp_bag_topics *s,
                               const imp_bag_topic *camera, const imp_bag_topic *commander,
                               imp_error *err)
{
    const imp_bag_topic *topics[] = {camera, commander};
    char why[120] = "";
    bool ok[2];
    const char *topic = camera->name;
    *by_receipt = s->def->received_times;
    if (*by_receipt || camera->count == 0)
        return IMP_OK;
    for (int k = 0; k < 2 && why[0] == '\0'; k++) {
        judge_stamps(why, topics[k]);
        topic = topics[k]->name;
    }
    if (why[0] == '\0' && count_jumps(camera, true) + count_jumps(commander, true) == 0) {
        const int64_t apart = llabs(delay_of(camera, &ok[0]) - delay_of(commander, &ok[1]));
        if (!ok[0] || !ok[1])
            return imp_fail(err, IMP_NO_MEMORY, "%s: out of memory", s->bag);
        if (apart > APART)
            snprintf(why, sizeof why, "its clock and that of the pictures are %.0f s apart",
                     (double)apart / (double)NANOSECONDS);
    }
    *by_receipt = why[0] != '\0';
    if (*by_receipt)
        imp_summary_note(s->summary, "%.40s: goes by the times of receipt, because of %.60s: %s",
                         imp_base_name(s->bag), topic, why);
    return IMP_OK;
}

// ---- eras ---------------------------------------------------------------------------------------

// Whether messages of two topics stand among each other in the bag; some programs write bags topic
// by topic.
static bool are_mixed(const imp_bag_topic *a, const imp_bag_topic *b)
{
    return a->count > 0 && b->count > 0 && a->moments[0].place < b->moments[b->count - 1].place &&
           b->moments[0].place < a->moments[a->count - 1].place;
}

// Eras by the commands' own jumps, which are those of the pictures.
static void count_own_eras(imp_bag_survey *out, const imp_bag_topic *commander)
{
    int era = 0;
    for (size_t k = 0; k < commander->count; k++) {
        const imp_bag_moment *m = &commander->moments[k];
        era += k > 0 && imp_bag_jumps(time_of(m - 1, out->by_receipt), time_of(m, out->by_receipt));
        out->commands[k].era = era;
    }
}

// Eras by the jumps of the pictures that stand before commands in the bag, because the commands
// have others: there were none for a time, or theirs is another clock. That is then set by the
// picture before the first command of the era. Returns whether it had to be.
static bool take_eras_of_pictures(imp_bag_survey *out, const imp_bag_topic *camera,
                                  const imp_bag_topic *commander)
{
    size_t picture = 0;
    int era = 0;
    int64_t late = 0; // how much later it is by the pictures' clock
    bool begins = true, set = false;
    for (size_t k = 0; k < commander->count; k++) {
        const imp_bag_moment *m = &commander->moments[k];
        imp_bag_command *command = &out->commands[k];
        for (; picture + 1 < camera->count && camera->moments[picture + 1].place < m->place;
             picture++)
            if (imp_bag_jumps(time_of(&camera->moments[picture], out->by_receipt),
                              time_of(&camera->moments[picture + 1], out->by_receipt))) {
                era++;
                begins = true;
            }
        if (begins && camera->moments[picture].place < m->place) {
            late = time_of(&camera->moments[picture], out->by_receipt) - command->time;
            late = llabs(late) > APART ? late : 0;
            set = set || late != 0;
            begins = false;
        }
        command->era = era;
        command->time += late;
    }
    return set;
}

// Commands with their times and eras, sorted.
static imp_status take_commands(imp_bag_survey *out, const imp_bag_topics *s,
                                const imp_bag_topic *camera, const imp_bag_topic *commander,
                                imp_error *err)
{
    const bool mixed = are_mixed(camera, commander);
    const int jumps = count_jumps(commander, out->by_receipt);
    out->commands = calloc(commander->count + 1, sizeof *out->commands);
    if (out->commands == NULL)
        return imp_fail(err, IMP_NO_MEMORY, "%s: out of memory", s->bag);
    out->command_count = commander->count;
    // commands without a jump in a place of their own: the times are all that one knows
    out->one_era = !mixed && jumps == 0;
    for (size_t k = 0; k < commander->count; k++) {
        imp_bag_command *command = &out->commands[k];
        *command =
            (imp_bag_command){.time = time_of(&commander->moments[k], out->by_receipt), .order = k};
        memcpy(command->numbers, commander->numbers[k], sizeof command->numbers);
    }
    if (!mixed || jumps == count_jumps(camera, out->by_receipt))
        count_own_eras(out, commander);
    else if (take_eras_of_pictures(out, camera, commander))
        imp_summary_note(s->summary,
                         "%.40s: the clock of %.60s does not jump with that of the pictures: the "
                         "order in the bag says which belong together",
                         imp_base_name(s->bag), commander->name);
    qsort(out->commands, out->command_count, sizeof *out->commands, by_time);
    return IMP_OK;
}

static void tell_jumps(const imp_bag_topics *s, const imp_bag_topic *camera, int jumps, int pauses,
                       int64_t longest)
{
    const char *name = imp_base_name(s->bag);
    if (jumps > 0)
        imp_summary_note(s->summary,
                         "%.40s: the times of %.60s jump back (%d %s): a new episode begins there",
                         name, camera->name, jumps, jumps == 1 ? "time" : "times");
    if (pauses > 0)
        imp_summary_note(s->summary,
                         "%.40s: the times of %.60s have gaps of more than %.0f s (%d, the longest "
                         "of %.0f s): a new episode begins there",
                         name, camera->name, (double)(PAUSE / NANOSECONDS), pauses,
                         (double)longest / (double)NANOSECONDS);
}

// The median of the times between pictures, and how long they go on without a jump or a pause.
static imp_status measure_times(imp_bag_survey *out, const imp_bag_topics *s,
                                const imp_bag_topic *camera, imp_error *err)
{
    int64_t *steps = malloc((camera->count + 1) * sizeof *steps), sum = 0, longest = 0;
    size_t count = 0;
    int jumps = 0, pauses = 0;
    if (steps == NULL)
        return imp_fail(err, IMP_NO_MEMORY, "%s: out of memory", s->bag);
    for (size_t k = 1; k < camera->count; k++) {
        const int64_t step = time_of(&camera->moments[k], out->by_receipt) -
                             time_of(&camera->moments[k - 1], out->by_receipt);
        jumps += step < -JUMP;
        pauses += step > PAUSE;
        longest = step > longest ? step : longest;
        if (step < -JUMP || step > PAUSE)
            continue;
        sum += step;
        if (step > 0)
            steps[count++] = step;
    }
    if (count > 0) {
        qsort(steps, count, sizeof *steps, by_number);
        out->interval = (double)steps[count / 2] / (double)NANOSECONDS;
    }
    out->duration = sum > 0 ? (double)sum / (double)NANOSECONDS : 0.0;
    free(steps);
    tell_jumps(s, camera, jumps, pauses, longest);
    return IMP_OK;
}

imp_status imp_bag_choose_times(imp_bag_survey *out, const imp_bag_topics *s,
                                const imp_bag_topic *camera, const imp_bag_topic *commander,
                                imp_error *err)
{
    imp_status status = choose_clock(&out->by_receipt, s, camera, commander, err);
    if (status == IMP_OK)
        status = measure_times(out, s, camera, err);
    return status == IMP_OK ? take_commands(out, s, camera, commander, err) : status;
}
