#include "base/text/suggestion.h"

#include <string.h>

#include "testing.h"

static int distance(const char *a, const char *b)
{
    return imp_edit_distance(a, strlen(a), b, strlen(b));
}

static void test_edits_are_counted(void **state)
{
    (void)state;
    assert_int_equal(distance("", ""), 0);
    assert_int_equal(distance("expert", "expert"), 0);
    assert_int_equal(distance("expert", ""), 6);
    assert_int_equal(distance("exprt", "expert"), 1);    // left out
    assert_int_equal(distance("expperts", "expert"), 2); // two too many
    assert_int_equal(distance("epxert", "expert"), 1);   // swapped
    assert_int_equal(distance("axpert", "expert"), 1);   // replaced
    assert_int_equal(distance("ca", "abc"), 3);          // no edit within a swapped pair
    assert_int_equal(distance("kitten", "sitting"), 3);
    assert_int_equal(distance("Learning_Rate", "learning-rate"), 0);
}

static const char *suggestion_for(const char *word, const char *const *known)
{
    static char out[IMP_SUGGESTION_TEXT_MAX];
    imp_suggestion suggestion = imp_suggestion_begin(word, strlen(word));
    for (int k = 0; known[k] != NULL; k++)
        imp_suggestion_add_candidate(&suggestion, known[k]);
    return imp_suggestion_format(&suggestion, out);
}

static void test_close_words_alone_are_suggested(void **state)
{
    (void)state;
    const char *const names[] = {"expert",      "reference",  "map",          "maps",
                                 "start-angle", "start-tile", "start-offset", "start-time",
                                 "start-pose",  NULL};
    assert_string_equal(suggestion_for("exprt", names), "; did you mean 'expert'?");
    assert_string_equal(suggestion_for("EXPERT", names), "; did you mean 'expert'?");
    assert_string_equal(suggestion_for("amp", names), "; did you mean 'map'?");
    assert_string_equal(suggestion_for("mapp", names), "; did you mean 'map' or 'maps'?");
    assert_string_equal(suggestion_for("refer", names), "; did you mean 'reference'?");
    assert_string_equal(suggestion_for("start-a", names), "; did you mean 'start-angle'?");
    // too many to be of help
    assert_string_equal(suggestion_for("start-", names), "");
    assert_string_equal(suggestion_for("teacher", names), "");
    assert_string_equal(suggestion_for("x", names), "");
    assert_string_equal(suggestion_for("", names), "");
    assert_string_equal(
        suggestion_for("so-long-a-word-that-nobody-can-have-meant-any-of-those-that-there-are",
                       names),
        "");
}

static const char *known_name(int k)
{
    static const char *const words[] = {"all", "train", "test"};
    return k < 3 ? words[k] : NULL;
}

static void test_a_word_is_found_or_refused_with_all_that_are_known(void **state)
{
    (void)state;
    imp_error err = {0};
    int found = -1;
    assert_int_equal(imp_name_lookup(&found, "--split: ", "test", known_name, &err), IMP_OK);
    assert_int_equal(found, 2);
    assert_int_equal(imp_name_lookup(&found, "--split: ", "tset", known_name, &err), IMP_USAGE);
    assert_int_equal(found, 2);
    assert_string_equal(err.message,
                        "--split: 'tset' is none of all, train, test; did you mean 'test'?");
    // of a list only the word itself counts
    assert_int_equal(imp_name_lookup_with_length(&found, "", "train,test", 5, known_name, &err),
                     IMP_OK);
    assert_int_equal(found, 1);
    assert_int_equal(imp_name_lookup_with_length(&found, "", "none,test", 4, known_name, &err),
                     IMP_USAGE);
    assert_string_equal(err.message, "'none' is none of all, train, test");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_edits_are_counted),
        cmocka_unit_test(test_close_words_alone_are_suggested),
        cmocka_unit_test(test_a_word_is_found_or_refused_with_all_that_are_known),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
