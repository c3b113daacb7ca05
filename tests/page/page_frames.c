// Drives as a page does, but on the machine, through the library's public functions, and prints a
// line "state observation" of hashes for every step, and then one of AI-DO's metrics, which a test
// compares with those of a browser.
//
//     page_frames new MODEL                      writes a network with random weights
//     page_frames drive POLICY MAP RANDOMIZE N   drives N steps of episode 3 with seed 7
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/common/hash.h"
#include "base/common/try.h"
#include "imprint/challenge.h"
#include "imprint/rollout.h"
#include "imprint/sim.h"

static imp_status write_model(const char *path, imp_error *err)
{
    const imp_network_def def = imp_default_network_def();
    imp_network *network;
    IMP_TRY(imp_network_create(&network, &def, 5, err));
    const imp_status status = imp_network_save(network, path, NULL, err);
    imp_network_destroy(network);
    return status;
}

// Steps with the policy's actions rounded to float32, as drives are saved.
static void drive(imp_sim *sim, imp_policy *policy, imp_metrics_tracker *tracker, uint8_t *rgb,
                  size_t bytes, int steps)
{
    const imp_env *env = imp_sim_env(sim);
    imp_policy_reset(policy, env);
    imp_metrics_tracker_add_pose(tracker, 0.0, env->pose);
    for (int k = 0; k < steps && !imp_sim_needs_reset(sim); k++) {
        imp_sim_observe(sim, rgb);
        const imp_action action = imp_policy_act(policy, env, rgb);
        // gcc 12 leaves two neighbouring conversions to float and back out
        volatile float rounded[2] = {(float)action.left, (float)action.right};
        imp_sim_step(sim, (imp_action){(double)rounded[0], (double)rounded[1]});
        imp_sim_observe(sim, rgb);
        printf("%016" PRIx64 " %016" PRIx64 "\n", imp_env_state_hash(env),
               imp_hash_bytes(IMP_HASH_START, rgb, bytes));
        imp_metrics_tracker_add_pose(tracker, env->frame * env->def.drive.time_step, env->pose);
    }
    const imp_metrics metrics = imp_metrics_tracker_read(tracker);
    for (int k = 0; k < IMP_METRIC_COUNT; k++)
        printf("%s%.17g", k > 0 ? " " : "", metrics.value[k]);
    putchar('\n');
}

static imp_status print_frames(char **arguments, imp_error *err)
{
    imp_policy_factory *factory;
    imp_policy *policy;
    imp_sim *sim;
    imp_sim_def def = imp_default_sim_def();
    def.map = arguments[1];
    def.env.seed = 7;
    def.threads = 1;
    IMP_TRY(imp_randomization_parse_list(&def.randomization, arguments[2], err));
    def.randomization.strength[IMP_GROUP_JPEG] = 0.0; // pages have no JPEG
    IMP_TRY(imp_policy_factory_open(&factory, arguments[0], NULL, err));
    IMP_TRY(imp_policy_factory_create(factory, &policy, err));
    IMP_TRY(imp_sim_create(&sim, &def, err));
    IMP_TRY(imp_sim_reset(sim, 3, err));
    imp_metrics_tracker *tracker;
    IMP_TRY(imp_metrics_tracker_create(&tracker, imp_sim_env(sim)->world, err));
    const size_t bytes = (size_t)def.camera.width * (size_t)def.camera.height * 3;
    uint8_t *rgb = malloc(bytes);
    if (rgb != NULL)
        drive(sim, policy, tracker, rgb, bytes, atoi(arguments[3]));
    free(rgb);
    imp_metrics_tracker_destroy(tracker);
    imp_sim_destroy(sim);
    imp_policy_destroy(policy);
    imp_policy_factory_close(factory);
    return IMP_OK;
}

int main(int argc, char **argv)
{
    imp_error err = {0};
    imp_status status = IMP_USAGE;
    if (argc == 3 && strcmp(argv[1], "new") == 0)
        status = write_model(argv[2], &err);
    else if (argc == 6 && strcmp(argv[1], "drive") == 0)
        status = print_frames(argv + 2, &err);
    if (status != IMP_OK)
        fprintf(stderr, "page_frames: %s\n", err.message);
    return (int)status;
}
