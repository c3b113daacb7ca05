// `imprint eval --explain`: explains the failures of every policy, prints their causes as a table,
// and writes them as JSON and as failures.csv, a row for each failure.
#include "cli/eval_commands/eval_failures.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/common/try.h"
#include "base/io/atomic_file.h"
#include "base/io/file.h"
#include "base/text/csv.h"
#include "base/text/plural.h"
#include "cli/output/console.h"
#include "cli/output/json_output.h"

imp_status imp_eval_explain_failures(const imp_eval_settings *s, const imp_options *options,
                                     imp_eval_outcome *o, imp_error *err)
{
    imp_failures_def def = imp_default_failures_def();
    const imp_monitor monitor = imp_console_create_monitor(options);
    def.expert = s->eval.sim.expert;
    def.expert.assumed_drive = &s->eval.sim.env.drive;
    def.threads = s->eval.sim.threads;
    o->failures = calloc((size_t)o->count + 1, sizeof *o->failures);
    imp_status status = o->failures == NULL
                            ? imp_fail(err, IMP_NO_MEMORY, "out of memory for the failures")
                            : IMP_OK;
    for (int p = 0; p < o->count && status == IMP_OK; p++)
        status = imp_explain_failures(&o->failures[p], &o->evaluations[p], &def, &monitor, err);
    imp_console_clear_progress();
    return status;
}

void imp_eval_failures_free(imp_eval_outcome *o)
{
    for (int p = 0; p < o->count && o->failures != NULL; p++)
        imp_failure_list_free(&o->failures[p]);
    free(o->failures);
    o->failures = NULL;
}

// A table of one policy: causes, the most frequent first.
static void print_failure_causes(const char *policy, const imp_failure_list *list)
{
    enum { CAUSES_MAX = 12 };
    printf("\nWhy %s of %s failed", IMP_PLURAL(list->failed, "episode"), policy);
    if (list->count < list->failed)
        printf(" (%d explained, see --plot-episodes)", list->count);
    if (isfinite(list->margin))
        printf("; the last chance was %.2f s before, at the median", list->margin);
    printf("\n%8s  %-18s  %-29s  %-12s  %s\n", "episodes", "road", "the policy", "ending",
           "last chance");
    for (int k = 0; k < list->cause_count && k < CAUSES_MAX; k++) {
        const imp_failure_cause *c = &list->causes[k];
        printf("%8d  %-18s  %-29s  %-12s  %.2f s before\n", c->count, imp_road_text(c->road),
               imp_mistake_text(c->mistake), imp_end_reason_name(c->ending), c->margin);
    }
    if (list->cause_count > CAUSES_MAX)
        printf("%8s  and %s\n", "", IMP_PLURAL(list->cause_count - CAUSES_MAX, "more cause"));
}

void imp_eval_failures_print(const imp_eval_settings *s, const imp_eval_outcome *o)
{
    for (int p = 0; p < o->count && o->failures != NULL; p++)
        if (o->failures[p].failed > 0)
            print_failure_causes(imp_path_shortest_unique_tail(
                                     (const char *const *)s->policies.items, s->policies.count, p),
                                 &o->failures[p]);
}

static json_t *action_json(imp_action action)
{
    return json_pack("[f, f]", action.left, action.right);
}

// One failure with the state of its last chance.
static json_t *failure_json(const imp_episode_failure *f)
{
    return json_pack("{s:i, s:s, s:i, s:i, s:f, s:[f, f, f], s:s, s:f, s:o, s:o, s:s, s:o, s:o}",
                     "episode", f->episode, "ending", imp_end_reason_name(f->ending), "steps",
                     f->steps, "last_chance", f->last_chance, "margin_s", f->margin, "pose",
                     f->pose.x, f->pose.z, f->pose.heading, "road", imp_road_text(f->road), "speed",
                     f->speed, "lane_distance", imp_json_real_or_null(f->lane_distance),
                     "lane_angle", imp_json_real_or_null(f->lane_angle), "mistake",
                     imp_mistake_text(f->mistake), "action", action_json(f->policy),
                     "expert_action", action_json(f->expert));
}

json_t *imp_eval_failures_json(const imp_failure_list *list)
{
    json_t *causes = json_array(), *items = json_array();
    for (int k = 0; k < list->cause_count; k++) {
        const imp_failure_cause *c = &list->causes[k];
        imp_json_append(causes,
                        json_pack("{s:i, s:s, s:s, s:s, s:f}", "episodes", c->count, "road",
                                  imp_road_text(c->road), "mistake", imp_mistake_text(c->mistake),
                                  "ending", imp_end_reason_name(c->ending), "margin_s", c->margin));
    }
    for (int k = 0; k < list->count; k++)
        imp_json_append(items, failure_json(&list->items[k]));
    return json_pack("{s:i, s:i, s:o, s:o, s:o}", "failed", list->failed, "explained", list->count,
                     "median_margin_s", imp_json_real_or_null(list->margin), "causes", causes,
                     "failures", items);
}

// Writes a number, or nothing where there is none.
static void write_number(FILE *out, double value)
{
    if (isfinite(value))
        fprintf(out, "%.9g", value);
    putc(',', out);
}

// One failure as a row, in the order of the header.
static void write_failure_row(FILE *out, const char *policy, const imp_episode_failure *f)
{
    imp_csv_write_field(out, policy);
    fprintf(out, ",%d,%d,%d,", f->episode, f->steps, f->last_chance);
    const double numbers[] = {f->margin,       f->pose.x,        f->pose.z,      f->pose.heading,
                              f->speed,        f->lane_distance, f->lane_angle,  f->policy.left,
                              f->policy.right, f->expert.left,   f->expert.right};
    for (size_t k = 0; k < sizeof numbers / sizeof numbers[0]; k++)
        write_number(out, numbers[k]);
    fprintf(out, "%s,%s,%s\n", imp_road_text(f->road), imp_mistake_text(f->mistake),
            imp_end_reason_name(f->ending));
}

imp_status imp_eval_failures_write(const imp_eval_settings *s, const imp_eval_outcome *o,
                                   imp_error *err)
{
    char path[IMP_PATH_MAX];
    imp_atomic_file file;
    IMP_TRY(imp_path_join(path, s->out, "failures.csv", err));
    IMP_TRY(imp_atomic_file_open(&file, path, err));
    fputs("policy,episode,steps,last_chance_step,margin_s,x_m,z_m,heading_rad,speed_mps,"
          "lane_distance_m,lane_angle_rad,left,right,expert_left,expert_right,road,mistake,"
          "ending\n",
          file.stream);
    for (int p = 0; p < o->count; p++)
        for (int k = 0; k < o->failures[p].count; k++)
            write_failure_row(file.stream, s->policies.items[p], &o->failures[p].items[k]);
    return imp_atomic_file_commit(&file, err);
}
