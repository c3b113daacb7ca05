// Summarises what the randomisation drew for the episodes of a dataset: minimum, maximum and
// mean of every quantity. Each episode stores its draws as a JSON object of numbers and arrays
// of numbers. The statistics are accumulated in JSON objects under the quantity's name, so that
// new quantities need no change here. Arrays count each element.
#include "cli/data_commands/randomization_summary.h"

#include "base/text/plural.h"
#include "cli/output/json_output.h"
#include <math.h>
#include <stdio.h>

// Updates minimum, maximum and mean of a quantity by one value. The mean is a running one.
static void update_quantity_min_max_mean(json_t *quantity, double value)
{
    // the state of a running mean: smallest, largest, number and mean of the values so far
    const double min = json_number_value(json_object_get(quantity, "min"));
    const double max = json_number_value(json_object_get(quantity, "max"));
    const double count = json_number_value(json_object_get(quantity, "count"));
    const double mean = json_number_value(json_object_get(quantity, "mean"));
    const bool first = count == 0.0;
    imp_json_set(quantity, "min", json_real(first ? value : fmin(min, value)));
    imp_json_set(quantity, "max", json_real(first ? value : fmax(max, value)));
    imp_json_set(quantity, "mean", json_real(mean + (value - mean) / (count + 1.0)));
    imp_json_set(quantity, "count", json_real(count + 1.0));
}

// Adds the draws of one episode.
static void add_episode_quantities(json_t *quantities, json_t *drawn_values)
{
    const char *name;
    json_t *value, *number;
    size_t index;
    json_object_foreach(drawn_values, name, value)
    {
        // the first value of a quantity creates its entry
        json_t *quantity = json_object_get(quantities, name);
        if (quantity == NULL) {
            quantity = json_object();
            imp_json_set(quantities, name, quantity);
        }
        if (json_is_number(value))
            update_quantity_min_max_mean(quantity, json_number_value(value));
        json_array_foreach(value, index, number)
            update_quantity_min_max_mean(quantity, json_number_value(number));
    }
}

// Goes through all episodes. Null if none was randomised.
json_t *imp_randomization_summary_json(const imp_dataset *dataset)
{
    json_t *quantities = json_object();
    int episodes = 0;
    // episodes without draws have no text
    for (int k = 0; k < imp_dataset_episode_count(dataset); k++) {
        const char *text = imp_dataset_episode(dataset, k)->randomization;
        json_t *drawn_values = text != NULL ? json_loads(text, 0, NULL) : NULL;
        episodes += json_is_object(drawn_values);
        if (json_is_object(drawn_values))
            add_episode_quantities(quantities, drawn_values);
        json_decref(drawn_values);
    }
    const char *name;
    json_t *quantity;
    // the counts were only needed for the means
    json_object_foreach(quantities, name, quantity)
    {
        json_object_del(quantity, "count");
    }
    if (episodes > 0)
        return json_pack("{s:i, s:o}", "episodes", episodes, "quantities", quantities);
    json_decref(quantities);
    return json_null();
}

// Prints one line per quantity.
void imp_randomization_summary_print(const imp_dataset *dataset)
{
    json_t *summary = imp_randomization_summary_json(dataset), *quantity;
    const char *name;
    // print nothing if no episode was randomised
    if (json_is_object(summary))
        printf("  randomised      %s:\n",
               IMP_PLURAL(json_integer_value(json_object_get(summary, "episodes")), "episode"));
    json_object_foreach(json_object_get(summary, "quantities"), name, quantity)
    {
        printf("    %-13s %.4g to %.4g (mean %.4g)\n", name,
               json_number_value(json_object_get(quantity, "min")),
               json_number_value(json_object_get(quantity, "max")),
               json_number_value(json_object_get(quantity, "mean")));
    }
    json_decref(summary);
}
