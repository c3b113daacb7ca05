// cli/project_commands/machine.h: what a machine has that matters to this program.
#ifndef IMP_CLI_PROJECT_COMMANDS_MACHINE_H
#define IMP_CLI_PROJECT_COMMANDS_MACHINE_H

#include <stdbool.h>

#include "imprint/base.h"

enum { IMP_MACHINE_TEXT_MAX = 256 };

// The name of the processor, or "unknown". out: IMP_MACHINE_TEXT_MAX characters.
void imp_machine_processor(char *out);

// Processors that this process may use, and all of the machine's.
void imp_machine_count_processors(int *usable, int *all);

// Memory of the machine and what is free of it, in bytes; 0 if unknown.
void imp_machine_memory(double *total, double *available);

// Free space of the file system of a folder in bytes, and the speed at which it takes a file of
// 32 MB, synced [bytes/s]. Fails with IMP_IO if nothing can be written there.
imp_status imp_machine_measure_disk(double *available, double *speed, const char *folder,
                                    imp_error *err);

// Runs a program of PATH without input and keeps the beginning of its standard output. Returns
// whether it ended with exit code 0. argv ends with NULL.
bool imp_machine_run_program(char *out, size_t capacity, const char *const *argv);

#endif
