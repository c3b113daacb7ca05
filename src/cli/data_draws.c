#include "cli/data_draws.h"

#include "base/plural.h"
#include <math.h>
#include <stdio.h>

// Adds a number to what is known of a quantity: its least, sum and greatest, and their count.
static void add_number(json_t *known, double value)
{
    const double least = json_number_value(json_object_get(known, "min"));
    const double most = json_number_value(json_object_get(known, "max"));
    const double count = json_number_value(json_object_get(known, "count"));
    const double mean = json_number_value(json_object_get(known, "mean"));
    const bool first = count == 0.0;
    json_object_set_new(known, "min", json_real(first ? value : fmin(least, value)));
    json_object_set_new(known, "max", json_real(first ? value : fmax(most, value)));
    json_object_set_new(known, "mean", json_real(mean + (value - mean) / (count + 1.0)));
    json_object_set_new(known, "count", json_real(count + 1.0));
}

static void add_episode(json_t *quantities, json_t *draw)
{
    const char *name;
    json_t *value, *number;
    size_t index;
    json_object_foreach(draw, name, value)
    {
        json_t *known = json_object_get(quantities, name);
        if (known == NULL) {
            known = json_object();
            json_object_set_new(quantities, name, known);
        }
        if (json_is_number(value))
            add_number(known, json_number_value(value));
        json_array_foreach(value, index, number) add_number(known, json_number_value(number));
    }
}

json_t *imp_data_draws_json(const imp_dataset *dataset)
{
    json_t *quantities = json_object();
    int episodes = 0;
    for (int k = 0; k < imp_dataset_episode_count(dataset); k++) {
        const char *text = imp_dataset_episode(dataset, k)->randomization;
        json_t *draw = text != NULL ? json_loads(text, 0, NULL) : NULL;
        episodes += json_is_object(draw);
        if (json_is_object(draw))
            add_episode(quantities, draw);
        json_decref(draw);
    }
    const char *name;
    json_t *known;
    json_object_foreach(quantities, name, known)
    {
        json_object_del(known, "count");
    }
    if (episodes > 0)
        return json_pack("{s:i, s:o}", "episodes", episodes, "quantities", quantities);
    json_decref(quantities);
    return json_null();
}

void imp_data_draws_print(const imp_dataset *dataset)
{
    json_t *draws = imp_data_draws_json(dataset), *known;
    const char *name;
    if (json_is_object(draws))
        printf("  randomised      %s:\n",
               IMP_COUNT(json_integer_value(json_object_get(draws, "episodes")), "episode"));
    json_object_foreach(json_object_get(draws, "quantities"), name, known)
    {
        printf("    %-13s %.4g to %.4g (mean %.4g)\n", name,
               json_number_value(json_object_get(known, "min")),
               json_number_value(json_object_get(known, "max")),
               json_number_value(json_object_get(known, "mean")));
    }
    json_decref(draws);
}
