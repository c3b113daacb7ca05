// imprint export: writes a network as ONNX, or a dataset in the format of another program
// (train.log of the baseline, Minari, robomimic). The table FORMATS describes each format: its
// name, its default output, and whether it is a file or a folder. Options belong to one format
// each; an option of another format is an error, because it would have no effect. Minari
// identifies a dataset by its place under Minari's folder. So the id is derived from the path
// where possible, and an --id that contradicts it is refused.
#include <stdio.h>
#include <string.h>

#include "base/common/try.h"
#include "base/io/file.h"
#include "cli/options/sim_options.h"
#include "cli/output/console.h"
#include "cli/output/json_output.h"
#include "cli/output/output_extension.h"
#include "cli/output/output_folder.h"
#include "data/export/minari_id.h"
#include "imprint/import_export.h"

// Options of all formats and what the summary needs.
typedef struct settings {
    const char *out;
    int format; // of FORMATS
    // options of one format each
    bool raw_pixels, standardised, force;
    imp_input_spec inputs; // of the network that was written
    const char *id;        // of Minari; "": to be found
    imp_export_def dataset;
    imp_export_summary summary;
    char minari_id[IMP_MINARI_ID_MAX]; // the id, where it is known
    bool is_listed_by_minari;          // by Minari, in its folder
} settings;

// The formats, with their default outputs.
static const struct {
    const char *name, *out;
    const char *extensions[4]; // of the file; none: a folder is written
    imp_export_format format;  // of datasets
} FORMATS[] = {
    {"onnx", "model.onnx", {".onnx"}, 0},
    {"trainlog", "train.log", {".log", ".pkl", ".pickle"}, IMP_EXPORT_TRAINLOG},
    {"minari", "minari", {NULL}, IMP_EXPORT_MINARI},
    {"robomimic", "robomimic.hdf5", {".hdf5", ".h5"}, IMP_EXPORT_ROBOMIMIC},
};
enum { ONNX, FORMAT_COUNT = sizeof FORMATS / sizeof FORMATS[0] };

// Writes a network as ONNX. A policy factory opens files and folders of models alike.
static imp_status export_onnx(settings *s, const char *model, imp_error *err)
{
    // the two flags choose the form of the inputs
    if (s->raw_pixels && s->standardised)
        return imp_fail(err, IMP_USAGE, "--raw-pixels and --standardised exclude each other");
    if (imp_path_exists(s->out) && !s->force)
        return imp_fail(err, IMP_IO, "%s exists: replace it with --force, or choose another --out",
                        s->out);
    // the factory wants an expert's definition; a network does not use it
    const imp_expert_def expert = imp_default_expert_def();
    imp_policy_factory *driver;
    IMP_TRY(imp_policy_factory_open(&driver, model, &expert, err));
    // experts and plug-ins have no weights that could be exported
    const imp_network *network = imp_policy_factory_network(driver);
    const imp_status status = network == NULL
                                  ? imp_fail(err, IMP_USAGE, "%s is not a network", model)
                                  : imp_network_export_onnx(network, s->out, !s->standardised, err);
    if (status == IMP_OK)
        s->inputs = *imp_network_inputs(network);
    imp_policy_factory_close(driver);
    return status;
}

// Refuses options that belong to another format.
static imp_status refuse_options_of_other_formats(const settings *s, const imp_options *options,
                                                  int format, imp_error *err)
{
    // the options of the network's inputs
    if (format != ONNX && (s->raw_pixels || s->standardised))
        return imp_fail(err, IMP_USAGE, "--raw-pixels and --standardised are options of onnx");
    if (FORMATS[format].format != IMP_EXPORT_MINARI && s->id[0] != '\0')
        return imp_fail(err, IMP_USAGE, "--id is an option of minari");
    if ((format == ONNX || FORMATS[format].format != IMP_EXPORT_ROBOMIMIC) &&
        (imp_option_is_given(options, &s->dataset.validation) ||
         imp_option_is_given(options, &s->dataset.seed)))
        return imp_fail(err, IMP_USAGE, "--validation and --seed are options of robomimic");
    return IMP_OK;
}

// Finds the dataset's id: that of its place in Minari's folder, else --id, else none.
static imp_status find_minari_id(settings *s, imp_error *err)
{
    // Minari keeps datasets in ~/.minari/datasets, or where MINARI_DATASETS_PATH says
    char root[IMP_PATH_MAX];
    IMP_TRY(imp_minari_datasets_folder(root, err));
    IMP_TRY(imp_minari_id_from_path(s->minari_id, &s->is_listed_by_minari, s->out, root, err));
    if (s->id[0] != '\0' && s->is_listed_by_minari && strcmp(s->id, s->minari_id) != 0)
        return imp_fail(
            err, IMP_USAGE,
            "--id %s: Minari lists the folder %s as %s: choose another --out, or leave out --id",
            s->id, s->out, s->minari_id);
    // a name that the user gave is used outside of Minari's folder
    if (s->id[0] != '\0')
        snprintf(s->minari_id, sizeof s->minari_id, "%s", s->id);
    s->dataset.id = s->id[0] != '\0' ? s->id : s->minari_id[0] != '\0' ? s->minari_id : NULL;
    return IMP_OK;
}

// Writes a dataset. Only Minari's format is a folder, which may have to be replaced.
static imp_status export_dataset(settings *s, const imp_options *options, int format,
                                 imp_error *err)
{
    const imp_monitor monitor = imp_console_create_monitor(options);
    const bool folder = FORMATS[format].format == IMP_EXPORT_MINARI;
    imp_output_folder out;
    s->dataset.format = FORMATS[format].format;
    // an existing output is replaced only if --force was given
    s->dataset.replace = s->force;
    if (folder)
        IMP_TRY(find_minari_id(s, err));
    if (folder)
        IMP_TRY(imp_output_folder_check_and_back_up(&out, options, s->out, false, s->force, err));
    const imp_status status =
        imp_export_dataset(&s->summary, options->operands[1], s->out, &s->dataset, &monitor, err);
    imp_console_clear_progress();
    if (folder)
        imp_output_folder_restore_or_drop_backup(&out, status, err);
    return status;
}

// Checks options and output for the format, then writes.
static imp_status run_export_command(void *state, const imp_options *options, imp_error *err)
{
    settings *s = state;
    int *format = &s->format;
    // the formats are the subcommands
    imp_subcommand subcommands[FORMAT_COUNT + 1] = {0};
    for (int k = 0; k < FORMAT_COUNT; k++)
        subcommands[k] = (imp_subcommand){FORMATS[k].name, 1, 1, k == ONNX ? "MODEL" : "DATASET"};
    IMP_TRY(imp_options_find_subcommand(format, options, subcommands, err));
    // every format has its own default output
    if (s->out[0] == '\0')
        s->out = FORMATS[*format].out;
    const char *const *extensions = FORMATS[*format].extensions;
    imp_status status = refuse_options_of_other_formats(s, options, *format, err);
    // the format is known: a name may do without an ending, but not have another's
    if (status == IMP_OK && extensions[0] != NULL && imp_output_extension(s->out)[0] != '\0')
        status = imp_output_check_file(s->out, extensions, err);
    else if (status == IMP_OK && extensions[0] == NULL)
        status = imp_output_check_folder(s->out, err);
    if (status != IMP_OK)
        return status;
    return *format == ONNX ? export_onnx(s, options->operands[1], err)
                           : export_dataset(s, options, *format, err);
}

// Says how the numbers of the inputs besides the command are to be given.
static void print_other_conditions(const settings *s)
{
    const imp_condition_info *info;
    int last = IMP_INPUT_COMMAND;
    for (int k = 0; (info = imp_condition_get_info(k)) != NULL; k++) {
        if (info->input == IMP_INPUT_COMMAND || !s->inputs.takes[info->input])
            continue;
        if ((int)info->input != last)
            printf("; and \"%s\": ", imp_input_name((int)info->input));
        printf("%s(%s%s%s - %.4g) / %.4g", (int)info->input != last ? "" : ", ", info->name,
               info->unit[0] != '\0' ? " in " : "", info->unit, info->usual, info->scale);
        last = (int)info->input;
    }
}

// Says which inputs the ONNX model has: a caller must know their order and layout.
static int print_onnx(const settings *s, const imp_options *options)
{
    // the names of the inputs are part of the ONNX model and must not change
    const bool several = s->inputs.frames > 1;
    const char *input = s->standardised ? "input" : several ? "pictures" : "picture";
    if (options->json) {
        json_t *json =
            json_pack("{s:s, s:s, s:i, s:s, s:i, s:i}", "out", s->out, "format", "onnx", "opset",
                      13, "input", input, "frames", s->inputs.frames, "actions", s->inputs.actions);
        for (int k = 0; k < IMP_INPUT_COUNT; k++)
            imp_json_update(json, json_pack("{s:b}", imp_input_name(k), s->inputs.takes[k]));
        return imp_console_finish_with_json(json);
    }
    printf("%s: ONNX, opset 13, takes \"%s\": %s%s", s->out, input,
           s->standardised ? "standardised images, floats, channels first"
                           : "RGB bytes, channels last",
           several ? ", the latest first" : "");
    if (s->inputs.actions > 0)
        printf("; and \"actions\": the last %d executed actions, left and right, the latest first",
               s->inputs.actions);
    if (s->inputs.takes[IMP_INPUT_COMMAND])
        printf("; and \"command\": 1 for left, straight or right, or all 0");
    print_other_conditions(s);
    printf("\n");
    return imp_console_flush();
}

// Says how Minari finds the dataset.
static void print_minari_usage(const settings *s)
{
    if (s->is_listed_by_minari)
        printf("Minari lists it: minari.load_dataset(\"%s\")\n", s->minari_id);
    else if (s->minari_id[0] != '\0')
        printf("its id is %s: minari.MinariDataset(\"%s\") reads it here; minari.load_dataset() "
               "looks for it in %s/data of Minari's folder\n",
               s->minari_id, s->out, s->minari_id);
    else
        printf("minari.MinariDataset(\"%s\") reads it; --id gives it a name\n", s->out);
}

// Says how many demonstrations each mask of the split lists.
static void print_robomimic(const settings *s)
{
    if (s->dataset.validation > 0.0)
        printf("mask/train lists %d demos, mask/valid %d%s\n", s->summary.training,
               s->summary.held_out,
               s->summary.held_out > 0
                   ? ""
                   : " and is left out: give a larger --validation for so few demos");
}

// The summary of an exported dataset.
static int print_exported_dataset(const settings *s, const imp_options *options, int format)
{
    const bool minari = s->dataset.format == IMP_EXPORT_MINARI;
    const bool masks = s->dataset.format == IMP_EXPORT_ROBOMIMIC && s->dataset.validation > 0.0;
    // in JSON, members that do not apply to the format are left out
    if (options->json) {
        json_t *all = json_pack("{s:s, s:s}", "out", s->out, "format", FORMATS[format].name);
        if (minari && s->minari_id[0] != '\0')
            imp_json_set(all, "id", json_string(s->minari_id));
        if (masks) {
            imp_json_set(all, "train", json_integer(s->summary.training));
            imp_json_set(all, "valid", json_integer(s->summary.held_out));
        }
        return imp_console_finish_with_json(all);
    }
    printf("%s: %s in the format of %s\n", s->out, options->operands[1], FORMATS[format].name);
    if (minari)
        print_minari_usage(s);
    if (masks)
        print_robomimic(s);
    return imp_console_flush();
}

// The report depends on the format: a network has other facts than a dataset.
static int print_export_summary(const void *state, const imp_options *options)
{
    const settings *s = state;
    return s->format == ONNX ? print_onnx(s, options)
                             : print_exported_dataset(s, options, s->format);
}

// Each help text begins with the format that the option is for.
static void set_up_export_command(void *state, imp_options *options)
{
    settings *s = state;
    // the default output depends on the format, which is known after parsing
    s->out = s->id = "";
    s->dataset = imp_default_export_def();
    const imp_option table[] = {
        {"out", 'o', IMP_OPTION_TEXT, &s->out, "PATH",
         "file or folder to write [model.onnx, train.log, minari or robomimic.hdf5]",
         IMP_TRANSIENT},
        {"raw-pixels", 0, IMP_OPTION_FLAG, &s->raw_pixels, NULL,
         "onnx: the inputs are RGB bytes as they come from the camera (the default)", IMP_SETTING},
        {"standardised", 0, IMP_OPTION_FLAG, &s->standardised, NULL,
         "onnx: the inputs are standardised images: (x - mean) / deviation, channels first",
         IMP_SETTING},
        {"id", 0, IMP_OPTION_TEXT, &s->id, "ID",
         "minari: id of the dataset, NAMESPACE/NAME-vNUMBER; by default, --out determines it",
         IMP_SETTING},
        {"validation", 0, IMP_OPTION_REAL, &s->dataset.validation, "SHARE",
         "robomimic: share of the episodes in mask/valid, the others are in mask/train; 0: no "
         "masks",
         IMP_SETTING},
        {"seed", 's', IMP_OPTION_SEED, &s->dataset.seed, "N",
         "robomimic: seed of that split, which is the one of `imprint train`", IMP_SETTING},
        {"force", 'f', IMP_OPTION_FLAG, &s->force, NULL, "replace the output if it exists",
         IMP_TRANSIENT},
    };
    imp_options_add_all(options, table, (int)(sizeof table / sizeof table[0]));
}

const imp_command imp_command_export = {
    .name = "export",
    .summary = "write a model or a dataset for other programs",
    .operands = "onnx MODEL | (trainlog | minari | robomimic) DATASET",
    .details =
        "MODEL is a file, or a folder of `imprint train`. The ONNX model takes batches of "
        "any size and outputs left and right duty cycles. It includes the preprocessing "
        "unless --standardised is given.\n\nDATASET is a folder of `imprint log` or `imprint "
        "import`. trainlog is the file that the baseline's training reads. minari is a "
        "folder for Farama's Minari, with one file for all episodes. robomimic is its HDF5 "
        "file, with the images as obs/image.\n\nMinari identifies a dataset by its folder. "
        "With --out ~/.minari/datasets/imprint/loop-v0/data its id is imprint/loop-v0.",
    .examples =
        "  imprint log --episodes 4 --steps 100 --out /tmp/imprint-export-d --force &&\n"
        "  imprint train --data /tmp/imprint-export-d --epochs 1 --out /tmp/imprint-export-m "
        "--force &&\n"
        "  imprint export onnx /tmp/imprint-export-m --out /tmp/imprint-model.onnx --force &&\n"
        "  imprint export robomimic /tmp/imprint-export-d --out /tmp/imprint-demos.hdf5 --force",
    .state_size = sizeof(settings),
    .set_up = set_up_export_command,
    .run = run_export_command,
    .report = print_export_summary,
};
