// own_policy.c: an expert of one's own as a function of this program: it drives, its driving is
// recorded, and it is evaluated. It gets the states of many episodes at once, and images if it asks
// for them.
//
//     cc own_policy.c $(pkg-config --cflags --libs imprint) -lm -o own_policy && ./own_policy data
#include <imprint/imprint.h>
#include <math.h>
#include <stdio.h>

// Duty cycles for a speed [m/s] and a turn rate [rad/s]. A duty cycle of 1 on both wheels gives
// 0.6 m/s; a difference of 1 between them turns by 3.75 rad/s.
static imp_action wheels(double speed, double turn_rate)
{
    const double forward = speed / 0.6, turn = turn_rate / 7.5;
    return (imp_action){forward - turn, forward + turn};
}

// Steers towards a point of the lane ahead (Coulter, 1992): the arc that leads there has the
// curvature 2 y / d^2, where y is how far the point lies to the left and d is its distance.
static int32_t pursue(void *context, const imp_policy_batch *batch, imp_action *actions)
{
    const double speed = *(const double *)context; // [m/s]
    enum { TARGET = 2 };                           // the point of the path 0.2 m ahead
    for (int k = 0; k < batch->count; k++) {
        const imp_policy_state *state = &batch->states[k];
        const double ahead = state->path[TARGET][0], left = -state->path[TARGET][1];
        const double curvature = 2.0 * left / (ahead * ahead + left * left);
        actions[k] = isnan(curvature) ? (imp_action){0.1, 0.1} // off the road: go on slowly
                                      : wheels(speed, speed * curvature);
    }
    return 0;
}

static imp_status record_and_evaluate(const imp_policy_factory *expert, const char *folder,
                                      imp_error *err)
{
    imp_collect_summary summary;
    imp_collect_def collect = imp_default_collect_def();
    collect.sim.map = "small_loop";
    collect.driver = expert; // its own actions are the labels
    collect.episodes = 6;
    collect.steps = 100;
    collect.noise = 0.05;
    collect.sim.env.accept_start_angle = 0.1; // [rad]
    imp_status status = imp_collect(&summary, folder, &collect, NULL, err);
    if (status != IMP_OK)
        return status;
    printf("%s: %d episodes, %lld frames\n", folder, summary.episodes, (long long)summary.frames);

    imp_evaluation evaluation;
    imp_eval_def eval = imp_default_eval_def();
    eval.sim.map = "small_loop";
    eval.episodes = 20;
    eval.steps = 300;
    eval.sim.env.accept_start_angle = 0.1;
    status = imp_evaluate(&evaluation, expert, &eval, NULL, err);
    if (status != IMP_OK)
        return status;
    printf("completed %d of %d at %.2f m/s, %.1f cm from the centre\n", evaluation.completed,
           evaluation.episodes, evaluation.speed_mean, 100.0 * evaluation.lane_distance_mean);
    imp_evaluation_free(&evaluation);
    return IMP_OK;
}

int main(int argc, char **argv)
{
    imp_error err = {0};
    imp_policy_factory *expert = NULL;
    double speed = 0.25;
    imp_callback_def def = imp_default_callback_def();
    def.name = "pursuit";
    def.identity = "speed 0.25"; // a dataset is resumed with the same one only
    def.act = pursue;
    def.context = &speed;
    def.needs_observation = false;
    imp_status status = imp_policy_factory_open_callback(&expert, &def, &err);
    if (status == IMP_OK)
        status = record_and_evaluate(expert, argc > 1 ? argv[1] : "own-data", &err);
    imp_policy_factory_close(expert);
    if (status != IMP_OK)
        fprintf(stderr, "own_policy: %s\n", err.message);
    return status != IMP_OK;
}
