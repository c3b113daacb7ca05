/// imprint/evaluate.h: evaluates policies: statistics, comparisons, robustness, replays and
/// reports; and the challenges of AI-DO.
#ifndef IMPRINT_EVALUATE_H
#define IMPRINT_EVALUATE_H

#include "imprint/challenge.h"
#include "imprint/communicator.h"
#include "imprint/demonstration.h"
#include "imprint/env.h"
#include "imprint/randomization.h"
#include "imprint/rollout.h"
#include "imprint/sim.h"

IMP_API_BEGIN

/// An estimate with its 95 % confidence interval; NaN if there are too few samples.
typedef struct imp_estimate {
    double value, low, high;
} imp_estimate;

/// A share of successes, with Wilson's score interval, which is also right near 0 and 1.
imp_estimate imp_estimate_proportion(int successes, int trials);
/// A share sum(values) / sum(weights) of what happens several times in an episode, where episodes
/// are independent: Wilson's interval for as many independent trials as would spread as much (Korn
/// and Graubard 1998). It stays within 0 and 1. No interval with fewer than two episodes that
/// count.
imp_estimate imp_estimate_share(const double *values, const double *weights, int count);
/// sum(values) / sum(weights) over count independent episodes, with the interval of Student's t for
/// the linearised ratio (Cochran, Sampling Techniques, 6.4). weights NULL: the mean of values.
/// Episodes of weight 0 do not count.
imp_estimate imp_estimate_ratio(const double *values, const double *weights, int count);
/// The two-sided sign test: the probability of a result at least as uneven as wins : losses if both
/// are equally likely. For paired outcomes it is McNemar's exact test.
double imp_sign_test(int wins, int losses);

/// Where an episode starts.
typedef struct imp_episode_start {
    imp_pose pose;
    char map[64]; ///< name of the map; "": the only map of the evaluation
    int line;     ///< in the file that it was read from, or 0
} imp_episode_start;

/// Starts read from a file.
typedef struct imp_start_list {
    int count;
    imp_episode_start *items; ///< (count)
} imp_start_list;

/// Reads starts from a table (CSV) whose header names the columns x, z and heading, in metres and
/// radians, and optionally map, in any order; other columns are ignored. episodes.csv of an
/// evaluation is such a table, too: start_x_m, start_z_m and start_heading_rad are the same, and
/// of several policies the first one's rows count. Messages name file, line and column. The caller
/// frees *out with imp_start_list_free().
imp_status imp_start_list_read(imp_start_list *out, const char *path, imp_error *err);
void imp_start_list_free(imp_start_list *starts); ///< nullable

/// A robot is stalled if it gets less than this distance ahead along the road [m] in this time [s],
/// without the time that it must wait for a red light, a pedestrian or a car ahead. An episode that
/// may last less than this time is stalled if the mean speed is lower than this, and the expert
/// gets at least this far.
#define IMP_STALL_DISTANCE 0.1
#define IMP_STALL_TIME 10.0

/// Settings of an evaluation. Obtain with imp_default_eval_def(), then change fields.
typedef struct imp_eval_def {
    /// Where and how is driven. env.index 1 keeps starts apart from those of collected data; the
    /// camera's size must be the model's. The expert is asked (ask_expert), and it drives every
    /// start, too, to measure progress by. Not looked at: env.max_steps (steps counts), same_index,
    /// observation (the policy decides), ground_truth, expert_actions, autoreset, actions,
    /// reward, backend
    imp_sim_def sim;
    int episodes;                    ///< 10
    int steps;                       ///< longest episode; 65
    int settle_steps;                ///< first steps that lane and speed statistics exclude; 0
    const imp_episode_start *starts; ///< (start_count) starts of the episodes; NULL: drawn
    int start_count;                 ///< at least `episodes`, if there are any; 0
    const char *starts_name;         ///< nullable: the file that they were read from, for messages
    bool ask_expert;                 ///< also compute the expert's action in every state; false
    int plot_episodes;               ///< number of first episodes that keep their trajectories; 100
    bool record_drives; ///< the kept episodes are also recorded as demonstrations; false
    /// Drives only part `share` of `shares` of the episodes, numbered from 1.
    /// imp_evaluation_join_parts() makes all parts one evaluation. Both 0, the default: all
    /// episodes
    int share, shares;
    /// Nullable: processes that drive together, all with the same definition, without `share`.
    /// imp_evaluate() gives rank 0 all episodes, and the others those that they drove. Borrowed
    imp_communicator *communicator;
    int cookie;
} imp_eval_def;

imp_eval_def imp_default_eval_def(void);

/// The policy's action in a step, and the expert's in the same state; duty cycles in [-1, 1].
typedef struct imp_action_pair {
    float left, right;               ///< the policy's
    float expert_left, expert_right; ///< NaN if the expert was not asked
} imp_action_pair;

/// Result of one episode.
typedef struct imp_episode_result {
    imp_end_reason ending;
    int map_index;             ///< among the maps that take part
    const char *map;           ///< its name; borrowed from the evaluation
    int steps;                 ///< steps driven
    int settled;               ///< steps that lane and speed statistics include
    int in_lane;               ///< of those, how many ended in a lane
    int worst_step;            ///< that ended farthest from the lane centre
    double reward;             ///< sum of gym-duckietown's rewards
    double distance;           ///< driven along the lane [m]
    double speed_mean;         ///< over settled steps [m/s]; 0 if there is none
    double lane_distance_mean; ///< mean |lane distance| over those in_lane [m]; 0 if there is none
    double action_error;       ///< mean |duty cycle - expert's|, both wheels; NaN if not asked
    imp_pose start, end;
    /// Net distance along the lanes [m]: backward is negative, and driving to and fro or in circles
    /// adds nothing
    double net_distance;
    double expert_net_distance; ///< the expert's, from the same start, in as long as an episode may
                                ///< last
    double progress; ///< net_distance / expert_net_distance; NaN if the expert stalls there or gets
                     ///< nowhere
    bool stalled;    ///< see IMP_STALL_TIME
    bool expert_stalled;
    int stalled_step;         ///< by which that is certain, if stalled
    int crossed;              ///< intersections with a choice that it left; 0 without commands
    int commanded;            ///< intersections with a command in force, unless time ended there
    int followed;             ///< of these: left by that way
    int wrong_turns;          ///< of these: left by another; at the rest the episode terminated
    double wanted_speed;      ///< that the episode asked for [m/s]; 0: none
    double speed_error;       ///< mean |speed - wanted| over settled steps [m/s]; 0 if not asked
    double route_length;      ///< of its route as planned [m]; 0 without a route
    int collided_with;        ///< imp_object_kind of what a collision was with; else -1
    imp_pose *poses;          ///< (steps + 1), or NULL: only the first episodes keep them
    float *lane_distances;    ///< (steps) [m]; NaN off lanes; or NULL
    imp_action_pair *actions; ///< (steps), or NULL
    imp_demonstration *drive; ///< the same as a drive that a file can hold, or NULL
} imp_episode_result;

/// Statistics over episodes.
typedef struct imp_eval_stats {
    int episodes;
    int completed;           ///< see imp_episode_completed()
    int survived;            ///< that reached the last step, stalled or not
    int stalled;             ///< whatever they ended by
    imp_estimate completion; ///< share of episodes that were completed
    imp_estimate progress; ///< sum of net distances / sum of the expert's, where it does not stall
    imp_estimate net_distance;  ///< net distance along the lanes, per episode [m]
    imp_estimate survival;      ///< share of episodes that reached the last step
    imp_estimate reward;        ///< per episode
    imp_estimate distance;      ///< along the lane, per episode [m]
    imp_estimate speed;         ///< over settled steps [m/s]
    imp_estimate lane_distance; ///< mean |lane distance| over settled steps in lanes [m]
    imp_estimate action_error;  ///< over steps; NaN unless the expert was asked
    int crossed, commanded, followed, wrong_turns; ///< sums, see imp_episode_result
    imp_estimate obedience;                        ///< followed / commanded; NaN without commands
    imp_estimate speed_error; ///< mean |speed - wanted|, settled steps [m/s]; NaN if not asked
    int routes;               ///< episodes with a route
    int arrived;              ///< of these: that completed it
    imp_estimate arrival;     ///< arrived / routes; NaN without routes
    imp_estimate detour;      ///< of these: distance driven / length of the route as planned
} imp_eval_stats;

/// How often values fell into each of `bins` equal parts of [low, high); what lies outside counts
/// in the outermost.
typedef struct imp_histogram {
    double low, high;
    int bins;
    int64_t *counts; ///< (bins)
} imp_histogram;

/// How well a policy's doubt predicts its failures. A decision *fails* if the episode terminates
/// within IMP_DOUBT_HORIZON after it, and is *safe* if it goes on for longer. Decisions so late
/// that the longest episode ends before that do not count.
typedef struct imp_doubt_stats {
    int64_t decisions, failing; ///< that count, and those of them that fail
    int episodes;               ///< with safe decisions
    int failed_episodes;        ///< with failing decisions
    /// Area under the receiver operating characteristic: the probability that doubt is larger at a
    /// failing decision than at a safe one, ties counting half. NaN unless there are both kinds.
    /// The interval is that of Hanley and McNeil (Radiology 143, 1982), in which an episode counts
    /// as one decision, since those of an episode depend on each other
    imp_estimate auroc;
    double mean; ///< doubt, over decisions: equals failing / decisions if it is calibrated
    /// Mean |doubt - share that fails| of ten groups of decisions, as equal as ties allow, in the
    /// order of their doubt
    double calibration_error;
} imp_doubt_stats;

/// Statistics on one map.
typedef struct imp_map_eval_stats {
    char name[64];
    imp_eval_stats stats; ///< of no episode, if none was drawn there
} imp_map_eval_stats;

enum { IMP_WORST_EPISODES_MAX = 8 };

/// Results of an evaluation.
typedef struct imp_evaluation {
    int episodes;
    int first;                        ///< number of the first episode; 0, but in a part
    uint64_t definition;              ///< a number for settings, maps and starts, by their contents
    int completed, survived, stalled; ///< of the episodes
    double total_reward, mean_reward; ///< sum, and per episode
    /// |lane distance| over settled steps of all episodes [m], the percentile to within 0.05 mm;
    /// NaN if there is no such step
    double lane_distance_mean, lane_distance_p95;
    double distance_mean; ///< along the lane, per episode [m]
    double speed_mean;    ///< over settled steps [m/s]; NaN if there is none
    double seconds;
    imp_eval_stats stats; ///< the same with intervals
    int map_count;
    imp_map_eval_stats *maps; ///< (map_count), in the order of imp_map_set_load()
    int worst_count;
    int worst[IMP_WORST_EPISODES_MAX]; ///< episodes, the worst first: those that terminated, then
                                       ///< those that stalled, the sooner the worse, then those
                                       ///< farthest from the lane centre
    imp_histogram lanes;               ///< lane distance at settled steps, to 0.1 mm [m]
    imp_histogram speeds;              ///< speed at settled steps, to 5 mm/s [m/s]
    /// Log-odds of doubt, log(p / (1 - p)), to 1/128, at safe and at failing decisions; empty for
    /// policies without doubt
    imp_histogram safe_doubts, failing_doubts;
    imp_doubt_stats doubt;       ///< of all episodes
    imp_episode_result *results; ///< (episodes)
} imp_evaluation;

/// Drives episodes with a policy. The same definition gives the same starts to every policy.
/// Actions are rounded as imp_demonstration_round_action() does, so that every episode can be kept
/// as a file and driven again to the last bit. All figures are of all episodes; memory grows by
/// some 200 bytes with each beyond def->keep. The caller frees *out with imp_evaluation_free().
imp_status imp_evaluate(imp_evaluation *out, const imp_policy_factory *policy,
                        const imp_eval_def *def, const imp_monitor *monitor, imp_error *err);
void imp_evaluation_free(imp_evaluation *evaluation); ///< nullable

/// Writes a part of an evaluation, which imp_evaluate() made with `share` and `shares`, to a file
/// (docs/formats.md), atomically. def: the same.
imp_status imp_evaluation_write_part(const imp_evaluation *evaluation,
                                     const imp_policy_factory *policy, const imp_eval_def *def,
                                     const char *path, imp_error *err);

/// Puts the parts of an evaluation together, given in any order: *out is what imp_evaluate() makes
/// of the same definition without `share`; its time is the sum. paths: (count) files. Needs memory
/// for the evaluation alone. IMP_USAGE: a part is missing or given twice, or was driven with
/// another policy or definition, or by another version. IMP_BAD_INPUT: a file is no part. The
/// caller frees *out with imp_evaluation_free().
imp_status imp_evaluation_join_parts(imp_evaluation *out, const char *const *paths, int count,
                                     const imp_policy_factory *policy, const imp_eval_def *def,
                                     imp_error *err);

/// Whether an episode terminated: it ended neither with its last step nor with its route.
static inline bool imp_episode_terminated(const imp_episode_result *result)
{
    return result->ending != IMP_END_MAX_STEPS && result->ending != IMP_END_ARRIVED;
}

/// What the collision of an episode was with: "cone", "duckie" and so on; "" without a collision.
const char *imp_episode_collided_with(const imp_episode_result *result);

/// Whether an episode was completed: it reached its last step, and the robot did not stall.
static inline bool imp_episode_completed(const imp_episode_result *result)
{
    return !imp_episode_terminated(result) && !result->stalled;
}

/// How two policies differ on the same starts: the first one's figures minus the second one's.
typedef struct imp_comparison {
    int completed_only_first, completed_only_second; ///< completed by one of them only
    double completion_p;                             ///< imp_sign_test() of those
    imp_estimate progress;                           ///< of the expert's, paired
    int survived_only_first, survived_only_second;   ///< survived by one of them only
    double survival_p;                               ///< imp_sign_test() of those
    imp_estimate reward;                             ///< per episode, paired
    imp_estimate distance;                           ///< [m], paired
    imp_estimate lane_distance;                      ///< of the episodes' means [m], paired
} imp_comparison;

/// Compares two evaluations of the same definition; IMP_USAGE if their numbers of episodes differ.
imp_status imp_evaluation_compare(imp_comparison *out, const imp_evaluation *first,
                                  const imp_evaluation *second, imp_error *err);

/// An episode to drive again, and which of its frames to keep.
typedef struct imp_replay_def {
    int episode;
    int first, every, count; ///< steps first, first + every, ...: `count` of them, as far as there
} imp_replay_def;

/// An episode driven again.
typedef struct imp_replay {
    imp_episode_result result; ///< with its trajectory, its drive and its actions, the expert's
                               ///< included; its `map` is NULL
    int width, height;         ///< of a frame [px]
    int count;                 ///< frames kept
    uint8_t *frames;           ///< (count x height x width x 3) observations before the steps
    float *actions;            ///< (count x 2) actions of these steps
    imp_obs_history *history;  ///< if the policy is a network; else this and the rest is NULL
    uint8_t *input_frames;     ///< (count x inputs.frames x height x width x 3) the network's input
    float *input_values;       ///< (count x imp_input_value_count()) the same
} imp_replay;

/// Drives some episodes of an evaluation again, with the same results, and keeps their frames. The
/// caller frees each of the `count` replays with imp_replay_free(), also after a failure.
imp_status imp_replay_episodes(imp_replay *out, const imp_replay_def *which, int count,
                               const imp_policy_factory *policy, const imp_eval_def *def,
                               const imp_monitor *monitor, imp_error *err);
void imp_replay_free(imp_replay *replay); ///< nullable

/// Strengths of perturbations in imp_evaluate_robustness(), ascending.
enum { IMP_ROBUSTNESS_LEVELS = 3 };
extern const double imp_robustness_strengths[IMP_ROBUSTNESS_LEVELS]; ///< 0.25, 0.5, 1

/// Results with one perturbation.
typedef struct imp_robustness_row {
    char name[32]; ///< of a group; or "looks", "dynamics" or "all", which are many at once
    imp_eval_stats stats[IMP_ROBUSTNESS_LEVELS]; ///< at each strength
} imp_robustness_row;

enum { IMP_ROBUSTNESS_ROWS = IMP_GROUP_COUNT + 3 };

/// Results of imp_evaluate_robustness().
typedef struct imp_robustness {
    imp_eval_stats plain; ///< without any perturbation
    int count;
    imp_robustness_row rows[IMP_ROBUSTNESS_ROWS]; ///< (count) the most harmful first
    double seconds;
} imp_robustness;

/// Evaluates a policy in plain worlds, then with each group that is on in def->randomization (some
/// must be), and with many at once, at growing strengths, from the same starts.
imp_status imp_evaluate_robustness(imp_robustness *out, const imp_policy_factory *policy,
                                   const imp_eval_def *def, const imp_monitor *monitor,
                                   imp_error *err);

/// Settings of a challenge. Obtain with imp_default_challenge_eval_def(), then change fields.
typedef struct imp_challenge_eval_def {
    imp_challenge challenge; ///< IMP_CHALLENGE_LF
    bool test;               ///< the official test's starts instead of the validation's
    int episodes;            ///< 0: the official ones; more go on with starts from the seed
    /// Looked at: env.seed, camera (its size must be the model's), scene, threads, and the expert,
    /// which drives every episode, too, to measure progress by. The challenge sets the rest
    imp_sim_def sim;
    bool record_drives; ///< keep the drive of every episode; false
    int cookie;
} imp_challenge_eval_def;

imp_challenge_eval_def imp_default_challenge_eval_def(void);

/// Result of an episode of a challenge.
typedef struct imp_challenge_episode {
    char name[48];         ///< see imp_scenario
    imp_end_reason ending; ///< IMP_END_MAX_STEPS if it lasted to its end
    char reason[240];      ///< of IMP_END_POLICY_FAILED; else ""
    imp_metrics metrics;
    imp_crossing_counts crossings;
    double net_distance, expert_net_distance, progress; ///< as in imp_episode_result
    bool stalled, expert_stalled;                       ///< see IMP_STALL_TIME
    int samples;              ///< states that the metrics saw, those after an incident included
    imp_pose *poses;          ///< (samples)
    double *times;            ///< (samples) [s]
    imp_demonstration *drive; ///< with record_drives, else NULL
} imp_challenge_episode;

/// Results of a challenge.
typedef struct imp_challenge_result {
    int episodes;
    int completed; ///< that lasted to their end without a stall
    int survived;  ///< that lasted to their end
    int stalled;
    imp_estimate progress; ///< as in imp_eval_stats
    imp_metrics_summary aggregate;
    imp_crossing_counts crossings;  ///< of all episodes
    imp_challenge_episode *results; ///< (episodes)
    double seconds;
} imp_challenge_result;

/// Drives the episodes of one of AI-DO's challenges under its rules: the policy is asked every
/// 0.05 s; after an incident the robot stands still and 14 more states count. Actions are rounded
/// as imp_demonstration_round_action() does. The caller frees *out with
/// imp_challenge_result_free().
imp_status imp_evaluate_challenge(imp_challenge_result *out, const imp_policy_factory *policy,
                                  const imp_challenge_eval_def *def, const imp_monitor *monitor,
                                  imp_error *err);
void imp_challenge_result_free(imp_challenge_result *contest); ///< nullable

/// Content of a report. Everything is borrowed.
typedef struct imp_eval_report_def {
    const char *folder;                       ///< that exists
    int count;                                ///< of policies
    const char *const *names;                 ///< (count) of them
    const imp_policy_factory *const *drivers; ///< (count)
    const imp_eval_def *defs;                 ///< (count) what each was evaluated with
    const imp_evaluation *evaluations;        ///< (count) on the same starts
    const char *summary;                      ///< nullable: a line that summarises the evaluation
    const imp_robustness *robustness;         ///< (count) nullable
    const struct imp_failure_list *failures;  ///< (count) nullable; see imprint/failures.h
    /// Nullable: called when the drives of the worst episodes are written. Sets *name to that of a
    /// page (imprint/page.h) in the folder, which has them as `worst-<p>-<n>`, so that the report
    /// links to it; or to NULL. A failure ends the report
    imp_status (*write_simulator)(const char **name, void *context, imp_error *err);
    void *simulator_context;
    const char *video_extension; ///< nullable: that of videos `worst-<p>-<n>` in the folder, ".mp4"
    int video_count;             ///< of each policy
} imp_eval_report_def;

/// Writes into the folder:
///   report.html, episodes.csv  all in one file; a row per policy and episode
///   trajectories.png       trajectories on the map; `trajectories-<n>.png` of several maps
///   `worst-<p>-<n>.csv/png` poses and frames of policy p's n-th worst episode; its drive is
///                          `worst-<p>-<n>.drive.json`
///   drives                 `<p>-<episode>.drive.json`, the drives that the evaluation recorded
///   `saliency-<p>.png`     saliency of a network
imp_status imp_eval_report_write(const imp_eval_report_def *def, const imp_monitor *monitor,
                                 imp_error *err);

IMP_API_END

#endif
