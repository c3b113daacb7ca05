// Writes the files beside report.html: the table of episodes, trajectories over maps, contact
// sheets and poses of the worst episodes, and saliency images. An evaluation keeps no images, so
// the episodes to show are driven again (imp_replay_episodes()), with the same results.
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/common/try.h"
#include "base/common/vector2.h"
#include "base/io/atomic_file.h"
#include "base/io/file.h"
#include "base/text/csv.h"
#include "base/text/number_format.h"
#include "base/text/plural.h"
#include "evaluate/evaluation_report/eval_report.h"
#include "imprint/report.h"

// Plots have as many colours as policies are shown; tables list all policies.
int imp_eval_shown_policies(const imp_eval_report_def *def)
{
    return def->count < IMP_SHOWN_POLICIES ? def->count : IMP_SHOWN_POLICIES;
}

// Path of a file in the report's folder.
static imp_status report_file_path(char path[IMP_PATH_MAX], const imp_eval_report_def *def,
                                   const char *name, imp_error *err)
{
    return imp_path_join(path, def->folder, name, err);
}

// Opens a file of the report, which is renamed into place when it is complete.
static imp_status open_report_file(imp_atomic_file *rows, const imp_eval_report_def *def,
                                   const char *name, imp_error *err)
{
    char path[IMP_PATH_MAX];
    IMP_TRY(report_file_path(path, def, name, err));
    return imp_atomic_file_open(rows, path, err);
}

// Writes a CSV field, empty if the value is unknown.
static void write_optional_field(FILE *out, bool known, double value)
{
    if (known)
        fprintf(out, "%.9g", value);
    fputc(',', out);
}

// Writes a number with as many digits as reading it back exactly requires.
static void write_number_field(FILE *out, double value)
{
    char text[IMP_NUMBER_TEXT_MAX];
    fprintf(out, "%s,", imp_number_format(text, value));
}

// Writes the row of an episode. The start is written exactly, because a later evaluation may read
// it from here.
static void write_episode_row(FILE *out, const char *policy, int number, const imp_env_def *env,
                              const imp_episode_result *r)
{
    // Text is quoted where CSV needs it.
    imp_csv_write_field(out, policy);
    fprintf(out, ",%d,", number);
    imp_csv_write_field(out, r->map);
    fprintf(out, ",%d,%s,%.9g,%.9g,", r->steps, imp_end_reason_name(r->ending), r->reward,
            r->distance);
    // Means without a sample are empty fields, not 0.
    write_optional_field(out, r->settled > 0, r->speed_mean);
    write_optional_field(out, r->in_lane > 0, r->lane_distance_mean);
    write_optional_field(out, !isnan(r->action_error), r->action_error);
    write_number_field(out, r->start.x);
    write_number_field(out, r->start.z);
    write_number_field(out, r->start.heading);
    fprintf(out, "%.9g,%.9g,%.9g,%d,%d,", r->end.x, r->end.z, r->end.heading,
            imp_episode_completed(r), r->stalled);
    write_optional_field(out, !isnan(r->progress), r->progress);
    fprintf(out, "%.9g,%.9g,%s", r->net_distance, r->expert_net_distance,
            imp_episode_collided_with(r));
    if (env->commands != IMP_COMMANDS_NONE)
        fprintf(out, ",%d,%d,%d,%d", r->crossed, r->commanded, r->followed, r->wrong_turns);
    if (env->commands == IMP_COMMANDS_ROUTE)
        fprintf(out, ",%.9g", r->route_length);
    if (env->wanted_speed_max > 0.0)
        fprintf(out, ",%.9g,%.9g", r->wanted_speed, r->speed_error);
    fputc('\n', out);
}

// One row per episode and policy, in their order. Units are part of the column names.
imp_status imp_eval_write_episode_table(const imp_eval_report_def *def, imp_error *err)
{
    imp_atomic_file r;
    const imp_env_def *env = &def->defs[0].sim.env;
    IMP_TRY(open_report_file(&r, def, "episodes.csv", err));
    fputs("policy,episode,map,steps,ending,reward,distance_m,speed_mean_m_s,lane_distance_mean_m,"
          "action_error,start_x_m,start_z_m,start_heading_rad,end_x_m,end_z_m,end_heading_rad,"
          "completed,stalled,progress,net_distance_m,expert_net_distance_m,collided_with",
          r.stream);
    if (env->commands != IMP_COMMANDS_NONE)
        fputs(",intersections,commands,followed,wrong_turns", r.stream);
    if (env->commands == IMP_COMMANDS_ROUTE)
        fputs(",route_length_m", r.stream);
    fputs(env->wanted_speed_max > 0.0 ? ",wanted_speed_m_s,speed_error_m_s\n" : "\n", r.stream);
    for (int p = 0; p < def->count; p++) {
        char policy[IMP_POLICY_IDENTITY_MAX]; // not its path: equal evaluations have equal tables
        imp_policy_factory_identity(def->drivers[p], policy);
        for (int e = 0; e < def->evaluations[p].episodes; e++)
            write_episode_row(r.stream, policy, e, env, &def->evaluations[p].results[e]);
    }
    return imp_atomic_file_commit(&r, err);
}

// Writes the poses and actions of an episode, one row per step. The last row is the final pose,
// without actions.
static imp_status write_pose_table(const imp_eval_report_def *def, const char *name,
                                   const imp_eval_def *eval, const imp_episode_result *result,
                                   imp_error *err)
{
    imp_atomic_file r;
    IMP_TRY(open_report_file(&r, def, name, err));
    // Duration of a step of the policy [s].
    const double step = eval->sim.env.drive.time_step * eval->sim.env.frame_skip;
    fputs("step,time_s,x_m,z_m,heading_deg,lane_distance_m,left,right,expert_left,expert_right\n",
          r.stream);
    for (int k = 0; k <= result->steps; k++) {
        // Lane distances belong to the state after a step, actions to the state before it.
        const imp_pose pose = result->poses[k];
        fprintf(r.stream, "%d,%.9g,%.9g,%.9g,%.9g,", k, k * step, pose.x, pose.z,
                pose.heading * 180.0 / IMP_PI);
        if (k > 0 && !isnan(result->lane_distances[k - 1]))
            fprintf(r.stream, "%.9g", (double)result->lane_distances[k - 1]);
        if (k < result->steps) {
            const imp_action_pair a = result->actions[k];
            fprintf(r.stream, ",%.9g,%.9g,%.9g,%.9g\n", (double)a.left, (double)a.right,
                    (double)a.expert_left, (double)a.expert_right);
        } else {
            fputs(",,,,\n", r.stream);
        }
    }
    return imp_atomic_file_commit(&r, err);
}

// Collects the kept episodes of an evaluation on one of the maps.
static imp_status collect_trajectories_of_map(imp_trajectory_panel *panel,
                                              const imp_evaluation *evaluation, int map_index,
                                              imp_error *err)
{
    // Episodes whose trajectory was not kept have no poses.
    imp_trajectory *trajectories = calloc((size_t)evaluation->episodes, sizeof *trajectories);
    if (trajectories == NULL)
        return imp_fail(err, IMP_NO_MEMORY, "out of memory for trajectories");
    panel->trajectories = trajectories;
    for (int e = 0; e < evaluation->episodes; e++) {
        const imp_episode_result *r = &evaluation->results[e];
        if (r->map_index == map_index && r->poses != NULL)
            trajectories[panel->count++] = (imp_trajectory){
                r->poses, r->steps + 1,
                imp_episode_terminated(r) ? imp_end_reason_name(r->ending) : NULL, r->stalled};
    }
    return IMP_OK;
}

// Draws the trajectories of all policies on one map, one panel each.
static imp_status draw_map_trajectories(const imp_eval_report_def *def, const char *name,
                                        const imp_map_set *maps, int index, imp_error *err)
{
    // Longer side of a map's panel [px].
    enum { PANEL_SIZE = 640 };
    imp_trajectory_panel panels[IMP_SHOWN_POLICIES] = {0};
    char path[IMP_PATH_MAX];
    const int count = imp_eval_shown_policies(def);
    imp_status status = report_file_path(path, def, name, err);
    for (int p = 0; p < count && status == IMP_OK; p++) {
        panels[p].title = imp_path_shortest_unique_tail(def->names, def->count, p);
        status = collect_trajectories_of_map(&panels[p], &def->evaluations[p], index, err);
    }
    if (status == IMP_OK)
        status = imp_trajectory_plot_write(path, maps->worlds[index], maps->scenes[index], panels,
                                           count, PANEL_SIZE, err);
    // The panels hold const pointers, but the arrays were allocated here.
    for (int p = 0; p < count; p++)
        free((void *)(uintptr_t)panels[p].trajectories);
    return status;
}

// Returns whether a kept episode took place on a map. All policies have the same starts, so the
// first one decides.
// Only the first `plot_episodes` episodes have trajectories to draw.
static bool map_has_plotted_episode(const imp_eval_report_def *def, int map)
{
    const int kept = def->defs[0].plot_episodes, all = def->evaluations[0].episodes;
    for (int e = 0; e < kept && e < all; e++)
        if (def->evaluations[0].results[e].map_index == map)
            return true;
    return false;
}

// Draws trajectories.png, or one image per map that was driven, up to a maximum.
static imp_status draw_trajectories(imp_eval_images *images, const imp_eval_report_def *def,
                                    imp_error *err)
{
    // All evaluations have the same maps, so the first definition loads them.
    const imp_eval_def *eval = &def->defs[0];
    imp_map_set maps = {0};
    imp_status status =
        eval->sim.map_count > 0
            ? imp_map_set_load(&maps, eval->sim.maps, eval->sim.map_count, &eval->sim.scene, err)
            : imp_map_set_load(&maps, &eval->sim.map, 1, &eval->sim.scene, err);
    if (status == IMP_OK)
        status = imp_map_set_keep_split(&maps, eval->sim.split, err);
    for (int k = 0; k < maps.count && status == IMP_OK; k++) {
        if (images->trajectory_count == IMP_SHOWN_MAPS || !map_has_plotted_episode(def, k))
            continue;
        // Name the file and draw it.
        const int number = images->trajectory_count++;
        char *name = images->trajectories[number];
        if (maps.count == 1)
            snprintf(name, sizeof images->trajectories[0], "trajectories.png");
        else
            snprintf(name, sizeof images->trajectories[0], "trajectories-%d.png", number + 1);
        snprintf(images->maps[number], sizeof images->maps[0], "%s", maps.worlds[k]->name);
        status = draw_map_trajectories(def, name, &maps, k, err);
    }
    imp_map_set_free(&maps);
    return status;
}

// Chooses the frames to show: up to the end or the stall, or around the step farthest from the
// lane.
static imp_replay_def filmstrip_steps_to_show(const imp_evaluation *evaluation, int episode)
{
    enum { EVERY = 6 }; // a fifth of a second
    const imp_episode_result *r = &evaluation->results[episode];
    // The last frame to show, as a step of the episode.
    const int last = imp_episode_terminated(r) ? r->steps - 1
                     : r->stalled              ? r->stalled_step - 1
                                               : r->worst_step + 3 * EVERY;
    // An episode that is too short for all frames begins at its start, in phase with the last
    // frame.
    const int first = last - (IMP_FILMSTRIP_FRAMES - 1) * EVERY;
    return (imp_replay_def){episode, first > 0 ? first : last % EVERY, EVERY, IMP_FILMSTRIP_FRAMES};
}

// Enlarges small frames to about 160 pixels.
static int enlargement_of_image(int width)
{
    return width >= 160 ? 1 : 160 / width;
}

// The caption of an episode: policy, episode, map, how it ended, and details if known.
static void format_episode_caption(char out[256], const imp_eval_report_def *def, int p,
                                   int episode)
{
    const imp_episode_result *r = &def->evaluations[p].results[episode];
    char lane[48] = "", stalled[48] = "", with[48] = "";
    if (imp_episode_collided_with(r)[0] != '\0')
        snprintf(with, sizeof with, " with a %s", imp_episode_collided_with(r));
    if (r->in_lane > 0)
        snprintf(lane, sizeof lane, ", mean |lane distance| %.1f cm",
                 100.0 * r->lane_distance_mean);
    if (r->stalled)
        snprintf(stalled, sizeof stalled, ", stalled by step %d", r->stalled_step);
    snprintf(out, 256, "%.60s, episode %d on %.60s: %s%s after %s%s%s",
             imp_path_shortest_unique_tail(def->names, def->count, p), episode, r->map,
             imp_end_reason_name(r->ending), with, IMP_PLURAL(r->steps, "step"), stalled, lane);
}

// Writes the drives that the evaluations recorded.
static imp_status write_recorded_drives(const imp_eval_report_def *def, imp_error *err)
{
    char folder[IMP_PATH_MAX], name[64], note[256];
    bool exists = false;
    IMP_TRY(report_file_path(folder, def, "drives", err));
    for (int p = 0; p < def->count; p++)
        for (int e = 0; e < def->evaluations[p].episodes; e++) {
            imp_demonstration *drive = def->evaluations[p].results[e].drive;
            if (drive == NULL)
                continue;
            if (!exists)
                IMP_TRY(imp_folder_create(folder, err));
            exists = true;
            snprintf(name, sizeof name, "drives/%d-%05d.drive.json", p + 1, e);
            format_episode_caption(note, def, p, e);
            IMP_TRY(imp_report_write_drive(def->folder, name, drive, note, err));
        }
    return IMP_OK;
}

// Writes poses and contact sheet of one of a policy's worst episodes, and its caption.
static imp_status write_filmstrip(imp_filmstrip *filmstrip, const imp_eval_report_def *def, int p,
                                  int rank, const imp_replay *replay, imp_error *err)
{
    char path[IMP_PATH_MAX], name[64];
    const imp_evaluation *evaluation = &def->evaluations[p];
    const int episode = evaluation->worst[rank];
    snprintf(name, sizeof name, "worst-%d-%d.csv", p + 1, rank + 1);
    imp_status status = write_pose_table(def, name, &def->defs[p], &replay->result, err);
    format_episode_caption(filmstrip->caption, def, p, episode);
    snprintf(name, sizeof name, "worst-%d-%d.drive.json", p + 1, rank + 1);
    if (status == IMP_OK)
        status = imp_report_write_drive(def->folder, name, replay->result.drive, filmstrip->caption,
                                        err);
    if (status != IMP_OK || replay->count == 0)
        return status;
    snprintf(filmstrip->image, sizeof filmstrip->image, "worst-%d-%d.png", p + 1, rank + 1);
    // Two rows of frames, with the bars of the actions.
    const imp_contact_sheet strip = {
        replay->frames,
        replay->actions,
        replay->count,
        replay->width,
        replay->height,
        IMP_FILMSTRIP_FRAMES / 2,
        enlargement_of_image(replay->width),
    };
    status = report_file_path(path, def, filmstrip->image, err);
    return status == IMP_OK ? imp_contact_sheet_write(path, &strip, err) : status;
}

// Writes frames of an episode, and below them the same frames with the network's saliency.
static imp_status write_saliency_image(char image[64], const imp_eval_report_def *def, int p,
                                       const imp_replay *replay, imp_error *err)
{
    char path[IMP_PATH_MAX];
    const size_t pixels = (size_t)replay->width * (size_t)replay->height;
    const int count = replay->count;
    // Twice the frames: as the network sees them, and with saliency.
    uint8_t *frames = malloc((size_t)2 * (size_t)count * 3 * pixels);
    float *heat = malloc(pixels * sizeof *heat), actions[4 * IMP_SALIENCY_FRAMES];
    imp_inference *inference = NULL;
    imp_status status =
        frames != NULL && heat != NULL
            ? imp_inference_create(&inference, imp_policy_factory_network(def->drivers[p]), 1, err)
            : imp_fail(err, IMP_NO_MEMORY, "out of memory for saliency images");
    for (int k = 0; k < count && status == IMP_OK; k++) {
        const uint8_t *frame = replay->frames + 3 * pixels * (size_t)k;
        const imp_input_spec *inputs = imp_obs_history_input_spec(replay->history);
        // The network's input at this frame, with its history.
        const imp_saliency_def probe = {
            .inference = inference,
            .frames = inputs->frames,
            .input_frames = replay->input_frames + 3 * pixels * (size_t)k * (size_t)inputs->frames,
            .input_values =
                replay->input_values + (size_t)k * (size_t)imp_input_value_count(inputs),
            .width = replay->width,
            .height = replay->height,
            .head = imp_network_output_kind(imp_policy_factory_network(def->drivers[p])),
        };
        status = imp_saliency_compute(heat, &probe, err);
        // The frame goes to the first row, its saliency to the second; both get the action's bars.
        memcpy(frames + 3 * pixels * (size_t)k, frame, 3 * pixels);
        imp_saliency_overlay(frames + 3 * pixels * (size_t)(count + k), frame, heat, pixels);
        memcpy(&actions[2 * k], &replay->actions[2 * k], 2 * sizeof(float));
        memcpy(&actions[2 * (count + k)], &replay->actions[2 * k], 2 * sizeof(float));
    }
    // One column per frame, so that image and saliency stand below each other.
    const imp_contact_sheet strip = {frames,
                                     actions,
                                     2 * count,
                                     replay->width,
                                     replay->height,
                                     count,
                                     enlargement_of_image(replay->width)};
    if (status == IMP_OK) {
        snprintf(image, 64, "saliency-%d.png", p + 1);
        status = report_file_path(path, def, image, err);
    }
    if (status == IMP_OK)
        status = imp_contact_sheet_write(path, &strip, err);
    imp_inference_destroy(inference);
    free(heat);
    free(frames);
    return status;
}

// Saliency needs a network that takes images directly and has the two outputs of a policy.
static bool supports_saliency(const imp_policy_factory *factory)
{
    return imp_policy_factory_is_network(factory) &&
           imp_policy_factory_segmenter(factory) == NULL &&
           imp_network_info(imp_policy_factory_network(factory))->outputs == 2;
}

// Drives a policy's worst episodes again, and the first one for a network's saliency, and draws
// them.
static imp_status draw_policy_images(imp_eval_images *images, const imp_eval_report_def *def, int p,
                                     const imp_monitor *monitor, imp_error *err)
{
    const imp_evaluation *evaluation = &def->evaluations[p];
    const int filmstrips =
        evaluation->worst_count < IMP_SHOWN_WORST ? evaluation->worst_count : IMP_SHOWN_WORST;
    imp_replay_def which[IMP_SHOWN_WORST + 1];
    imp_replay replays[IMP_SHOWN_WORST + 1];
    // Which frames of which episodes to render.
    int count = 0;
    for (; count < filmstrips; count++)
        which[count] = filmstrip_steps_to_show(evaluation, evaluation->worst[count]);
    // Saliency frames are spread evenly over the first episode.
    if (supports_saliency(def->drivers[p])) {
        const int every = evaluation->results[0].steps / IMP_SALIENCY_FRAMES;
        which[count++] = (imp_replay_def){0, every / 2, every > 0 ? every : 1, IMP_SALIENCY_FRAMES};
    }
    // All replays of a policy run at once, on all threads.
    imp_status status =
        imp_replay_episodes(replays, which, count, def->drivers[p], &def->defs[p], monitor, err);
    for (int k = 0; k < filmstrips && status == IMP_OK; k++)
        status = write_filmstrip(&images->filmstrips[p][k], def, p, k, &replays[k], err);
    if (status == IMP_OK && count > filmstrips && replays[filmstrips].count > 0)
        status = write_saliency_image(images->saliency[p], def, p, &replays[filmstrips], err);
    for (int k = 0; k < count; k++)
        imp_replay_free(&replays[k]);
    return status;
}

imp_status imp_eval_write_images(imp_eval_images *images, const imp_eval_report_def *def,
                                 const imp_monitor *monitor, imp_error *err)
{
    IMP_TRY(draw_trajectories(images, def, err));
    IMP_TRY(write_recorded_drives(def, err));
    for (int p = 0; p < imp_eval_shown_policies(def); p++)
        IMP_TRY(draw_policy_images(images, def, p, monitor, err));
    return IMP_OK;
}
