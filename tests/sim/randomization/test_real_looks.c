// What `real` adds to `all`: tape as people lay it, and walls that are darker and have more on
// them.
#include "testing.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "imprint/randomization.h"
#include "imprint/sim.h"
#include "sim/render/scene/tile_painter.h"

enum { WIDE = 80, HIGH = 60, BYTES = WIDE * HIGH * 3 };

static imp_sim *create(const char *randomize, const char *map)
{
    imp_sim_def def = imp_default_sim_def();
    imp_sim *sim;
    imp_error err = {0};
    def.map = map;
    def.camera.width = WIDE;
    def.camera.height = HIGH;
    assert_ok(imp_randomization_parse_list(&def.randomization, randomize, &err), err);
    assert_ok(imp_sim_create(&sim, &def, &err), err);
    return sim;
}

static void observe(const char *randomize, uint32_t episode, uint8_t *rgb)
{
    imp_error err = {0};
    imp_sim *sim = create(randomize, "small_loop");
    assert_ok(imp_sim_reset(sim, episode, &err), err);
    imp_sim_observe(sim, rgb);
    imp_sim_destroy(sim);
}

static void words_choose_groups_and_strengths(void **state)
{
    (void)state;
    imp_error err = {0};
    imp_randomization real = imp_randomization_none(), indoors = imp_randomization_none();
    imp_randomization all = imp_randomization_none();
    assert_ok(imp_randomization_parse_list(&real, "real", &err), err);
    assert_ok(imp_randomization_parse_list(&indoors, "indoors", &err), err);
    assert_ok(imp_randomization_parse_list(&all, "all", &err), err);
    assert_close(real.strength[IMP_GROUP_LIGHT], 0.5, 0.0);
    assert_close(real.strength[IMP_GROUP_MATERIALS], 0.5, 0.0);
    assert_close(real.strength[IMP_GROUP_EXPOSURE], 0.6, 0.0);
    assert_close(real.strength[IMP_GROUP_NIGHT], 0.85, 0.0);
    assert_close(real.strength[IMP_GROUP_WALLS], 1.0, 0.0);
    assert_close(real.strength[IMP_GROUP_TAPE], 1.0, 0.0);
    assert_close(real.strength[IMP_GROUP_ROOM], 1.0, 0.0);
    assert_close(indoors.strength[IMP_GROUP_TAPE], 0.0, 0.0);
    assert_close(indoors.strength[IMP_GROUP_LIGHT], 1.0, 0.0);
    assert_close(all.strength[IMP_GROUP_TAPE], 0.0, 0.0);
    assert_ok(imp_randomization_parse_list(&real, "real=0.5,no-tape", &err), err);
    assert_close(real.strength[IMP_GROUP_LIGHT], 0.25, 0.0);
    assert_close(real.strength[IMP_GROUP_TAPE], 0.0, 0.0);
}

static void tape_changes_the_road(void **state)
{
    (void)state;
    uint8_t plain[BYTES], taped[BYTES], again[BYTES];
    int changed = 0;
    for (uint32_t episode = 0; episode < 8; episode++) {
        observe("none", episode, plain);
        observe("tape", episode, taped);
        observe("tape", episode, again);
        assert_memory_equal(taped, again, BYTES);
        changed += memcmp(plain, taped, BYTES) != 0;
    }
    // one of the eight styles is the usual one
    assert_true(changed >= 5);
}

// The class in the middle of a curve tile's line, at an angle around the corner (0.5, -0.5).
static imp_semantic_class class_on_curve(const imp_tile_style *style, double radius, double degrees)
{
    const double angle = degrees * 3.14159265358979 / 180.0;
    return imp_tile_semantic_class(style, IMP_TILE_CURVE_LEFT, 0,
                                   (float)(0.5 - radius * cos(angle)),
                                   (float)(radius * sin(angle) - 0.5));
}

static void curves_are_laid_in_pieces(void **state)
{
    (void)state;
    imp_tile_style style = imp_tile_style_new;
    // the round line's middle at 45 degrees: a = b with 2 a^2.5 = radius^2.5
    const double radius = 1.0 - 0.041, middle = radius * sqrt(2.0) * pow(2.0, -0.4);
    assert_int_equal(class_on_curve(&style, middle, 45.0), IMP_SEMANTIC_WHITE_LINE);
    assert_int_equal(class_on_curve(&style, middle - 0.03, 45.0), IMP_SEMANTIC_WHITE_LINE);
    // a single piece is the chord between the ends
    style.pieces = 1;
    assert_int_equal(class_on_curve(&style, radius / sqrt(2.0), 45.0), IMP_SEMANTIC_WHITE_LINE);
    assert_int_equal(class_on_curve(&style, middle, 45.0), IMP_SEMANTIC_ROAD);
    // pieces meet on the round line, and lie inside of it between
    style.pieces = 2;
    assert_int_equal(class_on_curve(&style, middle, 45.0), IMP_SEMANTIC_WHITE_LINE);
    style.pieces = 3;
    assert_int_equal(class_on_curve(&style, middle + 0.03, 45.0), IMP_SEMANTIC_ROAD);
}

static void centre_lines_leave_the_middle(void **state)
{
    (void)state;
    imp_tile_style style = imp_tile_style_new;
    // in a dash of a straight tile
    const float z = 0.5f / 8.0f;
    style.yellow_offset = 0.03f;
    assert_int_equal(imp_tile_semantic_class(&style, IMP_TILE_STRAIGHT, 0, 0.03f, z),
                     IMP_SEMANTIC_YELLOW_LINE);
    assert_int_equal(imp_tile_semantic_class(&style, IMP_TILE_STRAIGHT, 0, 0.0f, z),
                     IMP_SEMANTIC_ROAD);
}

static void tape_is_laid_within_limits(void **state)
{
    (void)state;
    int pieces = 0, dark = 0;
    for (uint32_t k = 0; k < 200; k++) {
        imp_random random = imp_random_stream(7, k, 0, IMP_PURPOSE_TEST);
        imp_tile_style style = imp_tile_style_new;
        imp_tile_style_lay_tape(&style, 1.0f, &random);
        assert_true(fabsf(style.yellow_offset) <= 0.03f);
        assert_true(style.other_white > 0.7f && style.other_white < 1.42f);
        assert_true(style.yellow_width > 0.03f && style.yellow_width < 0.07f);
        assert_true(style.red[0] >= 0.32f * imp_tile_style_new.red[0] &&
                    style.red[0] <= imp_tile_style_new.red[0]);
        assert_true(style.pieces == 0 || (style.pieces >= 3 && style.pieces <= 7));
        pieces += style.pieces > 0;
        dark += style.red[0] < 0.6f * imp_tile_style_new.red[0];
        // nothing is different without it
        imp_tile_style same = imp_tile_style_new;
        imp_tile_style_lay_tape(&same, 0.0f, &random);
        assert_true(same.pieces == 0 && same.yellow_offset == 0.0f && same.other_white == 1.0f);
        assert_close(same.yellow_width, imp_tile_style_new.yellow_width, 1e-7);
        assert_close(same.red[1], imp_tile_style_new.red[1], 1e-4);
    }
    assert_true(pieces > 90 && pieces < 150);
    assert_true(dark > 25 && dark < 80);
}

static void rooms_are_dimmed_and_get_posters(void **state)
{
    (void)state;
    imp_error err = {0};
    imp_world *world;
    imp_room *room = malloc(sizeof *room);
    assert_non_null(room);
    imp_random random = imp_random_stream(5, 0, 0, IMP_PURPOSE_TEST);
    assert_ok(imp_world_load(&world, "loop_empty", &err), err);
    imp_room_generate(room, world, IMP_ROOM_HALL, false, &random);
    const imp_room_part wall = room->parts[0];
    const int before = room->part_count;
    imp_room_scale_colours(room, 0.5f);
    for (int c = 0; c < 3; c++)
        assert_close(room->parts[0].colour[c], 0.5f * wall.colour[c], 1e-6);
    imp_room_add_posters(room, 20, &random);
    assert_true(room->part_count >= before + 20);
    // they hang in front of walls: panels as far from the middle as the walls are
    for (int k = before; k < room->part_count; k++) {
        const imp_room_part *p = &room->parts[k];
        assert_int_equal(p->shape, IMP_ROOM_PANEL);
        bool hangs = false;
        for (int n = 0; n < 12 && !hangs; n++) {
            const imp_room_part *w = &room->parts[n];
            const float ahead = (p->at[0] - w->at[0]) * w->cosine - (p->at[2] - w->at[2]) * w->sine;
            hangs = w->size[1] >= wall.size[1] && fabsf(ahead - 0.02f) < 1e-4f &&
                    w->cosine == p->cosine && w->sine == p->sine;
        }
        assert_true(hangs);
    }
    // a room without walls has none
    room->part_count = 0;
    imp_room_add_posters(room, 20, &random);
    assert_int_equal(room->part_count, 0);
    imp_world_destroy(world);
    free(room);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(words_choose_groups_and_strengths),
        cmocka_unit_test(tape_changes_the_road),
        cmocka_unit_test(curves_are_laid_in_pieces),
        cmocka_unit_test(centre_lines_leave_the_middle),
        cmocka_unit_test(tape_is_laid_within_limits),
        cmocka_unit_test(rooms_are_dimmed_and_get_posters),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
