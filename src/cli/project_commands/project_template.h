// cli/project_commands/project_template.h: the files that `imprint init` writes.
#ifndef IMP_CLI_PROJECT_COMMANDS_PROJECT_TEMPLATE_H
#define IMP_CLI_PROJECT_COMMANDS_PROJECT_TEMPLATE_H

#include <stdbool.h>

typedef struct imp_project_file {
    const char *name, *text;
    bool is_program;
} imp_project_file;

// Ends with a row without a name.
extern const imp_project_file imp_project_files[];

#endif
