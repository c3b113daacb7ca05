// The maps, policies, episodes and settings of a page as one JSON object. Maps and architectures
// are YAML, which the page cannot read: they become JSON trees. The values of networks follow the
// object as they are, so that the page computes with the same bits.
#include "page/writer/page_data.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/common/try.h"
#include "base/text/text_stream.h"
#include "base/yaml/yaml_json.h"
#include "nn/network/network.h"
#include "sim/env/env_settings.h"
#include "sim/simulator/sim_settings.h"

enum { TREE_BYTES_MAX = 4 << 20 };

// Writes `"key": "text"` and a comma.
static void write_text_member(FILE *out, const char *key, const char *text)
{
    fprintf(out, "\"%s\":", key);
    imp_json_write_string(out, text);
    fputc(',', out);
}

static void write_hash_member(FILE *out, const char *key, uint64_t hash)
{
    fprintf(out, "\"%s\":\"%016" PRIx64 "\",", key, hash);
}

// Writes lines of imp_struct_write_text() as one JSON string.
static imp_status write_settings(FILE *out, const char *key, const char *prefix,
                                 const imp_struct_table *members, const void *def, imp_error *err)
{
    imp_text_stream text;
    IMP_TRY(imp_text_stream_open(&text, "a page", err));
    imp_struct_write_text(text.out, prefix, members, def);
    IMP_TRY(imp_text_stream_close(&text, "a page", err));
    write_text_member(out, key, text.bytes);
    free(text.bytes);
    return IMP_OK;
}

// Writes YAML text as a JSON tree, which is itself a JSON string: the page hands it on as it is.
static imp_status write_yaml_as_json_text(FILE *out, const char *source, const char *yaml_text,
                                          size_t length, imp_error *err)
{
    imp_text_stream text;
    imp_yaml yaml = {.source = source, .err = err};
    IMP_TRY(imp_text_stream_open(&text, "a page", err));
    imp_status status = imp_yaml_parse(&yaml, yaml_text, length);
    if (status == IMP_OK)
        status = imp_yaml_write_json(text.out, &yaml, TREE_BYTES_MAX);
    imp_yaml_free(&yaml);
    if (status != IMP_OK) {
        imp_text_stream_discard(&text);
        return status;
    }
    IMP_TRY(imp_text_stream_close(&text, "a page", err));
    imp_json_write_string(out, text.bytes);
    free(text.bytes);
    return IMP_OK;
}

// Writes one map. Its text is written where the reader of a demonstration will not have it.
static imp_status write_map(FILE *out, const imp_world *world, imp_error *err)
{
    fputc('{', out);
    write_text_member(out, "name", world->name);
    write_hash_member(out, "hash", imp_world_text_hash(world));
    if (!imp_world_is_builtin(world)) {
        char *copy = strndup(world->source, world->source_length);
        if (copy == NULL)
            return imp_fail(err, IMP_NO_MEMORY, "out of memory for a page");
        write_text_member(out, "text", copy);
        free(copy);
    }
    fputs("\"tree\":", out);
    IMP_TRY(write_yaml_as_json_text(out, world->name, world->source, world->source_length, err));
    fputs("}", out);
    return IMP_OK;
}

// Whether one of the first `count` worlds has this name.
static bool has_map(const imp_map_set *maps, const char *name)
{
    for (int k = 0; k < maps->count; k++)
        if (strcmp(maps->worlds[k]->name, name) == 0)
            return true;
    return false;
}

// Writes a map of an episode, unless it is there already.
static imp_status write_map_of_episode(FILE *out, const imp_page_def *def, int index,
                                       const imp_map_set *given, imp_error *err)
{
    const imp_demonstration *drive = def->episodes[index].drive;
    imp_world *world = NULL;
    bool known = drive->map_text == NULL;
    uint64_t hash = drive->map_hash;
    // a built-in map is known; so are given maps and those of earlier episodes
    for (int k = 0; k < given->count && !known; k++)
        if (strcmp(given->worlds[k]->name, drive->map) == 0) {
            known = true;
            hash = imp_world_text_hash(given->worlds[k]);
        }
    for (int k = 0; k < index && !known; k++)
        if (strcmp(def->episodes[k].drive->map, drive->map) == 0) {
            known = true;
            hash = def->episodes[k].drive->map_hash;
        }
    // a page finds maps by name: one name, one map
    if (hash != drive->map_hash)
        return imp_fail(err, IMP_BAD_INPUT,
                        "episode %s: its map '%s' differs from another map of that name: write a "
                        "page for each",
                        def->episodes[index].name, drive->map);
    if (known)
        return IMP_OK;
    if (imp_map_is_builtin(drive->map))
        return imp_fail(err, IMP_BAD_INPUT,
                        "episode %s: its map '%s' has the name of a built-in map",
                        def->episodes[index].name, drive->map);
    // a map that only the drive's file holds
    IMP_TRY(imp_demonstration_load_world(&world, drive, err));
    fputs(",\n", out);
    const imp_status status = write_map(out, world, err);
    imp_world_destroy(world);
    return status;
}

// Writes the given maps, then the built-in ones that are not among them.
static imp_status write_maps(FILE *out, const imp_page_def *def, const imp_map_set *given,
                             imp_error *err)
{
    for (int k = 0; k < given->count; k++) {
        if (k > 0)
            fputs(",\n", out);
        IMP_TRY(write_map(out, given->worlds[k], err));
    }
    for (int k = 0; k < imp_builtin_map_count(); k++) {
        const char *name = imp_builtin_map_name(k);
        imp_world *world = NULL;
        if (has_map(given, name))
            continue;
        IMP_TRY(imp_world_load(&world, name, err));
        fputs(",\n", out);
        const imp_status status = write_map(out, world, err);
        imp_world_destroy(world);
        IMP_TRY(status);
    }
    for (int k = 0; k < def->episode_count; k++)
        IMP_TRY(write_map_of_episode(out, def, k, given, err));
    return IMP_OK;
}

// The camera that a network was trained with: its metadata name the lens.
static imp_status find_camera_of_network(imp_camera_def *out, const imp_policy_factory *policy,
                                         imp_error *err)
{
    const char *name = imp_policy_factory_name(policy);
    const char *lens = imp_network_metadata(imp_policy_factory_network(policy), "lens");
    *out = imp_default_camera_def();
    imp_policy_factory_image_size(policy, &out->width, &out->height);
    if (lens == NULL || strcmp(lens, imp_lens_name(out->lens.kind)) == 0)
        return IMP_OK;
    if (strcmp(lens, imp_lens_name(IMP_LENS_NONE)) != 0)
        return imp_fail(err, IMP_USAGE,
                        "%s: it was trained with a lens of its own, which a page does not have",
                        name);
    out->lens = imp_lens_none();
    return IMP_OK;
}

// The last component of a path, without slashes at its end.
static void write_short_name(FILE *out, const char *path)
{
    size_t end = strlen(path);
    while (end > 1 && path[end - 1] == '/')
        end--;
    size_t begin = end;
    while (begin > 0 && path[begin - 1] != '/')
        begin--;
    char name[256];
    snprintf(name, sizeof name, "%.*s", (int)(end - begin), path + begin);
    write_text_member(out, "name", name);
}

imp_status imp_page_check_policy(const imp_policy_factory *policy, imp_error *err)
{
    const imp_network *network = imp_policy_factory_network(policy);
    const char *name = imp_policy_factory_name(policy);
    imp_camera_def camera;
    if (network == NULL)
        return imp_fail(err, IMP_USAGE,
                        "%s: a page takes models of imprint train; the experts are always in it",
                        name);
    if (imp_policy_factory_segmenter(policy) != NULL)
        return imp_fail(err, IMP_USAGE, "%s: a page takes no policies with a segmenter", name);
    if (network->architecture == NULL || imp_network_info(network)->outputs != 2)
        return imp_fail(err, IMP_USAGE, "%s: this network is no policy", name);
    return find_camera_of_network(&camera, policy, err);
}

// Writes one network, all but its values.
static imp_status write_policy(FILE *out, const imp_policy_factory *policy, imp_error *err)
{
    const imp_network *network = imp_policy_factory_network(policy);
    const char *name = imp_policy_factory_name(policy);
    IMP_TRY(imp_page_check_policy(policy, err));
    imp_sim_def sim = imp_default_sim_def();
    IMP_TRY(find_camera_of_network(&sim.camera, policy, err));
    char identity[IMP_POLICY_IDENTITY_MAX];
    imp_policy_factory_identity(policy, identity);
    fputc('{', out);
    write_short_name(out, name);
    write_text_member(out, "identity", identity);
    write_hash_member(out, "hash", imp_network_weights_hash(network));
    IMP_TRY(write_settings(out, "camera", "camera", &imp_camera_members, &sim.camera, err));
    fprintf(out, "\"width\":%d,\"height\":%d,\"batchNorm\":%d,\"masks\":%d,", network->def.width,
            network->def.height, network->def.batch_norm,
            imp_policy_factory_observation(policy) == IMP_OBSERVATION_SEGMENTATION);
    fprintf(out, "\"count\":%lld,\"architecture\":", (long long)network->graph.values);
    IMP_TRY(write_yaml_as_json_text(out, name, network->architecture, strlen(network->architecture),
                                    err));
    fputc('}', out);
    return IMP_OK;
}

// Writes the drives, each as the text of its file.
static imp_status write_episodes(FILE *out, const imp_page_def *def, imp_error *err)
{
    for (int k = 0; k < def->episode_count; k++) {
        const imp_page_episode *episode = &def->episodes[k];
        const imp_demonstration *drive = episode->drive;
        char *text;
        IMP_TRY(imp_demonstration_to_json(&text, drive, err));
        fputs(k > 0 ? ",\n{" : "{", out);
        write_text_member(out, "name", episode->name);
        write_text_member(out, "note", drive->note);
        write_text_member(out, "map", drive->map);
        write_text_member(out, "policy", drive->policy);
        fprintf(out, "\"seconds\":%.9g,",
                drive->steps * drive->env.frame_skip * drive->env.drive.time_step);
        fputs("\"drive\":", out);
        imp_json_write_string(out, text);
        fputc('}', out);
        free(text);
    }
    return IMP_OK;
}

// Writes what is given beside the maps.
static imp_status write_page_members(FILE *out, const imp_page_def *def, const imp_map_set *given,
                                     imp_error *err)
{
    fputc('{', out);
    write_text_member(out, "title", def->title);
    write_text_member(out, "program", "imprint " IMPRINT_VERSION_STRING);
    write_text_member(out, "randomize", def->randomize);
    IMP_TRY(write_settings(out, "settings", "env", &imp_env_members, &def->env, err));
    fputs("\n\"maps\":[", out);
    IMP_TRY(write_maps(out, def, given, err));
    fputs("],\n\"policies\":[", out);
    for (int k = 0; k < def->policy_count; k++) {
        if (k > 0)
            fputs(",\n", out);
        IMP_TRY(write_policy(out, def->policies[k], err));
    }
    fputs("],\n\"episodes\":[", out);
    IMP_TRY(write_episodes(out, def, err));
    fputs("]}", out);
    return IMP_OK;
}

imp_status imp_page_write_data(FILE *out, const imp_page_def *def, imp_error *err)
{
    static const char *const first[] = {"loop_empty"};
    imp_map_set given;
    IMP_TRY(imp_map_set_load(&given, def->map_count > 0 ? def->maps : first,
                             def->map_count > 0 ? def->map_count : 1, NULL, err));
    const imp_status status = write_page_members(out, def, &given, err);
    imp_map_set_free(&given);
    return status;
}
