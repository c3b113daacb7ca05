// The options --randomize and --distributions, and the distributions that they stand for. A list
// of groups selects what varies; a file in gym-duckietown's JSON format gives the distributions.
// With a file alone, the group domain_rand draws from it. Names in the file that mean nothing
// here cause a note, not an error: files of other programs may hold more.
#include <stdio.h>
#include <string.h>

#include "cli/options/sim_options.h"

// Both options go into a help group of their own.
void imp_randomization_options_add(imp_options *options, imp_sim_options *sim)
{
    const imp_option table[] = {
        {"randomize", 0, IMP_OPTION_TEXT, &sim->randomize, "LIST",
         "randomise each episode: all, looks (appearance), dynamics, indoors (all, in rooms and at "
         "night), reference (as in gym-duckietown), or groups such as light,delay=0.5,no-jpeg",
         IMP_SETTING},
        {"distributions", 0, IMP_OPTION_TEXT, &sim->randomization, "FILE",
         "draw from the distributions in this JSON file, in gym-duckietown's format",
         IMP_INPUT_PATH},
    };
    imp_options_add_group(options, "Randomisation", table, (int)(sizeof table / sizeof table[0]));
}

// Parses the list first, then lets the file replace the distributions that it names.
imp_status imp_randomization_options_parse(const imp_options *options, const imp_sim_options *sim,
                                           imp_randomization *out, imp_error *err)
{
    // an empty text means that the option was not given
    const bool file = sim->randomization[0] != '\0';
    // a file alone is what domain_rand draws from
    const char *list = sim->randomize[0] == '\0' && file ? "domain_rand" : sim->randomize;
    imp_error why = {0};
    imp_status status = imp_randomization_parse_list(out, list, &why);
    if (status != IMP_OK)
        return imp_fail(err, status, "--randomize: %s", why.message);
    if (!file)
        return IMP_OK;
    // the reader collects the names that it does not know
    char warning[IMP_RANDOMIZATION_WARNING_MAX];
    status = imp_randomization_read_file(out, sim->randomization, warning, err);
    if (status == IMP_OK && warning[0] != '\0' && !options->quiet)
        fprintf(stderr, "imprint: note: %s\n", warning);
    return status;
}
