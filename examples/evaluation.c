// evaluation.c: lets policies drive from the same random starts and compares them: the expert, and
// those that the command line names (a model, a plug-in, "pure-pursuit").
//
//     cc evaluation.c $(pkg-config --cflags --libs imprint) -o evaluation && ./evaluation
//     pure-pursuit
#include <imprint/imprint.h>
#include <stdio.h>

static imp_status evaluate(imp_evaluation *out, const char *name, const imp_eval_def *def,
                           imp_error *err)
{
    imp_policy_factory *policy;
    imp_status status = imp_policy_factory_open(&policy, name, &def->sim.expert, err);
    if (status != IMP_OK)
        return status;
    status = imp_evaluate(out, policy, def, NULL, err);
    imp_policy_factory_close(policy);
    if (status != IMP_OK)
        return status;
    const imp_eval_stats *stats = &out->stats;
    printf("%-12.12s  completed %2d of %d (%.0f to %.0f %%)  %.2f m/s  %.1f cm from the centre\n",
           name, out->completed, out->episodes, 100.0 * stats->completion.low,
           100.0 * stats->completion.high, out->speed_mean, 100.0 * out->lane_distance_mean);
    return IMP_OK;
}

int main(int argc, char **argv)
{
    imp_error err = {0};
    imp_evaluation expert, other;
    imp_comparison difference;
    imp_eval_def def = imp_default_eval_def();
    def.sim.map = "small_loop";
    def.episodes = 20;
    def.steps = 300;
    imp_status status = evaluate(&expert, "expert", &def, &err);
    if (status != IMP_OK) {
        fprintf(stderr, "evaluation: %s\n", err.message);
        return 1;
    }
    for (int k = 1; k < argc && status == IMP_OK; k++) {
        status = evaluate(&other, argv[k], &def, &err);
        if (status != IMP_OK)
            break;
        status = imp_evaluation_compare(&difference, &expert, &other, &err);
        if (status == IMP_OK)
            printf("%-12s  %d episodes completed by the expert only, %d by %s only; p = %.3f\n", "",
                   difference.completed_only_first, difference.completed_only_second, argv[k],
                   difference.completion_p);
        imp_evaluation_free(&other);
    }
    imp_evaluation_free(&expert);
    if (status != IMP_OK)
        fprintf(stderr, "evaluation: %s\n", err.message);
    return status != IMP_OK;
}
