// imprint doctor: what this machine has, and what would make the program faster or able to do more,
// with the command that does it. Each check adds a row; only what is broken makes it fail.
#include <stdio.h>
#include <string.h>

#include "base/io/program_path.h"
#include "cli/options/sim_options.h"
#include "cli/options/text_width.h"
#include "cli/output/console.h"
#include "cli/output/json_output.h"
#include "cli/project_commands/machine.h"
#include "imprint/page.h"

typedef enum row_state { ROW_FINE, ROW_COULD_BE_BETTER, ROW_BROKEN } row_state;

typedef struct row {
    const char *name;
    char found[IMP_MACHINE_TEXT_MAX + 64];
    const char *advice; // what would be better, and the command for it; NULL: nothing
    row_state state;
} row;

enum { ROWS_MAX = 16, COLUMN = 20 }; // where what was found is printed

typedef struct report {
    row rows[ROWS_MAX];
    int count;
} report;

static row *add_report_row(report *to, const char *name, const char *advice)
{
    row *out = &to->rows[to->count++];
    *out = (row){
        .name = name, .advice = advice, .state = advice != NULL ? ROW_COULD_BE_BETTER : ROW_FINE};
    return out;
}

// Processor, vector instructions, and how many processors this process may use.
static void check_processor(report *out)
{
    char name[IMP_MACHINE_TEXT_MAX];
    int usable, all;
    imp_machine_processor(name);
    snprintf(add_report_row(out, "processor", NULL)->found, sizeof out->rows[0].found, "%s", name);
    const char *set = imp_instruction_set();
    const char *advice = NULL;
#ifdef __x86_64__
    if (strcmp(set, "plain") == 0)
        advice = "networks are many times slower without AVX2: use a processor from 2013 or later";
#endif
    snprintf(add_report_row(out, "instructions", advice)->found, sizeof out->rows[0].found, "%s",
             set);
    imp_machine_count_processors(&usable, &all);
    row *cores = add_report_row(out, "processors", NULL);
    snprintf(cores->found, sizeof cores->found, "%d usable of %d", usable, all);
    if (usable == 1) {
        cores->state = ROW_COULD_BE_BETTER;
        cores->advice = "training and driving use all there are: more make them faster";
    }
}

// Memory in all, and what is available now.
static void check_memory(report *out)
{
    double total, available;
    imp_machine_memory(&total, &available);
    const char *advice = available > 0.0 && available < 1.5e9
                             ? "for large datasets, train with --shuffle-buffer 4096"
                             : NULL;
    row *memory = add_report_row(out, "memory", advice);
    snprintf(memory->found, sizeof memory->found, "%.1f GB, %.1f GB available", total / 1e9,
             available / 1e9);
}

// Room and speed of the present folder, by writing to it.
static void check_disk(report *out)
{
    double available, speed;
    imp_error err = {0};
    row *disk = add_report_row(out, "disk", NULL);
    if (imp_machine_measure_disk(&available, &speed, ".", &err) != IMP_OK) {
        disk->state = ROW_BROKEN;
        snprintf(disk->found, sizeof disk->found, "cannot write here: %.200s", err.message);
        disk->advice = "go to a folder of yours that has space";
        return;
    }
    snprintf(disk->found, sizeof disk->found, "%.1f GB free, writes %.0f MB/s", available / 1e9,
             speed / 1e6);
    if (available < 1e9)
        disk->advice = "10,000 frames take 145 MB: make space";
    else if (speed < 30e6)
        disk->advice = "recording is faster on a local disk";
    disk->state = disk->advice != NULL ? ROW_COULD_BE_BETTER : ROW_FINE;
}

// Programs and parts that are optional, with the command that adds them.
static void check_programs(report *out)
{
    static const char *const sandbox[] = {"bwrap", "--unshare-all", "--ro-bind", "/",
                                          "/",     "true",          NULL};
    char text[64], path[IMP_PATH_MAX];
    const bool has_ffmpeg = imp_program_find(path, "ffmpeg");
    snprintf(
        add_report_row(out, "ffmpeg", has_ffmpeg ? NULL : "for .mp4 videos: apt-get install ffmpeg")
            ->found,
        sizeof out->rows[0].found, "%s", has_ffmpeg ? "found" : "not found");
    const bool has_bubblewrap = imp_program_find(path, "bwrap");
    // being installed is not enough: a container can forbid sandboxes
    const bool works = has_bubblewrap && imp_machine_run_program(text, sizeof text, sandbox);
    const char *advice = works            ? NULL
                         : has_bubblewrap ? "agents run with your rights: the system forbids user "
                                            "namespaces, as many containers do"
                                          : "for a sandbox for agents: apt-get install bubblewrap";
    snprintf(add_report_row(out, "bubblewrap", advice)->found, sizeof out->rows[0].found, "%s",
             works            ? "works"
             : has_bubblewrap ? "found, but does not work here"
                              : "not found");
    const bool pages = imp_page_is_available();
    snprintf(add_report_row(out, "pages", pages ? NULL : "for `imprint page`: ./run build --page")
                 ->found,
             sizeof out->rows[0].found, "%s",
             pages ? "can be written" : "built without a compiler for WebAssembly");
}

// One process looks for all packages, and imports none of them.
static void check_python(report *out)
{
    static const char *const argv[] = {
        "python3", "-c",
        "import importlib.util as u, sys\n"
        "names = 'imprint numpy gymnasium torch h5py stable_baselines3'.split()\n"
        "found = [n for n in names if u.find_spec(n)]\n"
        "print('%d.%d' % sys.version_info[:2], 'with', ', '.join(found) or 'none of our packages')",
        NULL};
    char text[IMP_MACHINE_TEXT_MAX];
    if (!imp_machine_run_program(text, sizeof text, argv)) {
        snprintf(
            add_report_row(out, "Python", "only for the Python package: apt-get install python3")
                ->found,
            sizeof out->rows[0].found, "not found");
        return;
    }
    text[strcspn(text, "\n")] = '\0';
    const char *advice =
        strstr(text, "imprint") != NULL
            ? NULL
            : "for `import imprint`: pip install ./python, in a copy of the project";
    snprintf(add_report_row(out, "Python", advice)->found, sizeof out->rows[0].found, "%s", text);
}

// Makes all checks; what is broken fails in the report.
static imp_status run_doctor_command(void *state, const imp_options *options, imp_error *err)
{
    report *out = state;
    if (options->operand_count > 0)
        return imp_fail(err, IMP_USAGE, "'%.60s' is not wanted: imprint doctor takes no arguments",
                        options->operands[0]);
    check_processor(out);
    check_memory(out);
    check_disk(out);
    check_programs(out);
    check_python(out);
    return IMP_OK;
}

// A row for each check.
static json_t *report_to_json(const report *from)
{
    static const char *const states[] = {"fine", "could be better", "broken"};
    json_t *list = json_array();
    for (int k = 0; k < from->count; k++)
        imp_json_append(list,
                        json_pack("{s:s, s:s, s:s, s:s?}", "name", from->rows[k].name, "found",
                                  from->rows[k].found, "state", states[from->rows[k].state],
                                  "advice", from->rows[k].advice));
    return json_pack("{s:s, s:o}", "version", imp_version(), "checks", list);
}

// A mark, what was found, and below it what would be better. Exit code 1 if something is broken.
static int print_report(const void *state, const imp_options *options)
{
    const report *from = state;
    bool is_broken = false;
    for (int k = 0; k < from->count; k++)
        is_broken = is_broken || from->rows[k].state == ROW_BROKEN;
    if (options->json) {
        const int code = imp_console_finish_with_json(report_to_json(from));
        return code == 0 && is_broken ? IMP_CHECK_FAILED : code;
    }
    static const char *const marks[] = {"  ok", "   !", "FAIL"};
    printf("imprint %s\n", imp_version());
    for (int k = 0; k < from->count; k++) {
        const row *at = &from->rows[k];
        printf("%s  %-13s ", marks[at->state], at->name);
        imp_print_wrapped(at->found, (int)strlen(at->found), COLUMN);
        if (at->advice != NULL) {
            printf("%*s", COLUMN, "");
            imp_print_wrapped(at->advice, (int)strlen(at->advice), COLUMN);
        }
    }
    const int code = imp_console_flush();
    return code == 0 && is_broken ? IMP_CHECK_FAILED : code;
}

const imp_command imp_command_doctor = {
    .name = "doctor",
    .summary = "check what this machine has, and what would be faster",
    .operands = "",
    .details = "Checks processor, instruction set, memory, the disk of the working folder, and the "
               "programs and Python packages that some commands use. Beside each `!` stands what "
               "would be faster or possible, and the command for it. The exit code is 1 only if "
               "something is broken.",
    .examples = "  imprint doctor",
    .state_size = sizeof(report),
    .run = run_doctor_command,
    .report = print_report,
};
