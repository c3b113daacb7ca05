// learn/learn_fixture.h: small collections and trainings in a folder of their own, and their bytes
// compared.
#ifndef IMP_TESTS_LEARN_LEARN_FIXTURE_H
#define IMP_TESTS_LEARN_LEARN_FIXTURE_H

#include "temporary_folder.h"

#include <dirent.h>
#include <limits.h>
#include <string.h>

#include "imprint/learn.h"

enum { SMALL_WIDTH = 40, SMALL_HEIGHT = 30 };

static inline void join(char out[PATH_MAX], const char *in, const char *name)
{
    assert_true(snprintf(out, PATH_MAX, "%s/%s", in, name) < PATH_MAX);
}

// A path in the test's folder that stays; freed by the caller.
static inline char *path_of(const char *name)
{
    char *path = strdup(in_folder(name));
    assert_non_null(path);
    return path;
}

static inline imp_collect_def small_collect(int episodes, int steps)
{
    imp_collect_def def = imp_default_collect_def();
    def.episodes = episodes;
    def.steps = steps;
    def.sim.camera.width = SMALL_WIDTH;
    def.sim.camera.height = SMALL_HEIGHT;
    def.sim.env.accept_start_angle = 0.07;
    def.sim.threads = 2;
    return def;
}

static inline void collect(const char *to, const imp_collect_def *def)
{
    imp_error err = {0};
    imp_collect_summary summary;
    assert_ok(imp_collect(&summary, to, def, NULL, &err), err);
}

// A monitor that asks for a stop when it is asked for the n-th time.
typedef struct stopper {
    int asked, stop_at;
} stopper;

static inline bool stopper_should_stop(void *context)
{
    stopper *s = context;
    return ++s->asked >= s->stop_at;
}

static inline imp_monitor stopping_monitor(stopper *s)
{
    return (imp_monitor){.should_stop = stopper_should_stop, .context = s};
}

// The bytes of a file, freed by the caller.
static inline char *read_bytes(const char *in, const char *name, size_t *length)
{
    char path[PATH_MAX];
    join(path, in, name);
    FILE *file = fopen(path, "rb");
    if (file == NULL)
        fail_msg("%s is missing", path);
    assert_int_equal(fseek(file, 0, SEEK_END), 0);
    *length = (size_t)ftell(file);
    rewind(file);
    char *bytes = malloc(*length + 1);
    assert_non_null(bytes);
    assert_int_equal(fread(bytes, 1, *length, file), *length);
    fclose(file);
    return bytes;
}

static inline bool files_are_equal(const char *a, const char *b, const char *name)
{
    size_t length_a, length_b;
    char *bytes_a = read_bytes(a, name, &length_a), *bytes_b = read_bytes(b, name, &length_b);
    bool same = length_a == length_b && memcmp(bytes_a, bytes_b, length_a) == 0;
    free(bytes_a);
    free(bytes_b);
    return same;
}

static inline int file_count(const char *in)
{
    DIR *stream = opendir(in);
    assert_non_null(stream);
    int count = 0;
    for (struct dirent *entry; (entry = readdir(stream)) != NULL;)
        count += entry->d_name[0] != '.';
    closedir(stream);
    return count;
}

// Two folders hold files of the same names and the same bytes.
static inline void assert_same_folders(const char *a, const char *b)
{
    assert_int_equal(file_count(a), file_count(b));
    DIR *stream = opendir(a);
    assert_non_null(stream);
    for (struct dirent *entry; (entry = readdir(stream)) != NULL;)
        if (entry->d_name[0] != '.' && !files_are_equal(a, b, entry->d_name))
            fail_msg("%s differs between %s and %s", entry->d_name, a, b);
    closedir(stream);
}

// The path of a small network's description that goes by the past: three pictures, four steps from
// one to the next, and six actions. The next call of in_folder() overwrites it.
static inline const char *history_network_path(void)
{
    static const char text[] =
        "frames: 3\nevery: 4\nactions: 6\nlayers:\n"
        "  - {name: conv, kind: convolution, channels: 4, kernel: 5, stride: 5}\n"
        "  - {name: flat, kind: flatten}\n"
        "  - {name: all, kind: concat, input: [flat, actions]}\n"
        "  - {name: action, kind: dense, channels: outputs}\n";
    FILE *file = fopen(in_folder("past.yaml"), "w");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
    return in_folder("past.yaml");
}

// A network that nobody has trained, saved as a model; it drives somehow.
static inline void save_untrained_network_of(const char *architecture, const char *path, int width,
                                             int height)
{
    imp_error err = {0};
    imp_network *network;
    imp_network_def def = imp_default_network_def();
    assert_true(strlen(architecture) < sizeof def.architecture);
    strcpy(def.architecture, architecture);
    def.width = width;
    def.height = height;
    assert_ok(imp_network_create(&network, &def, 3, &err), err);
    assert_ok(imp_network_save(network, path, NULL, &err), err);
    imp_network_destroy(network);
}

static inline void save_untrained_network(const char *path, int width, int height)
{
    save_untrained_network_of("one-residual", path, width, height);
}

#define FOLDER_TEST(test) cmocka_unit_test_setup_teardown(test, make_folder, remove_folder)

#endif
