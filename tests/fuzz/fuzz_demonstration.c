// Any bytes at all, read as a demonstration: a drive that can be written and read again to the same
// text, or one line that says why not.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "imprint/demonstration.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void wanted(bool condition, const char *what)
{
    if (!condition) {
        fprintf(stderr, "broken: %s\n", what);
        abort();
    }
}

// What was read, by what the definition of the format says.
static void check_drive(const imp_demonstration *drive)
{
    wanted(drive->steps >= 1 && drive->steps <= IMP_DEMONSTRATION_STEPS_MAX, "some steps");
    for (int k = 0; k < drive->steps; k++) {
        wanted(drive->actions[2 * k] >= -1.0F && drive->actions[2 * k] <= 1.0F, "a duty cycle");
        wanted(imp_driver_name(drive->drivers[k]) != NULL, "every step has a driver");
    }
    wanted(drive->check_every >= 1, "checks are apart");
    wanted(strchr(drive->map, '/') == NULL && drive->map[0] != '\0', "a name of a map");
    wanted(strpbrk(drive->note, "\n\r\033") == NULL, "texts have no control characters");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    imp_error err = {0};
    imp_demonstration drive, again;
    char *text = NULL, *second = NULL;
    const imp_status status =
        imp_demonstration_parse(&drive, (const char *)data, size, "fuzz.json", &err);
    if (status != IMP_OK) {
        wanted(status == IMP_BAD_INPUT && err.status == status, "bad input is the only failure");
        wanted(strncmp(err.message, "fuzz.json:", 10) == 0, "the message names the file");
        wanted(strchr(err.message, '\n') == NULL, "the message is one line");
        return 0;
    }
    check_drive(&drive);
    wanted(imp_demonstration_to_json(&text, &drive, &err) == IMP_OK, "what was read is written");
    wanted(imp_demonstration_parse(&again, text, strlen(text), "again", &err) == IMP_OK,
           "and read again");
    wanted(imp_demonstration_to_json(&second, &again, &err) == IMP_OK && strcmp(text, second) == 0,
           "to the same");
    free(text);
    free(second);
    imp_demonstration_free(&drive);
    imp_demonstration_free(&again);
    return 0;
}
