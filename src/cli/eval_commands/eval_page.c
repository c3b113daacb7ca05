// simulator.html, the page beside the report of an evaluation: it holds the worst episodes, whose
// drives the report has written, and the policies that a page can hold.
#include <stdio.h>
#include <stdlib.h>

#include "base/common/try.h"
#include "base/io/file.h"
#include "cli/eval_commands/eval_page.h"
#include "evaluate/evaluation_report/eval_report.h"
#include "imprint/page.h"

static const char NAME[] = "simulator.html";

enum { EPISODES_MAX = IMP_SHOWN_POLICIES * IMP_SHOWN_WORST };

// The page's content, which it borrows.
typedef struct page_content {
    imp_page_def page;
    const imp_policy_factory *policies[IMP_PAGE_POLICIES_MAX];
    imp_page_episode episodes[EPISODES_MAX];
    imp_demonstration drives[EPISODES_MAX];
    char names[EPISODES_MAX][32];
} page_content;

// Reads the drives of the worst episodes. An episode without a step has none.
static imp_status read_worst_drives(page_content *content, const imp_eval_page *about,
                                    imp_error *err)
{
    for (int p = 0; p < about->count && p < IMP_SHOWN_POLICIES; p++)
        for (int k = 0; k < IMP_SHOWN_WORST; k++) {
            const int number = content->page.episode_count;
            char file[64], path[IMP_PATH_MAX];
            snprintf(content->names[number], sizeof content->names[0], "worst-%d-%d", p + 1, k + 1);
            snprintf(file, sizeof file, "%s.drive.json", content->names[number]);
            IMP_TRY(imp_path_join(path, about->folder, file, err));
            if (!imp_path_exists(path))
                continue;
            IMP_TRY(imp_demonstration_read(&content->drives[number], path, err));
            content->episodes[number] =
                (imp_page_episode){content->names[number], &content->drives[number]};
            content->page.episode_count++;
        }
    content->page.episodes = content->episodes;
    return IMP_OK;
}

// The policies that a page can hold.
static void choose_policies_for_page(page_content *content, const imp_eval_page *about)
{
    for (int p = 0; p < about->count; p++) {
        imp_error why = {0};
        if (content->page.policy_count < IMP_PAGE_POLICIES_MAX &&
            imp_page_check_policy(about->policies[p], &why) == IMP_OK)
            content->policies[content->page.policy_count++] = about->policies[p];
    }
    content->page.policies = content->policies;
}

imp_status imp_eval_page_write(const char **name, void *context, imp_error *err)
{
    const imp_eval_page *about = context;
    imp_error why = {0};
    char path[IMP_PATH_MAX];
    page_content *content = calloc(1, sizeof *content);
    imp_status status = content != NULL ? imp_path_join(path, about->folder, NAME, &why)
                                        : imp_fail(&why, IMP_NO_MEMORY, "out of memory");
    if (status == IMP_OK) {
        content->page = imp_default_page_def();
        // episodes on the page may last longer than in the evaluation
        const int longest = content->page.env.max_steps;
        content->page.title = about->title;
        content->page.env = *about->env;
        content->page.env.max_steps = longest;
        content->page.env.has_start_tile = false;
        choose_policies_for_page(content, about);
        status = read_worst_drives(content, about, &why);
    }
    if (status == IMP_OK)
        status = imp_page_write(path, &content->page, &why);
    for (int k = 0; content != NULL && k < EPISODES_MAX; k++)
        imp_demonstration_free(&content->drives[k]);
    free(content);
    *name = status == IMP_OK ? NAME : NULL;
    if (status == IMP_IO || status == IMP_NO_MEMORY)
        return imp_fail(err, status, "%s", why.message);
    // the report is complete without a page that cannot hold all of it
    if (status != IMP_OK)
        fprintf(stderr, "imprint: warning: the report has no %s: %s\n", NAME, why.message);
    return IMP_OK;
}
