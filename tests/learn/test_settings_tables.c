// The tables of settings (sim, evaluate/evaluation, learn/settings) against the structs themselves:
// every member that a header declares is in its table, and every one that is not left out changes
// the text that a resumed run compares.
#include "learn/learn_fixture.h"

#include <ctype.h>
#include <stdbool.h>

#include "base/io/file.h"
#include "base/text/struct_text.h"
#include "learn/settings/settings_tables.h"
#include "nn/trainer/trainer.h"

enum { MEMBERS_MAX = 64, NAME_BYTES = 64 };

static char *headers; // the text of all public headers

static int read_headers(void **state)
{
    (void)state;
    static const char *const names[] = {
        "base",    "robot", "env",   "render",  "policy",       "randomization",   "nn",
        "rollout", "sim",   "train", "collect", "train_online", "train_segmenter", "evaluate",
        "dagger"};
    size_t used = 0;
    for (size_t k = 0; k < sizeof names / sizeof names[0]; k++) {
        char path[IMP_PATH_MAX], *text;
        size_t length;
        imp_error err = {0};
        snprintf(path, sizeof path, IMP_TEST_DATA "/../../include/imprint/%s.h", names[k]);
        assert_ok(imp_file_read(&text, &length, path, 1 << 24, &err), err);
        headers = realloc(headers, used + length + 1);
        assert_non_null(headers);
        memcpy(headers + used, text, length + 1);
        used += length;
        free(text);
    }
    return 0;
}

static int free_headers(void **state)
{
    (void)state;
    free(headers);
    return 0;
}

// The body of a struct as its header has it, without comments; freed by the caller.
static char *struct_body(const char *type)
{
    char end[NAME_BYTES];
    snprintf(end, sizeof end, "} %s;", type);
    const char *stop = strstr(headers, end), *start = headers;
    if (stop == NULL)
        fail_msg("no header declares %s", type);
    for (const char *at = headers; (at = strstr(at, "typedef struct")) != NULL && at < stop; at++)
        start = at;
    start = strchr(start, '{') + 1;
    char *body = calloc((size_t)(stop - start) + 1, 1), *out = body;
    assert_non_null(body);
    for (const char *at = start; at < stop; at++) {
        if (strncmp(at, "//", 2) == 0)
            while (at < stop && *at != '\n')
                at++;
        else if (strncmp(at, "/*", 2) == 0)
            at = strstr(at, "*/") + 1;
        else
            *out++ = *at;
    }
    return body;
}

// The name that a declarator declares: its last word, before any brackets.
static void declared_name(char out[NAME_BYTES], const char *declarator, size_t length)
{
    const char *bracket = memchr(declarator, '[', length);
    size_t end = bracket != NULL ? (size_t)(bracket - declarator) : length;
    while (end > 0 && !(isalnum((unsigned char)declarator[end - 1]) || declarator[end - 1] == '_'))
        end--;
    size_t begin = end;
    while (begin > 0 &&
           (isalnum((unsigned char)declarator[begin - 1]) || declarator[begin - 1] == '_'))
        begin--;
    snprintf(out, NAME_BYTES, "%.*s", (int)(end - begin), declarator + begin);
}

static int member_names(const char *type, char names[MEMBERS_MAX][NAME_BYTES])
{
    char *body = struct_body(type), *rest = NULL;
    int count = 0;
    for (char *line = strtok_r(body, ";", &rest); line != NULL; line = strtok_r(NULL, ";", &rest))
        for (char *at = line; at != NULL;) {
            char *comma = strchr(at, ',');
            char name[NAME_BYTES];
            declared_name(name, at, comma != NULL ? (size_t)(comma - at) : strlen(at));
            if (name[0] != '\0') {
                assert_true(count < MEMBERS_MAX);
                strcpy(names[count++], name);
            }
            at = comma != NULL ? comma + 1 : NULL;
        }
    free(body);
    return count;
}

// Puts the members of imp_sim_def in the place of a member `sim` of that type: "sim.env" and so on.
static int expand_sim(char names[MEMBERS_MAX][NAME_BYTES], int count)
{
    char inner[MEMBERS_MAX][NAME_BYTES];
    for (int m = 0; m < count; m++)
        if (strcmp(names[m], "sim") == 0) {
            const int added = member_names("imp_sim_def", inner);
            assert_true(count + added <= MEMBERS_MAX);
            strcpy(names[m], names[--count]);
            for (int k = 0; k < added; k++)
                snprintf(names[count++], NAME_BYTES, "sim.%.50s", inner[k]);
            break;
        }
    return count;
}

static int compare_names(const void *a, const void *b)
{
    return strcmp(a, b);
}

static void every_member_is_in_its_table(void **state)
{
    (void)state;
    const imp_struct_table *table;
    for (int k = 0; (table = imp_settings_get_table(k)) != NULL; k++) {
        char names[MEMBERS_MAX][NAME_BYTES], listed[MEMBERS_MAX][NAME_BYTES];
        if (strcmp(table->type, "imp_augment") == 0)
            continue; // table and struct are made of one list
        const int count = expand_sim(names, member_names(table->type, names));
        assert_true(table->count <= MEMBERS_MAX);
        for (int m = 0; m < table->count; m++)
            snprintf(listed[m], NAME_BYTES, "%s", table->list[m].name);
        qsort(names, (size_t)count, NAME_BYTES, compare_names);
        qsort(listed, (size_t)table->count, NAME_BYTES, compare_names);
        for (int m = 0; m < count || m < table->count; m++)
            if (m >= count || m >= table->count || strcmp(names[m], listed[m]) != 0)
                fail_msg("%s: member %d is %s in the header and %s in the table", table->type, m,
                         m < count ? names[m] : "missing",
                         m < table->count ? listed[m] : "missing");
    }
}

static int compare_offsets(const void *a, const void *b)
{
    const imp_struct_member *first = a, *second = b;
    return (first->offset > second->offset) - (first->offset < second->offset);
}

// Types whose members are laid out as tables say: they neither overlap nor leave room for another.
static void tables_cover_their_structs(void **state)
{
    (void)state;
    const imp_struct_table *table;
    for (int k = 0; (table = imp_settings_get_table(k)) != NULL; k++) {
        size_t end = 0;
        imp_struct_member members[MEMBERS_MAX];
        memcpy(members, table->list, (size_t)table->count * sizeof members[0]);
        qsort(members, (size_t)table->count, sizeof members[0], compare_offsets);
        for (int m = 0; m < table->count; m++) {
            const imp_struct_member *member = &members[m];
            assert_true(member->offset >= end);
            assert_true(member->offset - end < sizeof(void *)); // padding
            assert_true(member->kind != IMP_MEMBER_OTHER || member->reason != NULL);
            end = member->offset + member->size;
        }
        assert_true(table->size >= end && table->size - end < sizeof(void *));
    }
}

static char *settings_text(const imp_struct_table *members, const void *from)
{
    char *text = NULL;
    size_t length;
    FILE *out = open_memstream(&text, &length);
    assert_non_null(out);
    imp_struct_write_text(out, "", members, from);
    fclose(out);
    return text;
}

// Changes an element to another value of its type, and back.
static void change_value(const imp_struct_member *member, char *at)
{
    static const char *const texts[] = {"lr", "s"};
    switch (member->kind) {
    case IMP_MEMBER_BOOL:
        *(bool *)at = !*(bool *)at;
        break;
    case IMP_MEMBER_DOUBLE:
        *(double *)at = *(double *)at != 0.0 ? -*(double *)at : 1e-300;
        break;
    case IMP_MEMBER_FLOAT:
        *(float *)at = *(float *)at + 1.0F;
        break;
    case IMP_MEMBER_TEXT:
        *(const char **)at = *(const char **)at == texts[0] ? texts[1] : texts[0];
        break;
    default:
        *at = (char)(*at ^ 1);
    }
}

// Every element of every member, those of structs in it included, changes the text of the whole.
static int check_every_value_counts(const imp_struct_table *whole, void *from,
                                    const imp_struct_table *members, char *at)
{
    int flipped = 0;
    for (int m = 0; m < members->count; m++) {
        const imp_struct_member *member = &members->list[m];
        static const size_t sizes[] = {sizeof(bool),     sizeof(int),   sizeof(uint32_t),
                                       sizeof(uint64_t), sizeof(float), sizeof(double),
                                       sizeof(char *)};
        if (member->reason != NULL)
            continue;
        const char *key = member->key != NULL ? member->key : member->name;
        const size_t size =
            member->kind == IMP_MEMBER_STRUCT ? member->of->size : sizes[member->kind];
        for (size_t e = 0; e * size < member->size; e++) {
            char *element = at + member->offset + e * size;
            if (member->kind == IMP_MEMBER_STRUCT) {
                flipped += check_every_value_counts(whole, from, member->of, element);
                continue;
            }
            char kept[sizeof(uint64_t)], *before = settings_text(whole, from);
            char told[IMP_STRUCT_DIFFERENCE_MAX];
            memcpy(kept, element, size);
            change_value(member, element);
            char *after = settings_text(whole, from);
            memcpy(element, kept, size);
            imp_struct_text_difference(told, before, after);
            if (strstr(told, key) == NULL || strstr(told, ", now ") == NULL)
                fail_msg("%s.%s: another value is told of as '%s'", members->type, key, told);
            free(before);
            free(after);
            flipped++;
        }
    }
    return flipped;
}

static void every_value_changes_identity(void **state)
{
    (void)state;
    imp_collect_def collect = imp_default_collect_def();
    imp_train_def train = imp_default_train_def();
    imp_online_def online = imp_default_online_def();
    imp_seg_train_def seg = imp_default_seg_train_def();
    imp_dagger_def dagger = imp_default_dagger_def();
    const struct {
        const imp_struct_table *members;
        void *def;
    } all[] = {{&imp_collect_members, &collect}, {&imp_train_members, &train},
               {&imp_online_members, &online},   {&imp_seg_train_members, &seg},
               {&imp_dagger_members, &dagger},   {&imp_trainer_members, &train.trainer}};
    for (size_t k = 0; k < sizeof all / sizeof all[0]; k++)
        assert_true(
            check_every_value_counts(all[k].members, all[k].def, all[k].members, all[k].def) >= 14);
}

static void definitions_are_checked(void **state)
{
    (void)state;
    imp_error err = {0};
    imp_dagger_def def = imp_default_dagger_def();
    assert_ok(imp_struct_check_ranges(&imp_dagger_members, &def, &err), err);
    // a nested member, a bound that is no value, and no number
    def.train.decay_epochs = 0;
    assert_int_equal(imp_struct_check_ranges(&imp_dagger_members, &def, &err), IMP_USAGE);
    assert_string_equal(err.message, "imp_train_def.decay_epochs 0: must be at least 1");
    def.train.decay_epochs = 1;
    def.train.validation = 1.0;
    assert_int_equal(imp_struct_check_ranges(&imp_dagger_members, &def, &err), IMP_USAGE);
    assert_string_equal(err.message,
                        "imp_train_def.validation 1: must be within 0 to 1, without 1");
    def.train.validation = 0.0;
    def.beta_decay = NAN;
    assert_int_equal(imp_struct_check_ranges(&imp_dagger_members, &def, &err), IMP_USAGE);
    assert_string_equal(err.message, "imp_dagger_def.beta_decay nan: must be within 0 to 1");
    def = (imp_dagger_def){0};
    assert_int_equal(imp_struct_check_ranges(&imp_dagger_members, &def, &err), IMP_USAGE);
}

static void members_are_found_by_path(void **state)
{
    (void)state;
    imp_dagger_def def = imp_default_dagger_def();
    void *at = NULL;
    const imp_struct_member *found =
        imp_struct_find_member(&at, &imp_dagger_members, "train.trainer.batch", &def);
    assert_non_null(found);
    assert_ptr_equal(at, &def.train.trainer.batch);
    assert_non_null(imp_struct_find_member(&at, &imp_dagger_members, "eval.sim.env.seed", &def));
    assert_ptr_equal(at, &def.eval.sim.env.seed);
    assert_null(imp_struct_find_member(&at, &imp_dagger_members, "train.trainer.batches", &def));
    assert_null(imp_struct_find_member(&at, &imp_dagger_members, "train.trainer.", &def));
}

static void differences_are_reported_by_name(void **state)
{
    (void)state;
    char told[IMP_STRUCT_DIFFERENCE_MAX];
    imp_struct_text_difference(told, "a: 1\nb: 2 3\n", "a: 1\nb: 2 3\n");
    assert_string_equal(told, "");
    imp_struct_text_difference(told, "a: 1\nb: 2 3\n", "a: 1\nb: 2 4\n");
    assert_string_equal(told, "b: 2 3, now 2 4");
    imp_struct_text_difference(told, "a: 1\n", "a: 1\nb: 2\n");
    assert_non_null(strstr(told, "another version of imprint"));
    imp_struct_text_difference(told, "a: 1\nb: 2\n", "a: 1\n");
    assert_non_null(strstr(told, "another version of imprint"));
    imp_struct_text_difference(told, "not such lines", "a: 1\n");
    assert_non_null(strstr(told, "another version of imprint"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_member_is_in_its_table),
        cmocka_unit_test(tables_cover_their_structs),
        cmocka_unit_test(every_value_changes_identity),
        cmocka_unit_test(definitions_are_checked),
        cmocka_unit_test(members_are_found_by_path),
        cmocka_unit_test(differences_are_reported_by_name),
    };
    return cmocka_run_group_tests(tests, read_headers, free_headers);
}
