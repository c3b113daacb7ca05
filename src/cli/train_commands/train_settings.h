// cli/train_commands/train_settings.h: the options of `imprint train`. A sweep over seeds
// takes them all, `imprint seg-train` and `imprint dagger` some.
#ifndef IMP_CLI_TRAIN_COMMANDS_TRAIN_SETTINGS_H
#define IMP_CLI_TRAIN_COMMANDS_TRAIN_SETTINGS_H

#include "cli/options/sim_options.h"

#define IMP_EMA_HELP                                                                               \
    "decay of the exponential moving average of the weights that becomes the model; 0: none"

typedef struct imp_train_settings {
    imp_train_def *train; // the command's
    imp_text_list data;
    const char *architecture, *loss, *augment, *out; // loss NULL: that of the definition
    // filled by imp_train_settings_convert_and_check(): of the datasets
    const char *folders[IMP_LIST_MAX];
    double weights[IMP_LIST_MAX];
    char *owned[IMP_LIST_MAX]; // folders that are copies, or NULL
    bool force;
} imp_train_settings;

imp_train_settings imp_default_train_settings(imp_train_def *train);
void imp_train_options_add(imp_options *options, imp_train_settings *s);
// Adds those of these names alone; NULL ends them.
void imp_train_options_add_named(imp_options *options, imp_train_settings *s,
                                 const char *const *names);
// Turns the words among them into what they stand for; says what is out of range.
imp_status imp_train_settings_convert_and_check(imp_train_settings *s, imp_error *err);
// Refuses to write where the settings say that is read.
imp_status imp_train_settings_refuse_input_as_output(const imp_train_settings *s, imp_error *err);
void imp_train_settings_free(imp_train_settings *s);

#endif
