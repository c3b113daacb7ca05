// `imprint page --data DIR OUT.html`: a page of a dataset; page/dataset_page does the work.
#include "cli/page_commands/page_of_dataset.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/common/try.h"
#include "base/text/plural.h"
#include "cli/output/console.h"
#include "cli/output/json_output.h"

void imp_page_of_dataset_add_options(imp_page_of_dataset *page, imp_options *options)
{
    page->folder = "";
    page->image_mb = (double)imp_default_dataset_page_def().image_bytes / (1 << 20);
    const imp_option table[] = {
        {"data", 'd', IMP_OPTION_TEXT, &page->folder, "DIR",
         "dataset of imprint log or imprint import, to look at and to mark", IMP_INPUT_PATH},
        {"image-mb", 0, IMP_OPTION_REAL, &page->image_mb, "MB",
         "size that the frames in the page may have; of long datasets there are fewer; 0: none",
         IMP_SETTING},
    };
    imp_options_add_group(options, "Page of a dataset", table,
                          (int)(sizeof table / sizeof table[0]));
}

// Options that have no effect on a page of a dataset.
static imp_status refuse_unfit_options(const imp_options *options, imp_error *err)
{
    static const char *const own[] = {"data", "image-mb", "title", "config",
                                      "json", "quiet",    "help",  "version"};
    for (int k = 0; k < options->count; k++) {
        bool fits = !options->given[k];
        for (size_t i = 0; i < sizeof own / sizeof own[0]; i++)
            fits = fits || strcmp(options->table[k].name, own[i]) == 0;
        if (!fits)
            return imp_fail(err, IMP_USAGE, "--%s is for the simulator's page, without --data",
                            options->table[k].name);
    }
    return IMP_OK;
}

imp_status imp_page_of_dataset_write(imp_page_of_dataset *page, const char *out, const char *title,
                                     const imp_options *options, imp_error *err)
{
    imp_dataset_page_def def = imp_default_dataset_page_def();
    IMP_TRY(refuse_unfit_options(options, err));
    if (!(page->image_mb >= 0.0 && page->image_mb <= 1024.0))
        return imp_fail(err, IMP_USAGE, "--image-mb %g is not within 0 to 1024", page->image_mb);
    def.image_bytes = (int64_t)(page->image_mb * (1 << 20));
    // the usual title is the simulator's
    def.title = strcmp(title, "imprint") == 0 ? "" : title;
    const imp_monitor monitor = imp_console_create_monitor(options);
    const imp_status status =
        imp_dataset_page_write(&page->summary, out, page->folder, &def, &monitor, err);
    imp_console_clear_progress();
    struct stat info;
    page->bytes = stat(out, &info) == 0 ? (long long)info.st_size : 0;
    return status;
}

int imp_page_of_dataset_print(const imp_page_of_dataset *page, const char *out,
                              const imp_options *options)
{
    const imp_dataset_page_summary *s = &page->summary;
    if (options->json)
        return imp_console_finish_with_json(json_pack(
            "{s:s, s:I, s:i, s:i, s:i}", "out", out, "bytes", (json_int_t)page->bytes, "episodes",
            s->episodes, "imaged_episodes", s->imaged_episodes, "frames", s->frames));
    printf("%s: %.2f MB, %s; open it in a browser\n", out, (double)page->bytes / 1e6,
           IMP_PLURAL(s->episodes, "episode"));
    if (s->imaged_episodes < s->episodes)
        printf("%d of them have frames; --image-mb allows more\n", s->imaged_episodes);
    return imp_console_flush();
}
