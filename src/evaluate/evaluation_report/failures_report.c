// The section of a report that says why episodes failed: a table of causes for each policy.
#include <math.h>
#include <stdio.h>

#include "base/io/file.h"
#include "base/text/plural.h"
#include "evaluate/evaluation_report/eval_report.h"
#include "imprint/failures.h"

// More causes than this are not worth reading.
enum { CAUSES_MAX = 12 };

// Counts first, because they order the table.
static void write_cause_row(imp_html_page *page, const imp_failure_cause *cause)
{
    char text[48];
    imp_html_begin_row(page);
    snprintf(text, sizeof text, "%d", cause->count);
    imp_html_add_cell(page, text, NULL);
    imp_html_add_cell(page, imp_road_text(cause->road), NULL);
    imp_html_add_cell(page, imp_mistake_text(cause->mistake), NULL);
    imp_html_add_cell(page, imp_end_reason_name(cause->ending), NULL);
    snprintf(text, sizeof text, "%.2f", cause->margin);
    imp_html_add_cell(page, text, NULL);
}

// A sentence about a policy, then its causes.
static void write_causes(imp_html_page *page, const char *policy, const imp_failure_list *list)
{
    static const char *const headings[] = {"episodes", "road", "the policy", "ending",
                                           "last chance before the end [s]"};
    char text[320], margin[64] = "";
    if (isfinite(list->margin))
        snprintf(margin, sizeof margin, " The last chance was %.2f s before the end (median).",
                 list->margin);
    snprintf(text, sizeof text, "%.120s: %s failed, %d explained.%s", policy,
             IMP_PLURAL(list->failed, "episode"), list->count, margin);
    imp_html_add_paragraph(page, text);
    if (list->cause_count == 0)
        return;
    imp_html_begin_table(page, headings, sizeof headings / sizeof headings[0]);
    for (int k = 0; k < list->cause_count && k < CAUSES_MAX; k++)
        write_cause_row(page, &list->causes[k]);
    imp_html_end_table(page);
}

void imp_eval_write_failures(imp_html_page *page, const imp_eval_report_def *def)
{
    if (def->failures == NULL)
        return;
    imp_html_add_heading(page, "Why they failed");
    imp_html_add_paragraph(
        page, "The last chance is the last moment from which our expert, at the wheel instead of "
              "the policy, still drives on for five seconds. What the policy did there, beside the "
              "expert's action, is the cause. The most frequent comes first.");
    for (int p = 0; p < def->count; p++)
        write_causes(page, imp_path_shortest_unique_tail(def->names, def->count, p),
                     &def->failures[p]);
}
