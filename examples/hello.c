// hello.c: one environment, driven by the expert. Prints where the robot is once a second.
//
//     cc hello.c $(pkg-config --cflags --libs imprint) -o hello && ./hello udem1
#include <imprint/imprint.h>
#include <stdio.h>

static imp_status drive(const char *map, int seconds, imp_error *err)
{
    imp_sim *sim;
    imp_sim_def def = imp_default_sim_def();
    def.map = map;
    def.expert_actions = true;
    imp_status status = imp_sim_create(&sim, &def, err);
    if (status != IMP_OK)
        return status;

    double reward = 0.0;
    status = imp_sim_reset(sim, 0, err); // episode 0
    for (int k = 0; k < 30 * seconds && status == IMP_OK && !imp_sim_needs_reset(sim); k++) {
        const imp_step step = imp_sim_step(sim, imp_sim_expert_action(sim));
        const imp_sim_state state = imp_sim_get_state(sim);
        reward += step.reward;
        if (state.frame % 30 == 0)
            printf("%2d s: x %.2f m, z %.2f m, %.2f m/s, %+.1f cm from the lane centre\n",
                   state.frame / 30, state.pose.x, state.pose.z, state.speed,
                   100.0 * state.lane_distance);
    }
    if (status == IMP_OK)
        printf("total reward %.1f\n", reward);
    imp_sim_destroy(sim);
    return status;
}

int main(int argc, char **argv)
{
    imp_error err = {0};
    printf("imprint %s\n", imp_version());
    if (drive(argc > 1 ? argv[1] : "loop_empty", 5, &err) != IMP_OK) {
        fprintf(stderr, "hello: %s\n", err.message);
        return 1;
    }
    return 0;
}
