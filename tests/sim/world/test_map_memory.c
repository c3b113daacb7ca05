// Large and hostile maps: read or refused at once, in memory that the file's size bounds.
#include "testing.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/io/file.h"
#include "imprint/world.h"

// A sanitizer's own memory hides ours.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SANITIZED 1
#endif
#endif

#define HEAD "tile_size: 0.5\n"
#define MAP HEAD "tiles: [[4way, floor]]\n"

enum { TIMES = 64, CONSTANT = 16 << 20, SECONDS_MAX = 20 };

typedef struct text {
    char *bytes;
    size_t length;
} text;

// count times `piece` between head and tail.
static text repeated(const char *head, const char *piece, int count, const char *tail)
{
    const size_t before = strlen(head), length = strlen(piece), after = strlen(tail);
    text t = {.length = before + length * (size_t)count + after};
    t.bytes = malloc(t.length + 1);
    assert_non_null(t.bytes);
    memcpy(t.bytes, head, before);
    for (int k = 0; k < count; k++)
        memcpy(t.bytes + before + length * (size_t)k, piece, length);
    memcpy(t.bytes + t.length - after, tail, after + 1);
    return t;
}

// rows of tiles, and then objects.
static text grid_map(int columns, int rows, const char *tile, int objects, const char *object)
{
    text row = repeated("- [", tile, columns, "]\n");
    text grid = repeated(HEAD "tiles:\n", row.bytes, rows, "objects:\n");
    text all = repeated(grid.bytes, object, objects, "");
    free(row.bytes);
    free(grid.bytes);
    return all;
}

// What a child says about one reading.
typedef struct outcome {
    imp_status status;
    long kilobytes; // by which the peak of its memory grew
    double seconds;
    char message[480];
} outcome;

static long peak_kilobytes(void)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return usage.ru_maxrss;
}

// Of this process's own work: a busy machine changes nothing.
static double processor_seconds(void)
{
    return (double)clock() / CLOCKS_PER_SEC;
}

static outcome read_in_child(text t)
{
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    const pid_t child = fork();
    if (child == 0) {
        outcome o = {.kilobytes = peak_kilobytes(), .seconds = processor_seconds()};
        imp_error err = {0};
        imp_world *world;
        o.status = imp_world_parse(&world, t.bytes, t.length, "big.yaml", &err);
        o.kilobytes = peak_kilobytes() - o.kilobytes;
        o.seconds = processor_seconds() - o.seconds;
        memcpy(o.message, err.message, sizeof o.message);
        _exit(write(ends[1], &o, sizeof o) == (ssize_t)sizeof o ? 0 : 1);
    }
    assert_true(child > 0);
    outcome o = {0};
    close(ends[1]);
    const ssize_t got = read(ends[0], &o, sizeof o);
    close(ends[0]);
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    if (got != (ssize_t)sizeof o || status != 0)
        fail_msg("reading %zu bytes that begin with '%.60s' ended with status %d", t.length,
                 t.bytes, status);
    return o;
}

// Reads and frees a text; `why` is part of the message, or NULL if it is fine.
static void check(const char *what, text t, const char *why)
{
    const outcome o = read_in_child(t);
    const double bytes = (double)o.kilobytes * 1024;
    print_message("%-24s %9zu bytes: %5.0f kB, %.3f s\n", what, t.length, bytes / 1024, o.seconds);
    if (o.status != (why == NULL ? IMP_OK : IMP_BAD_INPUT) ||
        (why != NULL && strstr(o.message, why) == NULL))
        fail_msg("%s: wanted '%s', got %d, '%s'", what, why == NULL ? "success" : why,
                 (int)o.status, o.message);
#ifndef SANITIZED
    assert_true(bytes <= TIMES * (double)t.length + CONSTANT);
#endif
    assert_true(o.seconds < SECONDS_MAX);
    free(t.bytes);
}

static void large_maps_are_read(void **state)
{
    (void)state;
    const char *cone = "- {kind: cone, pos: [20, 20], scale: 0.01}\n";
    check("roads and cones", grid_map(256, 256, "straight,", 1024, cone), NULL);
    check("nothing but crossings", grid_map(104, 105, "4,", 0, cone), NULL);
    check("too many crossings", grid_map(104, 106, "4,", 0, cone), "lanes are too many");
    check("cones of 100 m",
          grid_map(256, 256, "a4,", 1024, "- {kind: cone, pos: [9, 9], scale: 5}\n"),
          "lanes are too many");
    check("cones of 100 m",
          grid_map(256, 256, "grass,", 1024, "- {kind: cone, pos: [9, 9], scale: 5}\n"),
          "reach over more than");
    check("cones of 200 km",
          grid_map(256, 256, "grass,", 1024, "- {kind: cone, pos: [0, 0], scale: 10000}\n"),
          "reach over more than");
    check("a large comment", repeated(MAP "#", "word ", 1 << 20, "\n"), NULL);
    check("a large text", repeated(MAP "note: ", "word ", 1 << 20, "\n"), NULL);
    check("a large quoted text", repeated(MAP "note: \"", "\\P\n\n ", 1 << 18, "\"\n"), NULL);
    check("a large block of text", repeated(MAP "note: |\n", "\n", 1 << 20, "  x\n"), NULL);
    check("a list beside", repeated(MAP "note: [", "a,", 1 << 20, "b]\n"), NULL);
    check("a map beside", repeated(MAP "note: {", "?,", 1 << 20, "b}\n"), NULL);
    check("unknown keys", repeated(MAP, "? \n", 1 << 20, ""), NULL);
    check("more documents", repeated(MAP, "---\n", 1 << 20, ""), NULL);
}

static void hostile_maps_are_refused(void **state)
{
    (void)state;
    check("10^6 tiles in a row", repeated(HEAD "tiles: [[", "a,", 1000000, "a]]\n"), "too many");
    check("10^6 tiles in words", repeated(HEAD "tiles: [[", "floor, ", 1000000, "floor]]\n"),
          "too many");
    text row = repeated(HEAD "tiles:\n- &r [", "a,", 1000, "a]\n");
    check("10^6 tiles by aliases", repeated(row.bytes, "- *r\n", 1000, ""), "too many");
    free(row.bytes);
    check("lists in lists", repeated(HEAD "tiles: ", "[", 1 << 20, ""), "nested more than");
    check("maps in maps", repeated(HEAD "tiles: ", "{a: ", 1 << 18, ""), "nested more than");
    check("dashes", repeated(HEAD "tiles: \n", "- ", 1 << 18, ""), "nested more than");
    check("questions", repeated("", "? ", 1 << 18, ""), "nested more than");
    check("anchors", repeated(MAP "note: [", "&a b,", 1 << 18, "b]\n"), "anchors");
    check("aliases", repeated(MAP "note: [&a b,", "*a,", 1 << 20, "*b]\n"), "no anchor");
    check("directives", repeated("", "%YAML 1.1\n", 1 << 18, MAP), "begin with '%'");
    check("tags", repeated("", "%TAG !a! b\n", 1 << 18, MAP), "begin with '%'");
    check("too large", repeated(MAP, "##############\n", 1200000, ""), "too many for a map");
    check("nothing but bytes", repeated("", "\x80", 1 << 20, ""), "not YAML");
}

// Every level holds the one before ten times.
static void bombs_of_aliases_stay_small(void **state)
{
    (void)state;
    char bomb[8192];
    int length = sprintf(bomb, HEAD "a0: &a0 [floor, floor]\n");
    for (int level = 1; level < 25; level++) {
        length += sprintf(bomb + length, "a%d: &a%d [", level, level);
        for (int k = 0; k < 10; k++)
            length += sprintf(bomb + length, "*a%d%s", level - 1, k < 9 ? ", " : "]\n");
    }
    check("laughs beside", repeated(bomb, "", 0, "tiles: [[4way]]\n"), NULL);
    check("laughs for tiles", repeated(bomb, "", 0, "tiles: *a24\n"), "must be a word");
    check("laughs for objects", repeated(bomb, "", 0, "tiles: *a0\nobjects: *a24\n"), "row 1");
    check("laughs as objects", repeated(bomb, "", 0, "tiles: [[4way]]\nobjects: *a24\n"),
          "an object must be a map");
    length = sprintf(bomb, "m0: &m0 {kind: cone}\n");
    for (int level = 1; level < 60; level++)
        length += sprintf(bomb + length, "m%d: &m%d {<<: *m%d}\n", level, level, level - 1);
    check("merges in merges", repeated(bomb, "", 0, MAP "objects: [{<<: *m20, pos: [1, 1]}]\n"),
          NULL);
    check("too many merges", repeated(bomb, "", 0, MAP "objects: [{<<: *m59, pos: [1, 1]}]\n"),
          "no kind");
    check("a merge with itself", repeated("", "", 0, MAP "objects: [&a {<<: *a}]\n"), "itself");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(large_maps_are_read),
        cmocka_unit_test(hostile_maps_are_refused),
        cmocka_unit_test(bombs_of_aliases_stay_small),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
