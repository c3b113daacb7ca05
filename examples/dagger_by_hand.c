// dagger_by_hand.c: dataset aggregation (Ross et al., 2011) as a loop of one's own: the network
// drives, the expert labels, the network learns from all frames so far. `imprint dagger` does more.
//
//     cc dagger_by_hand.c $(pkg-config --cflags --libs imprint) -o dagger && ./dagger 4
#include <imprint/imprint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { IMAGE = 80 * 60 * 3, BATCH = 32, ROUND_STEPS = 600, ROUNDS_MAX = 20 };
enum { FRAMES_MAX = ROUNDS_MAX * ROUND_STEPS };

// All frames so far with the expert's actions.
typedef struct frames {
    int count;
    uint8_t images[FRAMES_MAX][IMAGE];
    float labels[FRAMES_MAX][2];
} frames;

// Drives for a round, the expert in round 0 and the network later, and records.
static imp_status drive_round(imp_sim *sim, const imp_network *network, int round, frames *all,
                              imp_error *err)
{
    imp_inference *inference = NULL;
    imp_status status = imp_inference_create(&inference, network, 1, err);
    for (int k = 0; k < ROUND_STEPS && status == IMP_OK; k++) {
        if (imp_sim_needs_reset(sim))
            status = imp_sim_reset(sim, (uint32_t)all->count, err); // a number not used before
        const uint8_t *image = all->images[all->count];
        const imp_action expert = imp_sim_expert_action(sim);
        float out[2];
        imp_sim_observe(sim, all->images[all->count]);
        imp_inference_run(inference, &image, NULL, out);
        all->labels[all->count][0] = (float)expert.left;
        all->labels[all->count++][1] = (float)expert.right;
        imp_sim_step(sim, round == 0 ? expert : imp_action_from_network(out, false));
    }
    imp_inference_destroy(inference);
    return status;
}

// One pass over as many random batches as there are frames.
static imp_status train_epoch(imp_trainer *trainer, const frames *all, imp_random *random,
                              double *mean_loss, imp_error *err)
{
    const uint8_t *images[BATCH];
    float labels[BATCH][2];
    *mean_loss = 0.0;
    for (int b = 0; b < all->count / BATCH; b++) {
        for (int k = 0; k < BATCH; k++) {
            const uint32_t pick = imp_random_uniform_int(random, (uint32_t)all->count);
            images[k] = all->images[pick];
            memcpy(labels[k], all->labels[pick], sizeof labels[k]);
        }
        double loss;
        const imp_batch batch = {.count = BATCH, .frames = images, .labels = labels[0]};
        const imp_status status = imp_trainer_step(trainer, &batch, &loss, err);
        if (status != IMP_OK)
            return status;
        *mean_loss += (loss - *mean_loss) / (b + 1);
    }
    imp_trainer_copy_weights_to_network(trainer);
    return IMP_OK;
}

int main(int argc, char **argv)
{
    imp_error err = {0};
    imp_sim_def sim_def = imp_default_sim_def();
    imp_network_def net_def = imp_default_network_def();
    imp_trainer_def trainer_def = imp_default_trainer_def();
    imp_sim *sim = NULL;
    imp_network *network = NULL;
    imp_trainer *trainer = NULL;
    frames *all = calloc(1, sizeof *all);
    imp_random random = imp_random_stream(1, 0, 0, IMP_PURPOSE_SHUFFLE);
    const int rounds = argc > 1 ? atoi(argv[1]) % ROUNDS_MAX : 3;
    sim_def.expert_actions = true;
    snprintf(net_def.architecture, sizeof net_def.architecture, "small");
    imp_status status = all == NULL ? IMP_NO_MEMORY : imp_sim_create(&sim, &sim_def, &err);
    if (status == IMP_OK)
        status = imp_network_create(&network, &net_def, 1, &err);
    if (status == IMP_OK)
        status = imp_trainer_create(&trainer, network, &trainer_def, &err);
    for (int round = 0; round <= rounds && status == IMP_OK; round++) {
        double loss = 0.0;
        status = drive_round(sim, network, round, all, &err);
        for (int epoch = 0; epoch < 3 && status == IMP_OK; epoch++)
            status = train_epoch(trainer, all, &random, &loss, &err);
        if (status == IMP_OK)
            printf("round %d: %d frames, loss %.4f\n", round, all->count, loss);
    }
    imp_trainer_destroy(trainer);
    imp_network_destroy(network);
    imp_sim_destroy(sim);
    free(all);
    if (status != IMP_OK)
        fprintf(stderr, "dagger_by_hand: %s\n", err.message);
    return status != IMP_OK;
}
