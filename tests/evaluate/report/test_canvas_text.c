// Text on the canvas. Widths and areas are those of DejaVu Sans, as fonttools reads them from the
// font: advances, and areas of outlines, for letters 1556 units tall.
#include <math.h>
#include <string.h>

#include "evaluate/report/drawing/canvas.h"
#include "testing.h"

static imp_canvas canvas;

// The covered area of the shape [px], which it clears.
static double covered_area(void)
{
    double area = 0.0;
    for (int k = 0; k < canvas.width * canvas.height; k++)
        area += canvas.coverage[k] / 255.0;
    imp_canvas_fill_shape(&canvas, imp_colour_background, 1.0);
    return area;
}

// The area of a text of a size at a place.
static double area_of_text(double x, double y, double size, const char *text)
{
    imp_canvas_add_text(&canvas, x, y, size, text);
    return covered_area();
}

static void widths_are_those_of_the_font(void **state)
{
    (void)state;
    const double size = 1556.0;
    assert_close(imp_canvas_text_width(size, "l"), 569, 1e-9);
    assert_close(imp_canvas_text_width(size, "@"), 2048, 1e-9);
    assert_close(imp_canvas_text_width(size, "Wheel 1.5"),
                 2025 + 1298 + 1260 + 1260 + 569 + 651 + 1303 + 651 + 1303, 1e-9);
    assert_close(imp_canvas_text_width(size, ""), 0, 1e-9);
    assert_close(imp_canvas_text_width(12.0, "ll"), 2 * 569 * 12.0 / size, 1e-9);
    assert_close(imp_canvas_add_text(&canvas, 10, 50, 12.0, "ll"), 2 * 569 * 12.0 / size, 1e-9);
    covered_area();
}

static void areas_are_those_of_the_outlines(void **state)
{
    (void)state;
    // straight sides; bends and a hole; two holes; two parts; bends below the base line
    static const struct {
        const char *letter;
        double area; // for size 1
    } letters[] = {{"l", 286304.0 / (1556.0 * 1556.0)},  {"o", 538210.25 / (1556.0 * 1556.0)},
                   {"8", 770151.75 / (1556.0 * 1556.0)}, {"%", 821731.583 / (1556.0 * 1556.0)},
                   {"i", 248952.0 / (1556.0 * 1556.0)},  {"g", 732244.25 / (1556.0 * 1556.0)}};
    for (size_t k = 0; k < sizeof letters / sizeof letters[0]; k++) {
        const double wanted = 60.0 * 60.0 * letters[k].area;
        assert_close(area_of_text(20.3, 80.0, 60.0, letters[k].letter), wanted, 0.006 * wanted);
        // small letters cover as much, if less exactly
        const double small = 9.0 * 9.0 * letters[k].area;
        assert_close(area_of_text(20.3, 80.0, 9.0, letters[k].letter), small, 0.06 * small);
    }
}

static void capitals_are_no_small_letters(void **state)
{
    (void)state;
    const double large = area_of_text(20, 80, 40, "E"), small = area_of_text(20, 80, 40, "e");
    assert_true(fabs(large - small) > 5.0);
}

// Where the shape is, as its bounds say.
static void letters_stand_on_the_base_line(void **state)
{
    (void)state;
    imp_canvas_add_text(&canvas, 20.0, 80.0, 40.0, "l");
    assert_int_equal(canvas.top, 40);
    assert_int_equal(canvas.bottom, 80);
    assert_int_equal(canvas.left, 24); // the stem begins 188 units right of the origin
    assert_int_equal(canvas.right, 30);
    covered_area();
    imp_canvas_add_text(&canvas, 20.0, 80.0, 40.0, "p");
    assert_true(canvas.bottom > 88);
    covered_area();
}

static void unknown_characters_are_one_box_each(void **state)
{
    (void)state;
    const double box = 0.24601220253633005 * 30 * 30, width = 1229.0 * 30 / 1556;
    // a letter of two bytes, one of three, one of four, a control character, a byte that is none,
    // and the beginning of a letter
    static const char *const unknown[] = {"\xC3\xA4", "\xE2\x82\xAC", "\xF0\x9F\xA6\x86",
                                          "\x07",     "\xFF",         "\xE2"};
    for (size_t k = 0; k < sizeof unknown / sizeof unknown[0]; k++) {
        assert_close(imp_canvas_text_width(30, unknown[k]), width, 1e-9);
        assert_close(area_of_text(20, 80, 30, unknown[k]), box, 0.02 * box);
    }
    // signs that the table has
    assert_close(imp_canvas_text_width(1556, "\xC2\xB0"), 1024, 1e-9);
    assert_close(imp_canvas_text_width(1556, "\xE2\x80\xA6"), 2048, 1e-9);
}

// Contours that wind twice around a point fill it once; opposite ones leave a hole.
static void areas_follow_the_winding(void **state)
{
    (void)state;
    static const imp_pixel_point same[] = {{10, 10}, {30, 10}, {30, 30}, {10, 30},
                                           {15, 15}, {25, 15}, {25, 25}, {15, 25}};
    static const imp_pixel_point opposite[] = {{10, 10}, {30, 10}, {30, 30}, {10, 30},
                                               {15, 15}, {15, 25}, {25, 25}, {25, 15}};
    static const int lengths[] = {4, 4};
    imp_canvas_add_area(&canvas, same, lengths, 2);
    assert_close(covered_area(), 400, 1e-6);
    imp_canvas_add_area(&canvas, opposite, lengths, 2);
    assert_close(covered_area(), 300, 1e-6);
    // parts outside are cut off, and fractions of pixels count
    static const imp_pixel_point outside[] = {{-5, -5}, {2.5, -5}, {2.5, 4}, {-5, 4}};
    imp_canvas_add_area(&canvas, outside, lengths, 1);
    assert_close(covered_area(), 10, 0.05);
    imp_canvas_add_area(&canvas, outside, lengths, 0); // as a blank
    assert_close(covered_area(), 0, 1e-9);
    static const imp_pixel_point huge[] = {{-1e300, 20}, {1e300, 20}, {1e300, 21}, {-1e300, 21}};
    imp_canvas_add_area(&canvas, huge, lengths, 1);
    assert_close(covered_area(), 120, 1e-6);
    static const imp_pixel_point right[] = {{1e300, 20}, {2e300, 20}, {2e300, 21}, {1e300, 21},
                                            {0, 20},     {1, 20},     {1, 21},     {0, 21}};
    imp_canvas_add_area(&canvas, right, lengths, 2);
    assert_close(covered_area(), 1, 1e-6);
    static const imp_pixel_point away[] = {{500, 500}, {600, 500}, {600, 600}};
    static const int triangle[] = {3};
    imp_canvas_add_area(&canvas, away, triangle, 1);
    assert_close(covered_area(), 0, 1e-9);
}

static int make_canvas(void **state)
{
    imp_error err = {0};
    (void)state;
    assert_ok(imp_canvas_init(&canvas, 120, 100, &err), err);
    return 0;
}

static int release_canvas(void **state)
{
    (void)state;
    imp_canvas_release(&canvas);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(widths_are_those_of_the_font),
        cmocka_unit_test(areas_are_those_of_the_outlines),
        cmocka_unit_test(capitals_are_no_small_letters),
        cmocka_unit_test(letters_stand_on_the_base_line),
        cmocka_unit_test(unknown_characters_are_one_box_each),
        cmocka_unit_test(areas_follow_the_winding),
    };
    return cmocka_run_group_tests(tests, make_canvas, release_canvas);
}
