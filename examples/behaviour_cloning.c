// behaviour_cloning.c: records the expert, trains a network on its actions, and evaluates it: what
// `imprint log`, `imprint train` and `imprint eval` do.
//
//     cc behaviour_cloning.c $(pkg-config --cflags --libs imprint) -o cloning && ./cloning out 100
#include <imprint/imprint.h>
#include <stdio.h>
#include <stdlib.h>

static imp_status record_expert(const char *folder, int episodes, imp_error *err)
{
    imp_collect_summary summary;
    imp_collect_def def = imp_default_collect_def();
    def.episodes = episodes;
    def.steps = 100;
    def.noise = 0.1; // the data shows how to come back to the lane
    const imp_status status = imp_collect(&summary, folder, &def, NULL, err);
    if (status == IMP_OK)
        printf("%s: %d episodes, %lld frames\n", folder, summary.episodes,
               (long long)summary.frames);
    return status;
}

static imp_status train_network(const char *folder, const char *dataset, imp_error *err)
{
    imp_train_summary summary;
    imp_train_def def = imp_default_train_def();
    snprintf(def.network.architecture, sizeof def.network.architecture, "small");
    def.epochs = 3;
    const imp_status status = imp_train(&summary, folder, &dataset, 1, &def, NULL, err);
    if (status == IMP_OK)
        printf("%s: validation loss %.4f after %d epochs\n", folder, summary.validation_loss,
               summary.epochs);
    return status;
}

static imp_status evaluate_network(const char *folder, imp_error *err)
{
    imp_policy_factory *policy;
    imp_evaluation result;
    const imp_eval_def def = imp_default_eval_def();
    imp_status status = imp_policy_factory_open(&policy, folder, &def.sim.expert, err);
    if (status != IMP_OK)
        return status;
    status = imp_evaluate(&result, policy, &def, NULL, err);
    imp_policy_factory_close(policy);
    if (status != IMP_OK)
        return status;
    printf("%s: %d of %d episodes completed, %.1f cm from the lane centre\n", folder,
           result.completed, result.episodes, 100.0 * result.lane_distance_mean);
    imp_evaluation_free(&result);
    return IMP_OK;
}

int main(int argc, char **argv)
{
    imp_error err = {0};
    char data[512], model[512];
    const char *folder = argc > 1 ? argv[1] : "cloning";
    snprintf(data, sizeof data, "%s/data", folder);
    snprintf(model, sizeof model, "%s/model", folder);
    imp_status status = record_expert(data, argc > 2 ? atoi(argv[2]) : 20, &err);
    if (status == IMP_OK)
        status = train_network(model, data, &err);
    if (status == IMP_OK)
        status = evaluate_network(model, &err);
    if (status != IMP_OK)
        fprintf(stderr, "behaviour_cloning: %s\n", err.message);
    return status != IMP_OK;
}
