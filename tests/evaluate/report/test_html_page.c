// Pages: escaped, whole, without anything from outside.
#include "temporary_folder.h"

#include <string.h>

#include "base/image/image.h"
#include "base/io/file.h"
#include "evaluate/report/report_formats/html_page.h"

static void read_page_file(char **text, const char *path)
{
    imp_error err = {0};
    size_t length;
    assert_ok(imp_file_read(text, &length, path, 1 << 24, &err), err);
    assert_int_equal(strlen(*text), length);
}

static void texts_are_escaped(void **state)
{
    (void)state;
    imp_error err = {0};
    imp_html_page page;
    const char *path = in_folder("page.html");
    assert_ok(imp_html_begin(&page, "a < b & \"c\"", &err), err);
    imp_html_add_heading(&page, "<script>");
    imp_html_add_paragraph(&page, "x > y");
    imp_html_begin_table(&page, (const char *const[]){"name", "value"}, 2);
    imp_html_begin_row(&page);
    imp_html_add_cell(&page, "<b>", NULL);
    imp_html_add_cell(&page, "1.5", "1 to 2");
    imp_html_end_table(&page);
    assert_ok(imp_html_finish(&page, path, &err), err);
    char *text;
    read_page_file(&text, path);
    assert_non_null(strstr(text, "<title>a &lt; b &amp; &quot;c&quot;</title>"));
    assert_non_null(strstr(text, "<h2>&lt;script&gt;</h2>"));
    assert_non_null(strstr(text, "<td>&lt;b&gt;</td>"));
    assert_non_null(strstr(text, "<small>1 to 2</small>"));
    assert_null(strstr(text, "<script"));
    assert_null(strstr(text, "http"));
    assert_non_null(strstr(text, "</html>"));
    free(text);
}

static uint8_t base64_value(char letter)
{
    static const char letters[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const char *at = strchr(letters, letter);
    assert_true(at != NULL && letter != '\0');
    return (uint8_t)(at - letters);
}

static int decode_base64(const char *at, uint8_t *out)
{
    int count = 0;
    for (; *at != '"'; at += 4) {
        const unsigned four = (unsigned)base64_value(at[0]) << 18 |
                              (unsigned)base64_value(at[1]) << 12 |
                              (at[2] == '=' ? 0U : (unsigned)base64_value(at[2]) << 6) |
                              (at[3] == '=' ? 0U : (unsigned)base64_value(at[3]));
        out[count++] = (uint8_t)(four >> 16);
        if (at[2] != '=')
            out[count++] = (uint8_t)(four >> 8);
        if (at[3] != '=')
            out[count++] = (uint8_t)four;
    }
    return count;
}

// Of every length modulo 3, so that every kind of end is met.
static void embedded_images_decode_unchanged(void **state)
{
    (void)state;
    imp_error err = {0};
    char image[4096];
    snprintf(image, sizeof image, "%s", in_folder("picture.png"));
    for (int length = 1; length < 200; length += 1 + length / 7) {
        uint8_t bytes[200], back[200];
        for (int k = 0; k < length; k++)
            bytes[k] = (uint8_t)(k * 37 + length);
        assert_ok(imp_file_write(image, bytes, (size_t)length, &err), err);
        imp_html_page page;
        assert_ok(imp_html_begin(&page, "t", &err), err);
        assert_ok(imp_html_add_image(&page, image, "a \"view\"", &err), err);
        const char *path = in_folder("page.html");
        assert_ok(imp_html_finish(&page, path, &err), err);
        char *text;
        read_page_file(&text, path);
        assert_non_null(strstr(text, "alt=\"a &quot;view&quot;\""));
        const char *data = strstr(text, "base64,");
        assert_non_null(data);
        const int count = decode_base64(data + strlen("base64,"), back);
        assert_int_equal(count, length);
        assert_memory_equal(bytes, back, (size_t)length);
        free(text);
    }
    imp_html_page page;
    assert_ok(imp_html_begin(&page, "t", &err), err);
    assert_int_equal(imp_html_add_image(&page, in_folder("none.png"), NULL, &err), IMP_BAD_INPUT);
    imp_html_discard(&page);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(texts_are_escaped, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(embedded_images_decode_unchanged, make_folder,
                                        remove_folder),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
