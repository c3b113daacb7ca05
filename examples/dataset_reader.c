// dataset_reader.c: reads a dataset of `imprint log`: facts, episodes, and the mean colour of the
// first image. The arrays are mapped from the file, not copied.
//
//     cc dataset_reader.c $(pkg-config --cflags --libs imprint) -o reader && ./reader runs/data
#include <imprint/imprint.h>
#include <math.h>
#include <stdio.h>

static void print_episode(int index, const imp_episode *episode, const imp_dataset_info *info)
{
    double reward = 0.0, difference = 0.0, colour[3] = {0.0, 0.0, 0.0};
    for (int k = 0; k < episode->steps; k++) {
        reward += episode->rewards[k];
        for (int wheel = 0; wheel < 2; wheel++)
            difference += fabs(episode->actions[2 * k + wheel] -
                               (double)episode->expert_actions[2 * k + wheel]);
    }
    // observations: (steps + 1, height, width, 3)
    const int pixels = info->width * info->height;
    for (int k = 0; k < 3 * pixels; k++)
        colour[k % 3] += episode->observations[k] / (double)pixels;
    printf("episode %d on %s: %d steps of %.3f s, reward %.1f, mean |action - expert's| %.3f, "
           "first image (%.0f, %.0f, %.0f), start (%.2f, %.2f) m\n",
           index, episode->map, episode->steps, episode->time_step, reward,
           difference / (2.0 * episode->steps), colour[0], colour[1], colour[2], episode->poses[0],
           episode->poses[1]);
}

int main(int argc, char **argv)
{
    imp_error err = {0};
    imp_dataset *dataset;
    int64_t findings = 0;
    imp_status status = imp_dataset_open(&dataset, argc > 1 ? argv[1] : "runs/data", &err);
    if (status != IMP_OK) {
        fprintf(stderr, "dataset_reader: %s\n", err.message);
        return 1;
    }
    const imp_dataset_info *info = imp_dataset_get_info(dataset);
    printf("%d episodes, %lld steps, images of %d x %d, driven by %s\n",
           imp_dataset_episode_count(dataset), (long long)imp_dataset_step_count(dataset),
           info->width, info->height, info->policy);
    for (int k = 0; k < imp_dataset_episode_count(dataset); k++)
        print_episode(k, imp_dataset_episode(dataset, k), info);

    // reads every byte and compares it with the checksums
    status = imp_dataset_check(dataset, &findings, &err);
    if (status == IMP_OK)
        printf("checked: all is well\n");
    else
        fprintf(stderr, "dataset_reader: %lld findings, the first: %s\n", (long long)findings,
                err.message);
    imp_dataset_close(dataset);
    return status != IMP_OK;
}
