// Random maps, some of them sane, and random poses on them: no number that is none, no tile off the
// grid. By default a few thousand maps with a million poses between them; a million maps take about
// a minute: IMPRINT_RANDOM_MAPS=1000000 build/release/tests/test_random_maps
#include "testing.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "fuzz/map_invariants.h"

enum { TEXT_MAX = 65536, POSES = 1000000, MAPS = 5000 };

typedef struct writer {
    char text[TEXT_MAX];
    size_t length;
    imp_random random;
} writer;

static void append_text(writer *w, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void append_text(writer *w, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    w->length += (size_t)vsnprintf(w->text + w->length, TEXT_MAX - w->length, format, arguments);
    va_end(arguments);
    assert_true(w->length < TEXT_MAX);
}

static uint32_t random_below(writer *w, uint32_t bound)
{
    return imp_random_uniform_int(&w->random, bound);
}

// Mostly something that fits, now and then a number from the edges of what there is.
static double random_number(writer *w, double low, double high)
{
    static const double edges[] = {0.0,      -0.0, 1e-300, -1e-300,  4.9e-324, 1e4,  -1e4,
                                   1.0001e4, 1e15, 1e300,  -1.7e308, 1e-9,     -1.0, 360.0};
    if (random_below(w, 400) == 0)
        return edges[random_below(w, sizeof edges / sizeof edges[0])];
    return imp_random_uniform(&w->random, low, high);
}

static void put_placement(writer *w)
{
    static const char *const transforms[] = {"theta", "theta_deg"};
    const double u = random_number(w, -1, 9), v = random_number(w, -1, 9),
                 angle = random_number(w, -720, 720);
    const char *theta = transforms[random_below(w, 2)];
    switch (random_below(w, 4)) {
    case 0:
        append_text(w, "pos: [%.17g, %.17g], rotate: %g", u, v, angle);
        break;
    case 1:
        append_text(w, "pose: {~SE2Transform: {p: [%.17g, %.17g], %s: %g}}", u, v, theta, angle);
        break;
    case 2:
        append_text(
            w, "place: {tile: [%u, %u], relative: {~SE2Transform: {p: [%.17g, %.17g], %s: %g}}}",
            random_below(w, 9), random_below(w, 9), u, v, theta, angle);
        break;
    default:
        append_text(w, "attach: {tile: [%u, %u], slot: %u}", random_below(w, 9), random_below(w, 9),
                    random_below(w, 8));
    }
}

static void put_object(writer *w, int number_of_object)
{
    const uint32_t kind = random_below(w, IMP_OBJECT_KIND_COUNT);
    const char *word = kind == IMP_OBJECT_SIGN
                           ? imp_sign_name((imp_sign)random_below(w, IMP_SIGN_COUNT))
                           : imp_object_class_get((imp_object_kind)kind)->name;
    const bool moves = kind == IMP_OBJECT_DUCKIE || kind == IMP_OBJECT_DUCKIEBOT;
    append_text(w, "  o%d: {kind: %s, ", number_of_object, word);
    put_placement(w);
    if (random_below(w, 4) > 0)
        append_text(w, ", %s: %.17g", random_below(w, 2) ? "height" : "scale",
                    random_number(w, 0.01, 0.5));
    append_text(w, ", optional: %s, static: %s}\n", random_below(w, 2) ? "yes" : "no",
                moves && random_below(w, 4) == 0 ? "false" : "true");
}

static void write_map(writer *w)
{
    static const char letters[] = "SENW";
    const uint32_t columns = 1 + random_below(w, 9), rows = 1 + random_below(w, 9),
                   objects = random_below(w, 12);
    w->length = 0;
    append_text(w, "tile_size: %.17g\ntiles:\n", random_number(w, 0.1, 1.0));
    for (uint32_t j = 0; j < rows; j++) {
        append_text(w, "- [");
        for (uint32_t i = 0; i < columns; i++)
            append_text(w, "%s/%c, ",
                        imp_tile_kind_name((imp_tile_kind)random_below(w, IMP_TILE_KIND_COUNT)),
                        letters[random_below(w, 4)]);
        append_text(w, "]\n");
    }
    if (random_below(w, 4) == 0)
        append_text(w, "start_tile: [%u, %u]\n", random_below(w, 9), random_below(w, 9));
    if (random_below(w, 4) == 0)
        append_text(w, "start_pose: [[%.17g, 0, %.17g], %g]\n", random_number(w, 0, 1),
                    random_number(w, 0, 1), random_number(w, -9, 9));
    append_text(w, "objects: \n");
    for (uint32_t k = 0; k < objects; k++)
        put_object(w, (int)k);
}

static void random_maps_keep_the_invariants(void **state)
{
    (void)state;
    const char *wish = getenv("IMPRINT_RANDOM_MAPS");
    const long maps = wish == NULL ? MAPS : strtol(wish, NULL, 10);
    static writer w;
    long read = 0;
    for (long n = 0; n < maps; n++) {
        w.random = imp_random_stream(11, 0, (uint32_t)n, IMP_PURPOSE_TEST);
        write_map(&w);
        imp_error err = {0};
        imp_world *world;
        const imp_status status = imp_world_parse(&world, w.text, w.length, "random.yaml", &err);
        if (status != IMP_OK) {
            assert_int_equal(status, IMP_BAD_INPUT);
            assert_memory_equal(err.message, "random.yaml:", 12);
            continue;
        }
        read++;
        const char *broken = broken_invariant(world, &w.random, 1 + (int)(POSES / maps));
        if (broken != NULL)
            fail_msg("map %ld: %s does not hold for\n%s", n, broken, w.text);
        imp_world_destroy(world);
    }
    print_message("%ld of %ld maps were fine to the reader\n", read, maps);
    assert_true(read > maps / 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(random_maps_keep_the_invariants)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
