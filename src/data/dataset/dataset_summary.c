// Summarises a dataset in one pass: lengths, endings, actions, lane positions and rewards. Sums are
// collected in the result's own members and divided at the end. Episodes without poses or rewards
// are left out of those statistics.
#include "data/dataset/dataset_reader.h"

#include <math.h>

#include "base/common/math_functions.h"

// How an episode ended, by the flags of its last step.
static void count_endings(imp_dataset_summary *summary, const imp_episode *episode)
{
    const int last = episode->steps - 1;
    if (episode->terminations[last])
        summary->terminated++;
    else if (episode->truncations[last])
        summary->truncated++;
    else
        summary->open_ended++;
}

// Steps with each command; without commands all count as none.
static void count_commands(imp_dataset_summary *summary, const imp_episode *episode)
{
    for (int i = 0; i < episode->steps; i++) {
        const int command = episode->commands != NULL ? episode->commands[i] : IMP_COMMAND_NONE;
        if (command < IMP_COMMAND_COUNT)
            summary->commands[command]++;
    }
}

// Actions alternate between left and right wheel.
static void add_action_statistics(imp_dataset_summary *summary, const imp_episode *episode)
{
    for (int64_t i = 0; i < 2 * (int64_t)episode->steps; i++) {
        const int wheel = i % 2;
        const double duty = episode->actions[i];
        // compared with what the expert would have done
        // a step without a label differs from none
        const double label = (double)episode->expert_actions[i];
        const double difference = isnan(label) ? 0.0 : duty - label;
        summary->action_mean[wheel] += duty;
        summary->action_min[wheel] = fmin(summary->action_min[wheel], duty);
        summary->action_max[wheel] = fmax(summary->action_max[wheel], duty);
        summary->expert_difference += difference * difference;
    }
}

// Sums over the positions that actions led to, which are all but the first.
static void add_lane_statistics(imp_dataset_summary *summary, const imp_episode *episode,
                                double *seconds)
{
    // recordings of real robots have no poses
    if (isnan(episode->poses[0])) {
        summary->unknown_positions += episode->steps;
        return;
    }
    // only steps with a pose contribute to the mean speed
    *seconds += episode->steps * episode->time_step;
    for (int64_t i = 1; i <= episode->steps; i++) {
        const double *pose = episode->poses + 3 * i;
        // path length: distance between successive positions
        summary->distance += imp_hypot(pose[0] - pose[-3], pose[1] - pose[-2]);
        const double offset = fabs(episode->lane[2 * i]);
        if (isnan(offset)) {
            summary->off_lane++;
            // off lanes the position in the lane is unknown
            continue;
        }
        summary->lane_distance_mean += offset;
        summary->lane_distance_max = fmax(summary->lane_distance_max, offset);
        summary->lane_angle_mean += fabs(episode->lane[2 * i + 1]);
    }
}

// A return is the sum of an episode's rewards.
static void add_reward_statistics(imp_dataset_summary *summary, const imp_episode *episode)
{
    double sum = 0;
    if (isnan(episode->rewards[0]))
        return;
    for (int i = 0; i < episode->steps; i++)
        sum += episode->rewards[i];
    summary->rewarded++;
    summary->reward_mean += sum;
    // an episode without rewards is not counted
    summary->reward_min = fmin(summary->reward_min, sum);
    summary->reward_max = fmax(summary->reward_max, sum);
}

void imp_dataset_summarize(const imp_dataset *dataset, imp_dataset_summary *out)
{
    // sums are divided below
    const int episodes = dataset->totals.episodes;
    imp_dataset_summary sums = {.episodes = episodes, .steps = dataset->steps};
    double seconds = 0.0; // in known places
    // minima and maxima start at the other end
    if (episodes > 0) {
        sums.steps_min = INT_MAX;
        sums.reward_min = INFINITY;
        sums.reward_max = -INFINITY;
        for (int wheel = 0; wheel < 2; wheel++) {
            sums.action_min[wheel] = INFINITY;
            sums.action_max[wheel] = -INFINITY;
        }
    }
    // sums over all episodes
    for (int i = 0; i < episodes; i++) {
        const imp_episode *episode = &dataset->episodes[i];
        sums.steps_min = episode->steps < sums.steps_min ? episode->steps : sums.steps_min;
        sums.steps_max = episode->steps > sums.steps_max ? episode->steps : sums.steps_max;
        count_endings(&sums, episode);
        count_commands(&sums, episode);
        add_action_statistics(&sums, episode);
        add_lane_statistics(&sums, episode, &seconds);
        add_reward_statistics(&sums, episode);
    }
    // turn sums into means; denominators are at least 1
    if (episodes > 0) {
        const double steps = (double)sums.steps;
        const double known = steps - (double)sums.unknown_positions;
        const double on_lane = fmax(known - (double)sums.off_lane, 1);
        sums.action_mean[0] /= steps;
        sums.action_mean[1] /= steps;
        sums.expert_difference = sqrt(sums.expert_difference / (2 * steps));
        // avoid a division by zero if the robot was never on a lane
        sums.lane_distance_mean /= on_lane;
        sums.lane_angle_mean /= on_lane;
        sums.reward_mean /= fmax(sums.rewarded, 1);
        sums.speed_mean = sums.distance / fmax(seconds, dataset->info.time_step);
        if (sums.rewarded == 0)
            sums.reward_min = sums.reward_max = 0;
    }
    *out = sums;
}
