// Terminal input and output that all commands share: signals, the progress bar, error messages
// with hints, and the final flush of standard output. The library never prints and never
// exits. It reports progress through imp_monitor and errors through imp_error; this file turns
// both into text and exit codes. An error carries a hint as an enumeration, and option_hint_text()
// says it in terms of the program's options. The first Ctrl-C or SIGTERM asks the running task to
// stop at the next safe point; the second ends the program at once.
#include "cli/output/console.h"
#include "base/common/clock.h"

#include <errno.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

// Signal handlers can reach nothing but a global.
static volatile sig_atomic_t interrupted;

// The handler only sets a flag, which imp_monitor_should_stop() reads.
static void on_interrupt_signal(int number)
{
    (void)number;
    // the second signal: the task did not stop, so end the program at once
    if (interrupted)
        _exit(IMP_INTERRUPTED);
    interrupted = 1;
}

// SIGBUS: a memory-mapped file was truncated, or its disk failed. The page does not exist, so the
// work cannot continue; what was written before is complete. Only async-signal-safe functions are
// used.
static void on_bus_error(int number, siginfo_t *info, void *context)
{
    static const char message[] =
        "imprint: a file was truncated, or its disk failed, while it was being read; what "
        "was written before is safe\n";
    (void)context;
    // any other SIGBUS is a bug: end as without a handler
    if (info->si_code != BUS_ADRERR && info->si_code != BUS_OBJERR) {
        signal(number, SIG_DFL);
        raise(number);
        return;
    }
    // the result is of no use here: the program ends in either case
    const ssize_t written = write(STDERR_FILENO, message, sizeof message - 1);
    (void)written;
    _exit(IMP_IO);
}

// Runs once at the start. Write errors shall come back from write(), not as signals.
void imp_console_setup_signals(void)
{
    // SA_SIGINFO gives the handler the reason of the signal
    struct sigaction bus = {.sa_sigaction = on_bus_error, .sa_flags = SA_SIGINFO};
    sigemptyset(&bus.sa_mask);
    sigaction(SIGBUS, &bus, NULL);
    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN); // a file size limit is reported as an error instead
    signal(SIGINT, SIG_DFL);  // a shell's background jobs start with it ignored
}

// Installs the handler of Ctrl-C and SIGTERM. Until a command asks for a monitor, and at the second
// signal, they end the program.
static void install_interrupt_handlers(void)
{
    struct sigaction action = {.sa_handler = on_interrupt_signal, .sa_flags = SA_RESTART};
    sigemptyset(&action.sa_mask);
    sigaction(SIGTERM, &action, NULL);
    sigaction(SIGINT, &action, NULL);
}

// State of the bar: which task, since when, when drawn last.
typedef struct progress_state {
    const char *task; // being drawn
    double started, drawn;
    double first_done; // work that was there before, not to be counted in the rate
    bool enabled, visible;
} progress_state;

// One bar per process: there is one terminal.
static progress_state progress_bar;

// Columns of the terminal: a longer line would go on in the next one, which is not erased.
static int terminal_width(void)
{
    enum { USUAL = 80 };
    struct winsize size;
    const bool known = ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 1;
    return known ? size.ws_col : USUAL;
}

// Draws the bar over the previous one: carriage return, erase the line, text.
static void draw_progress_bar(const imp_progress *progress, double now)
{
    enum { CELLS = 24 };
    // the rate counts only the work of this call, so that a resumed run shows a true one
    // the share of the work that is done, from 0 to 1
    double share = progress->total > 0.0 ? progress->done / progress->total : 0.0;
    share = share > 1.0 ? 1.0 : share;
    double elapsed = now - progress_bar.started;
    double rate = elapsed > 0.0 ? (progress->done - progress_bar.first_done) / elapsed : 0.0;
    // the bar itself
    char cells[CELLS + 1];
    for (int k = 0; k < CELLS; k++)
        cells[k] = k < (int)(share * CELLS) ? '=' : ' ';
    cells[CELLS] = '\0';
    // the remaining time, once there is a rate
    char left[32] = "";
    if (rate > 0.0 && progress->total > 0.0)
        snprintf(left, sizeof left, ", %.0f s left", (progress->total - progress->done) / rate);
    char line[512];
    snprintf(line, sizeof line, "%s [%s] %3.0f%%  %.0f %s/s%s%s%s", progress->task, cells,
             100.0 * share, rate, progress->unit, left, progress->detail != NULL ? "  " : "",
             progress->detail != NULL ? progress->detail : "");
    dprintf(STDERR_FILENO, "\r\033[K%.*s", terminal_width() - 1, line);
    progress_bar.visible = true;
}

// Callback of the monitor. Redraws at most ten times a second and restarts the clock when the task
// changes.
static void redraw_progress_bar_if_due(void *context, const imp_progress *progress)
{
    (void)context;
    const double seconds_between = 0.1;
    // the task's text is compared by address: each task has a constant of its own
    double now = imp_monotonic_seconds();
    if (progress_bar.task != progress->task) {
        progress_bar.task = progress->task;
        progress_bar.started = now;
        progress_bar.first_done = progress->done;
        progress_bar.drawn = 0.0;
    }
    if (now - progress_bar.drawn < seconds_between)
        return;
    progress_bar.drawn = now;
    draw_progress_bar(progress, now);
}

// Callback of the monitor.
static bool was_interrupted(void *context)
{
    (void)context;
    return interrupted != 0;
}

// From here on interrupts ask the task to stop instead of ending the program.
imp_monitor imp_console_create_monitor(const imp_options *options)
{
    // the bar is drawn only on a terminal, and never with --quiet
    install_interrupt_handlers();
    progress_bar.enabled = !options->quiet && isatty(STDERR_FILENO);
    return (imp_monitor){
        .progress = progress_bar.enabled ? redraw_progress_bar_if_due : NULL,
        .should_stop = was_interrupted,
    };
}

// Removes the bar, so that the next output starts in an empty line.
void imp_console_clear_progress(void)
{
    // erase the line on the terminal
    if (progress_bar.visible)
        dprintf(STDERR_FILENO, "\r\033[K");
    progress_bar.visible = false;
    progress_bar.task = NULL;
}

// A hint of the library in terms of the program's options.
static const char *option_hint_text(imp_error_hint hint)
{
    // each continues the library's sentence, punctuation included
    static const char *const texts[IMP_HINT_COUNT] = {
        [IMP_HINT_NONE] = "",
        [IMP_HINT_RESUME] = ", continue with --resume",
        [IMP_HINT_RESUME_DATASET] = ": continue it with imprint log --resume",
        [IMP_HINT_START_OVER] = ", or start over with --force",
        [IMP_HINT_OUTPUT_EXISTS] = ": replace it with --force, or choose another --out",
        [IMP_HINT_DATASET_EXISTS] = ": use --resume to continue it or --force to replace it",
        [IMP_HINT_INITIAL_WEIGHTS] = "; to start from a model's weights, give it with --from",
        [IMP_HINT_NEW_TRAINING] =
            ("; to continue from the model, give it with --from and a new --out; or start over "
             "with --force"),
        [IMP_HINT_NETWORK] = ": give it with --network, too",
        [IMP_HINT_BUILD_PAGE] = "; ./run build --page does both",
        [IMP_HINT_IMPORT_WEIGHTS] =
            (": convert weights of other programs to a model with imprint model import FILE "
             "--network NAME --out model.safetensors"),
        [IMP_HINT_SEGMENTER] = ": give a segmentation network with --segmenter MODEL",
        [IMP_HINT_MAP] = ": give it with --map",
        [IMP_HINT_ROBOT] =
            ": choose one with --robot NAME, or name the topics with --camera and --commands",
        [IMP_HINT_TOPICS] = ": use --camera and --commands",
        [IMP_HINT_CALIBRATION] = ": give one with --calibration",
        [IMP_HINT_SETTING] = "", // imp_options_name_settings() has put the option's name there
    };
    return texts[hint];
}

// One line on standard error, whatever the failure; returns the exit code.
int imp_console_print_error(imp_status status, const imp_error *err)
{
    // the error stands in a line of its own
    imp_console_clear_progress();
    fprintf(stderr, "imprint: %s%s\n",
            err->message[0] != '\0' ? err->message : imp_status_text(status),
            option_hint_text(err->hint));
    // the documented codes are all that scripts should have to know
    return status == IMP_NO_MEMORY || status == IMP_INTERNAL ? IMP_IO : (int)status;
}

// A dash stands for what has no value.
const char *imp_format_real_or_dash(char out[24], double value, int digits)
{
    strcpy(out, "-");
    if (isfinite(value))
        snprintf(out, 24, "%.*f", digits, value);
    return out;
}

// A full disk shows up here at the latest: until then, output may have stayed in the buffer.
int imp_console_flush(void)
{
    if (fflush(stdout) == 0 && !ferror(stdout))
        return 0;
    if (errno == EPIPE)
        return 4; // a reader that has closed the pipe, such as head, needs no message
    imp_error err = {0};
    imp_fail(&err, IMP_IO, "standard output: %s", strerror(errno));
    return imp_console_print_error(IMP_IO, &err);
}

// Looks beside the running executable, not in PATH: both come from one build.
void imp_sibling_program_path(char out[IMP_PATH_MAX], const char *name)
{
    char own[IMP_PATH_MAX - 32];
    // /proc/self/exe is a link to the running executable
    const ssize_t length = readlink("/proc/self/exe", own, sizeof own - 1);
    own[length > 0 ? length : 0] = '\0';
    snprintf(out, IMP_PATH_MAX, "%.*s%s", (int)(imp_path_base_name(own) - own), own, name);
}
