// The page of a dataset: what the file holds, how many images a limit leaves, and what is refused.
// tests/page/dataset_page_test.py opens such pages in a browser.
#include "data/dataset/dataset_fixture.h"

#include <stdlib.h>
#include <string.h>

#include "base/io/file.h"
#include "imprint/dataset_page.h"

enum { EPISODES = 6 };

static void write_made_up_dataset(const char *folder)
{
    imp_error err = {0};
    imp_dataset_writer *writer;
    int written;
    const imp_dataset_info info = fixture_info(8, 6);
    assert_ok(imp_dataset_writer_create(&writer, folder, &info, false, &written, &err), err);
    add_fixture_episodes(writer, &info, 0, EPISODES);
    assert_ok(imp_dataset_writer_finish(writer, &err), err);
    imp_dataset_writer_destroy(writer);
}

// All episodes have figures; the title is text, whatever it holds.
static void page_holds_all_episodes(void **state)
{
    imp_error err = {0};
    char folder[PATH_MAX], page[PATH_MAX];
    imp_dataset_page_summary summary;
    imp_dataset_page_def def = imp_default_dataset_page_def();
    in_folder(folder, *state, "data");
    in_folder(page, *state, "page.html");
    write_made_up_dataset(folder);
    def.title = "</script><b>name";
    assert_ok(imp_dataset_page_write(&summary, page, folder, &def, NULL, &err), err);
    assert_int_equal(summary.episodes, EPISODES);
    assert_int_equal(summary.imaged_episodes, EPISODES);
    assert_true(summary.frames > 0);
    char *text = NULL;
    size_t length = 0;
    assert_ok(imp_file_read(&text, &length, page, 64 << 20, &err), err);
    assert_non_null(strstr(text, "<!DOCTYPE html>"));
    assert_null(strstr(text, "</script><b>"));
    free(text);
}

// Without room for images the page has figures alone.
static void images_have_a_limit(void **state)
{
    imp_error err = {0};
    char folder[PATH_MAX], page[PATH_MAX];
    imp_dataset_page_summary summary;
    imp_dataset_page_def def = imp_default_dataset_page_def();
    in_folder(folder, *state, "data");
    in_folder(page, *state, "page.html");
    write_made_up_dataset(folder);
    def.image_bytes = 0;
    assert_ok(imp_dataset_page_write(&summary, page, folder, &def, NULL, &err), err);
    assert_int_equal(summary.episodes, EPISODES);
    assert_int_equal(summary.imaged_episodes, 0);
    def.image_bytes = -1;
    assert_int_equal(imp_dataset_page_write(&summary, page, folder, &def, NULL, &err), IMP_USAGE);
    def.image_bytes = 1000;
    in_folder(folder, *state, "nowhere");
    assert_int_not_equal(imp_dataset_page_write(&summary, page, folder, &def, NULL, &err), IMP_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SCRATCH_TEST(page_holds_all_episodes),
        SCRATCH_TEST(images_have_a_limit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
