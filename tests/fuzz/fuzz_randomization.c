// Any bytes at all, read as a file of distributions: something to draw from that the definitions
// take, or one line that says why not.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "imprint/randomization.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void wanted(bool condition, const char *what)
{
    if (!condition) {
        fprintf(stderr, "broken: %s\n", what);
        abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    imp_error err = {0};
    imp_randomization spec = imp_randomization_none();
    char warning[IMP_RANDOMIZATION_WARNING_MAX];
    imp_status status =
        imp_randomization_parse_json(&spec, "fuzz.json", (const char *)data, size, warning, &err);
    wanted(strchr(warning, '\n') == NULL, "the notice is one line");
    if (status != IMP_OK) {
        wanted(status == IMP_BAD_INPUT && err.status == status, "bad input is the only failure");
        wanted(strncmp(err.message, "fuzz.json:", 10) == 0, "the message names the file");
        wanted(strchr(err.message, '\n') == NULL, "the message is one line");
        return 0;
    }
    for (uint32_t episode = 0; episode < 4; episode++) {
        const imp_randomization_sample draw = imp_randomization_draw_sample(&spec, 1, 0, episode);
        imp_camera_def camera = imp_default_camera_def();
        imp_camera_effects_def degrade = imp_default_camera_effects_def();
        imp_camera probe;
        char text[IMP_SAMPLE_JSON_MAX];
        camera.lens = imp_lens_none();
        imp_randomization_apply_to_camera(&draw, &camera);
        imp_randomization_apply_to_effects(&draw, &degrade);
        imp_randomization_sample_json(&draw, text);
        wanted(imp_camera_init(&probe, &camera, NULL) == IMP_OK, "every camera is taken");
        wanted(imp_camera_effects_check(&degrade, NULL) == IMP_OK, "every degradation is taken");
        wanted(strlen(text) >= 2 && text[strlen(text) - 1] == '}', "the text is whole");
    }
    return 0;
}
