#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "cli/commands.h"
#include "cli/session.h"

typedef struct settings {
    const char *out;
    bool raw_pixels, standardised, force;
} settings;

static imp_status export_onnx(const settings *s, const imp_options *options, imp_error *err)
{
    if (options->operand_count != 2 || strcmp(options->operands[0], "onnx") != 0)
        return imp_fail(err, IMP_USAGE, "wanted is: imprint export onnx MODEL --out FILE");
    if (s->raw_pixels && s->standardised)
        return imp_fail(err, IMP_USAGE, "--raw-pixels and --standardised exclude each other");
    if (imp_path_exists(s->out) && !s->force)
        return imp_fail(err, IMP_IO, "%s exists: replace it with --force, or choose another --out",
                        s->out);
    const char *model = options->operands[1];
    const imp_expert_def expert = imp_default_expert_def();
    imp_driver *driver;
    imp_status status = imp_driver_open(&driver, model, &expert, err);
    if (status != IMP_OK)
        return status;
    const imp_network *network = imp_driver_network(driver);
    status = network == NULL ? imp_fail(err, IMP_USAGE, "%s is no network", model)
                             : imp_network_export_onnx(network, s->out, !s->standardised, err);
    imp_driver_close(driver);
    return status;
}

static int print_summary(const settings *s, const imp_options *options)
{
    const char *input = s->standardised ? "input" : "picture";
    if (options->json)
        return imp_session_print_json(json_pack("{s:s, s:s, s:i, s:s}", "out", s->out, "format",
                                                "onnx", "opset", 13, "input", input));
    printf("%s: ONNX, opset 13, takes \"%s\": %s\n", s->out, input,
           s->standardised ? "standardised pictures, floats, channels first"
                           : "RGB bytes, channels last");
    return imp_session_finish();
}

static int run(const imp_command *command, int argc, char **argv)
{
    settings s = {.out = "model.onnx"};
    imp_options options;
    imp_error err = {0};
    const imp_option table[] = {
        {"out", 'o', IMP_OPTION_TEXT, &s.out, "FILE", "the new file", true},
        {"raw-pixels", 0, IMP_OPTION_FLAG, &s.raw_pixels, NULL,
         "take RGB bytes as they come from the camera; what is done unless told otherwise", false},
        {"standardised", 0, IMP_OPTION_FLAG, &s.standardised, NULL,
         "take pictures that are standardised already: (x - mean) / deviation, channels first",
         false},
        {"force", 'f', IMP_OPTION_FLAG, &s.force, NULL, "replace the file if it exists", true},
    };
    imp_options_init(&options, command);
    imp_options_add_all(&options, table, (int)(sizeof table / sizeof table[0]));
    imp_status status = imp_options_read(&options, argc, argv, &err);
    if (status == IMP_OK && !options.help)
        status = export_onnx(&s, &options, &err);
    int code = status != IMP_OK ? imp_session_fail(status, &err)
               : options.help   ? imp_session_finish()
                                : print_summary(&s, &options);
    imp_options_free(&options);
    return code;
}

const imp_command imp_command_export = {
    .name = "export",
    .summary = "write a model for other inference engines",
    .operands = "onnx MODEL",
    .details =
        "MODEL is a file, or a folder that `imprint train` wrote. The ONNX model takes "
        "batches of any size and\n"
        "gives left and right duty cycles; preprocessing is part of it unless told otherwise.",
    .examples =
        "  imprint log --episodes 4 --steps 100 --out /tmp/imprint-export-d --force &&\n"
        "  imprint train --data /tmp/imprint-export-d --epochs 1 --out /tmp/imprint-export-m "
        "--force &&\n"
        "  imprint export onnx /tmp/imprint-export-m --out /tmp/imprint-model.onnx --force",
    .run = run,
};
