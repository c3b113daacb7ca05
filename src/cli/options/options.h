// cli/options/options.h: one table per command serves its options, its configuration file, its
// saved settings and its help, so that they cannot disagree. Options that set a member of one of
// the library's definitions take type, range, choices and help from the table of its members.
#ifndef IMP_CLI_OPTIONS_OPTIONS_H
#define IMP_CLI_OPTIONS_OPTIONS_H

#include "base/text/struct_text.h"
#include "imprint/communicator.h"

enum { IMP_LIST_MAX = 256, IMP_OPTIONS_MAX = 96 };

typedef enum imp_option_type {
    IMP_OPTION_FLAG,   // bool; --no-NAME turns it off
    IMP_OPTION_INT,    // int
    IMP_OPTION_SEED,   // uint64_t
    IMP_OPTION_REAL,   // double
    IMP_OPTION_TEXT,   // const char *
    IMP_OPTION_LIST,   // imp_text_list; may be repeated
    IMP_OPTION_PAIR,   // int[2], written 80x60 or 3,1
    IMP_OPTION_POSE,   // double[3], written 1.5,2.0,90
    IMP_OPTION_CHOICE, // int, an enumeration, written as one of its words
    IMP_OPTION_MEMBER, // see IMP_MEMBER_OPTION(); only in the tables of commands
} imp_option_type;

typedef enum imp_option_kind {
    IMP_SETTING,    // says what is done: saved, and a run is continued with the same
    IMP_INPUT_PATH, // the same, and may name a file or folder: results say what is in it, not where
    IMP_FLEXIBLE,   // how far or how often: saved, but a run may be continued with another value
    IMP_TRANSIENT,  // where or how to run: not saved
} imp_option_kind;

typedef struct imp_text_list {
    const char *items[IMP_LIST_MAX];
    int count;
} imp_text_list;

enum { IMP_OPTION_NAME_MAX = 32 };

typedef struct imp_option {
    char name[IMP_OPTION_NAME_MAX]; // long option and key in settings files
    char letter;                    // short option, or 0
    imp_option_type type;
    void *value;             // holds the default before, and the setting after reading
    const char *placeholder; // in the help; NULL for flags
    const char *help;
    imp_option_kind kind;
} imp_option;

// Rows of imp_options_add_members(): an option that sets the member with this path, and is called
// as the member, with dashes. What it is for is what the table of members says, or else `text`.
#define IMP_MEMBER_OPTION(path, letter, kind)                                                      \
    {                                                                                              \
        path, letter, IMP_OPTION_MEMBER, NULL, NULL, NULL, kind                                    \
    }
#define IMP_MEMBER_OPTION_WITH_HELP(path, letter, kind, text)                                      \
    {                                                                                              \
        path, letter, IMP_OPTION_MEMBER, NULL, NULL, text, kind                                    \
    }

typedef struct imp_command imp_command;

// The options of a command and what was given.
typedef struct imp_options {
    const imp_command *command;
    imp_option table[IMP_OPTIONS_MAX];
    const imp_struct_member *members[IMP_OPTIONS_MAX]; // that they set; NULL: a variable
    const char *groups[IMP_OPTIONS_MAX]; // under which the help lists them; NULL: the command's own
    // Names in earlier versions, or NULL. Command lines may use them, with a warning, and settings
    // files without. They are still the keys in the JSON that results hold, so that these stay
    // equal.
    const char *old_names[IMP_OPTIONS_MAX];
    bool only_given[IMP_OPTIONS_MAX]; // saved only if it was given
    bool given[IMP_OPTIONS_MAX];      // on the command line or in the configuration file
    bool appends[IMP_OPTIONS_MAX];    // what comes next is added to a list instead of replacing it
    int count;
    char *owned[IMP_OPTIONS_MAX * 4]; // texts copied from a configuration file
    int owned_count;
    const char *operands[IMP_LIST_MAX]; // what is not an option
    int operand_count;
    const char *config;      // of the common options
    imp_communicator *ranks; // the processes that share the work; NULL: this one alone
    bool json, quiet;
    bool help, version; // asked for; help: either was printed, and nothing else is to be done
    char program[64];   // how it was called: "imprint log"
} imp_options;

// A command of the program.
struct imp_command {
    const char *name;
    const char *summary;        // one line
    const char *operands;       // shown in the usage line; "" if none
    const char *operand_option; // nullable; whose value people give as an operand by mistake
    const char *details;        // paragraphs of the help, an empty line between them
    const char *examples;       // lines that work when pasted
    // NULL, or a function of the operands: the folder whose settings are read first; NULL: none
    const char *(*settings_folder)(const imp_options *options);
    bool works_in_ranks; // processes that mpirun starts share its work
    size_t state_size;   // of its settings and results; they are all zero before set_up()
    void (*set_up)(void *state, imp_options *options); // sets defaults, adds options; or NULL
    // Refuses settings that do not go together, and completes them for run(); writes no file. A
    // sweep asks it for all runs before the first one. NULL: nothing to check.
    imp_status (*check)(void *state, const imp_options *options, imp_error *err);
    imp_status (*run)(void *state, const imp_options *options, imp_error *err);
    int (*report)(const void *state, const imp_options *options); // prints, returns the exit code;
                                                                  // NULL: run() has printed
    void (*tear_down)(void *state); // frees what the state refers to; NULL: nothing
};

// Starts a table with the options that every command has: --config, --json, --quiet, --help,
// --version.
void imp_options_init(imp_options *options, const imp_command *command);

void imp_options_add(imp_options *options, imp_option option);
void imp_options_add_all(imp_options *options, const imp_option *table, int count);

// The same, under a heading in the help. Several calls may add to a group. The title is borrowed.
void imp_options_add_group(imp_options *options, const char *title, const imp_option *table,
                           int count);

// The same, where rows of IMP_MEMBER_OPTION() stand for members of the definition at `def`. group:
// NULL: none.
void imp_options_add_members(imp_options *options, const char *group, const imp_option *table,
                             int count, const imp_struct_table *members, void *def);

// Adds the options with these names from another table; NULL ends them.
void imp_options_copy_named(imp_options *options, const imp_options *from,
                            const char *const *names);

// Saves the option that fills `value` only where it is given: otherwise something else decides.
void imp_options_save_only_if_given(imp_options *options, const void *value);

// Reads the command line, and before it the configuration file that it names, or else, with
// --resume, the settings in the folder that --out names. Texts of the command line are borrowed.
// After --help or --version, prints it and sets options->help.
imp_status imp_options_parse(imp_options *options, int argc, char **argv, imp_error *err);
void imp_options_free(imp_options *options);

// What a user types to reach the command: "imprint log".
const char *imp_options_program_name(const imp_options *options);

// Whether this process writes: of several that share the work, rank 0 alone does.
bool imp_options_is_writing_rank(const imp_options *options);

// Puts the names of options in the place of members of definitions in a message that begins with
// one (IMP_HINT_SETTING): the library does not know the options.
void imp_options_name_settings(const imp_options *options, imp_error *err);

// Whether the option that fills `value` was given.
bool imp_option_is_given(const imp_options *options, const void *value);

// Finds what the first operand names of what a command can do. IMP_USAGE if it is none of the
// words, or not followed by `least` to `most` operands (most < 0: any number). `words` has a row
// for each, and one without a word behind the last.
typedef struct imp_subcommand {
    const char *name;
    int min_operands, max_operands;
    const char *operands; // that follow it, for people: "MAP..."
} imp_subcommand;
imp_status imp_options_find_subcommand(int *out, const imp_options *options,
                                       const imp_subcommand *subcommands, imp_error *err);

// What is saved: settings alone as one line of JSON, which results hold: where it names files it
// says what is in them, so that equal results are equal; flexible ones, too, and paths as they were
// given, as a YAML file's text. The caller frees them. Both fail with IMP_NO_MEMORY, and with
// IMP_USAGE if a text is not UTF-8; the first also if a file that an option names cannot be read:
// results that do not say what they were made of would differ from those that do.
imp_status imp_options_to_json(char **out, const imp_options *options, imp_error *err);
imp_status imp_options_to_yaml(char **out, const imp_options *options, imp_error *err);

#endif
