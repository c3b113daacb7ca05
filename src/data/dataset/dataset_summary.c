#include "data/dataset/dataset_reader.h"

#include <math.h>

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

static void add_action_statistics(imp_dataset_summary *summary, const imp_episode *episode)
{
    for (int64_t i = 0; i < 2 * (int64_t)episode->steps; i++) {
        const int wheel = i % 2;
        const double duty = episode->actions[i];
        const double difference = duty - episode->expert_actions[i];
        summary->action_mean[wheel] += duty;
        summary->action_min[wheel] = fmin(summary->action_min[wheel], duty);
        summary->action_max[wheel] = fmax(summary->action_max[wheel], duty);
        summary->expert_difference += difference * difference;
    }
}

// Sums over the positions that an action led to, which are all but the first.
static void add_lane_statistics(imp_dataset_summary *summary, const imp_episode *episode,
                                double *seconds)
{
    if (isnan(episode->poses[0])) {
        summary->unknown_positions += episode->steps;
        return;
    }
    *seconds += episode->steps * episode->time_step;
    for (int64_t i = 1; i <= episode->steps; i++) {
        const double *pose = episode->poses + 3 * i;
        summary->distance += hypot(pose[0] - pose[-3], pose[1] - pose[-2]);
        const double offset = fabs(episode->lane[2 * i]);
        if (isnan(offset)) {
            summary->off_lane++;
            continue;
        }
        summary->lane_distance_mean += offset;
        summary->lane_distance_max = fmax(summary->lane_distance_max, offset);
        summary->lane_angle_mean += fabs(episode->lane[2 * i + 1]);
    }
}

static void add_reward_statistics(imp_dataset_summary *summary, const imp_episode *episode)
{
    double sum = 0;
    if (isnan(episode->rewards[0]))
        return;
    for (int i = 0; i < episode->steps; i++)
        sum += episode->rewards[i];
    summary->rewarded++;
    summary->reward_mean += sum;
    summary->reward_min = fmin(summary->reward_min, sum);
    summary->reward_max = fmax(summary->reward_max, sum);
}

void imp_dataset_summarize(const imp_dataset *dataset, imp_dataset_summary *out)
{
    const int episodes = dataset->totals.episodes;
    imp_dataset_summary sums = {.episodes = episodes, .steps = dataset->steps};
    double seconds = 0.0; // in known places
    if (episodes > 0) {
        sums.steps_min = INT_MAX;
        sums.reward_min = INFINITY;
        sums.reward_max = -INFINITY;
        for (int wheel = 0; wheel < 2; wheel++) {
            sums.action_min[wheel] = INFINITY;
            sums.action_max[wheel] = -INFINITY;
        }
    }
    for (int i = 0; i < episodes; i++) {
        const imp_episode *episode = &dataset->episodes[i];
        sums.steps_min = episode->steps < sums.steps_min ? episode->steps : sums.steps_min;
        sums.steps_max = episode->steps > sums.steps_max ? episode->steps : sums.steps_max;
        count_endings(&sums, episode);
        add_action_statistics(&sums, episode);
        add_lane_statistics(&sums, episode, &seconds);
        add_reward_statistics(&sums, episode);
    }
    if (episodes > 0) {
        const double steps = (double)sums.steps;
        const double known = steps - (double)sums.unknown_positions;
        const double on_lane = fmax(known - (double)sums.off_lane, 1);
        sums.action_mean[0] /= steps;
        sums.action_mean[1] /= steps;
        sums.expert_difference = sqrt(sums.expert_difference / (2 * steps));
        sums.lane_distance_mean /= on_lane;
        sums.lane_angle_mean /= on_lane;
        sums.reward_mean /= fmax(sums.rewarded, 1);
        sums.speed_mean = sums.distance / fmax(seconds, dataset->info.time_step);
        if (sums.rewarded == 0)
            sums.reward_min = sums.reward_max = 0;
    }
    *out = sums;
}
