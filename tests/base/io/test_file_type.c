#include "base/io/file_type.h"

#include <string.h>
#include <sys/stat.h>

#include "base/io/file.h"
#include "temporary_folder.h"

static imp_file_type file_type_of(const char *name, const void *bytes, size_t length)
{
    imp_error err = {0};
    imp_file_type kind = IMP_FILE_TYPE_COUNT;
    assert_ok(imp_file_write(in_folder(name), bytes, length, &err), err);
    assert_ok(imp_file_type_detect(&kind, in_folder(name), &err), err);
    return kind;
}

static void files_are_told_apart_by_their_bytes(void **state)
{
    (void)state;
    const struct {
        const char *name, *bytes;
        size_t length;
        imp_file_type kind;
    } cases[] = {
        {"a", "", 0, IMP_FILE_TYPE_EMPTY},
        {"a.png", "tile_size: 1\n", 13, IMP_FILE_TYPE_TEXT},
        {"a.yml", "tile_size: 1\n", 13, IMP_FILE_TYPE_YAML},
        {"a.json", "{}\n", 3, IMP_FILE_TYPE_JSON},
        {"a.yaml", "\211PNG\r\n\032\n", 8, IMP_FILE_TYPE_PNG},
        {"a", "\377\330\377\340", 4, IMP_FILE_TYPE_JPEG},
        {"a", "GIF89a", 6, IMP_FILE_TYPE_GIF},
        {"a", "\0\0\0\040ftypisom", 12, IMP_FILE_TYPE_VIDEO},
        {"a", "\211HDF\r\n\032\n", 8, IMP_FILE_TYPE_HDF5},
        {"a", "\020\0\0\0\0\0\0\0{\"a\":{}}", 16, IMP_FILE_TYPE_SAFETENSORS},
        {"a", "\010\007\022\007imprint", 11, IMP_FILE_TYPE_ONNX},
        {"a", "PK\003\004....archive/data.pkl", 24, IMP_FILE_TYPE_PYTORCH},
        {"a", "PK\003\004....paper.docx", 18, IMP_FILE_TYPE_ZIP},
        {"a", "\200\004K\001.", 5, IMP_FILE_TYPE_PICKLE},
        {"a", "\223NUMPY\001", 7, IMP_FILE_TYPE_NUMPY},
        {"a", "#ROSBAG V2.0\n", 13, IMP_FILE_TYPE_ROSBAG},
        {"a", "SQLite format 3", 15, IMP_FILE_TYPE_SQLITE},
        {"a", "\001\002\003\004", 4, IMP_FILE_TYPE_UNKNOWN},
        // too short to be what they begin like
        {"a", "\211PN", 3, IMP_FILE_TYPE_UNKNOWN},
        {"a", "\010\007\022", 3, IMP_FILE_TYPE_UNKNOWN},
    };
    for (size_t k = 0; k < sizeof cases / sizeof cases[0]; k++) {
        const imp_file_type kind = file_type_of(cases[k].name, cases[k].bytes, cases[k].length);
        if (kind != cases[k].kind)
            fail_msg("case %zu is %s", k, imp_file_type_description(kind));
        assert_non_null(imp_file_type_description(kind));
    }
}

static void assert_refused(imp_status status, const imp_error *err, imp_status wanted,
                           const char *why)
{
    char message[600];
    snprintf(message, sizeof message, "%s%s", in_folder("x"), why);
    assert_int_equal(status, wanted);
    assert_string_equal(err->message, message);
}

static void what_is_not_wanted_is_refused_by_what_it_is(void **state)
{
    (void)state;
    imp_error err = {0};
    const char *path = in_folder("x"), *wanted = "a map is a YAML file";
    assert_refused(imp_file_type_expect_text(path, wanted, &err), &err, IMP_BAD_INPUT,
                   ": no such file");
    assert_refused(imp_file_type_expect_folder(in_folder("x"), "a run is a folder", &err), &err,
                   IMP_BAD_INPUT, ": no such folder; a run is a folder");
    assert_int_equal(file_type_of("x", "GIF89a", 6), IMP_FILE_TYPE_GIF);
    assert_refused(imp_file_type_expect_text(in_folder("x"), wanted, &err), &err, IMP_BAD_INPUT,
                   ": is a GIF image; a map is a YAML file");
    assert_refused(imp_file_type_expect_folder(in_folder("x"), "a run is a folder", &err), &err,
                   IMP_BAD_INPUT, ": is a GIF image; a run is a folder");
    assert_refused(imp_file_type_expect(in_folder("x"), IMP_FILE_TYPE_PNG, IMP_FILE_TYPE_JPEG,
                                        "give a picture", &err),
                   &err, IMP_BAD_INPUT, ": is a GIF image; give a picture");
    assert_ok(imp_file_type_expect(in_folder("x"), IMP_FILE_TYPE_PNG, IMP_FILE_TYPE_GIF, "", &err),
              err);
    assert_int_equal(file_type_of("x", "a: 1", 4), IMP_FILE_TYPE_TEXT);
    assert_ok(imp_file_type_expect_text(in_folder("x"), wanted, &err), err);
    assert_refused(imp_file_type_expect(in_folder("x"), IMP_FILE_TYPE_PNG, IMP_FILE_TYPE_PNG,
                                        "give a PNG", &err),
                   &err, IMP_BAD_INPUT, ": is a text file; give a PNG");
    if (geteuid() != 0) {
        assert_int_equal(chmod(in_folder("x"), 0), 0);
        assert_refused(imp_file_type_expect_text(in_folder("x"), wanted, &err), &err, IMP_IO,
                       ": cannot be read: Permission denied");
    }
    assert_ok(imp_folder_create(in_folder("d"), &err), err);
    assert_ok(imp_file_type_expect_folder(in_folder("d"), "a run is a folder", &err), err);
    assert_int_equal(imp_file_type_expect_text(in_folder("d"), wanted, &err), IMP_BAD_INPUT);
    assert_non_null(strstr(err.message, "/d: is a folder; a map is a YAML file"));
}

// A pipe's bytes can be read only once, and not by who asks what it is.
static void pipes_are_left_alone(void **state)
{
    (void)state;
    imp_error err = {0};
    imp_file_type kind = IMP_FILE_TYPE_COUNT;
    assert_int_equal(mkfifo(in_folder("p"), 0600), 0);
    assert_ok(imp_file_type_detect(&kind, in_folder("p"), &err), err);
    assert_int_equal(kind, IMP_FILE_TYPE_SPECIAL);
    assert_ok(imp_file_type_expect_text(in_folder("p"), "", &err), err);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(files_are_told_apart_by_their_bytes),
        cmocka_unit_test(what_is_not_wanted_is_refused_by_what_it_is),
        cmocka_unit_test(pipes_are_left_alone),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
