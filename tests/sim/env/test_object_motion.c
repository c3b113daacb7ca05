// Moving objects: as recorded, given the recorded parameters; and what we do differently.
#include "testing.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "base/common/vector2.h"
#include "golden_csv.h"
#include "imprint/env.h"

// What was recorded of an object after a step; NaN where a kind has no such thing.
typedef struct moment {
    double x, y, z, angle, drawn_angle;
    imp_vec2 rear_left, front_right;
    double mode; // whether a duckie walks, a light's pattern, a checkerboard's step
    double wait, stride, time;
} moment;

static imp_env start_env(const imp_world *world, const imp_env_def *def)
{
    imp_error err = {0};
    imp_env env;
    assert_ok(imp_env_init(&env, world, def, &err), err);
    imp_env_reset_at(&env, 0, (imp_pose){0.3, 0.3, 0});
    return env;
}

static imp_world *load(const char *map)
{
    imp_error err = {0};
    imp_world *world;
    if (strcmp(map, "calibration_map_int") == 0)
        map = IMP_TEST_DATA "/maps/checkerboard.yaml";
    assert_ok(imp_world_load(&world, map, &err), err);
    return world;
}

static const imp_object *object_of(const imp_env *env, int k)
{
    return &env->world->objects[env->world->moving[k]];
}

static void set_parameters(imp_env *env, int k, const double *p)
{
    imp_object_motion *motion = &env->motion[k];
    switch (object_of(env, k)->kind) {
    case IMP_OBJECT_DUCKIE:
        motion->walk.wait = p[0], motion->walk.stride = p[1], motion->walk.wiggle = p[2];
        break;
    case IMP_OBJECT_DUCKIEBOT:
        motion->car.follow_distance = p[0], motion->car.speed = p[1];
        motion->car.gain = p[2], motion->car.trim = p[3];
        motion->car.wheel_radius = p[4], motion->car.wheel_distance = p[5];
        motion->car.width = p[6], motion->car.length = p[7];
        break;
    case IMP_OBJECT_TRAFFIC_LIGHT:
        motion->period = p[0];
        env->moving[k].pattern = (int)p[1];
        break;
    default:
        break;
    }
}

static void check_mode(const imp_env *env, int k, const moment *m)
{
    const imp_object_motion *motion = &env->motion[k];
    switch (object_of(env, k)->kind) {
    case IMP_OBJECT_DUCKIE:
        assert_int_equal(motion->walk.active, (int)m->mode);
        assert_close(motion->walk.wait, m->wait, 1e-9);
        assert_close(motion->walk.stride, m->stride, 1e-9);
        break;
    case IMP_OBJECT_TRAFFIC_LIGHT:
        assert_int_equal(env->moving[k].pattern, (int)m->mode);
        break;
    case IMP_OBJECT_CHECKERBOARD:
        assert_int_equal(motion->board_step, (int)m->mode);
        break;
    default:
        break;
    }
}

static void check_moment(imp_env *env, int k, const moment *m)
{
    const imp_object_state *state = &env->moving[k];
    imp_duckie_walk *walk = &env->motion[k].walk;
    const bool walks = object_of(env, k)->kind == IMP_OBJECT_DUCKIE;
    if (walks && fabs(walk->stride - m->stride) > 1e-9) {
        // the reference has just drawn what it does next
        walk->stride = m->stride;
        walk->wait = m->wait;
    }
    assert_close(state->position.x, m->x, 1e-9);
    assert_close(state->position.z, m->z, 1e-9);
    assert_close(state->y, m->y, 1e-9);
    assert_close(imp_wrap_angle(env->motion[k].angle - m->angle), 0, 1e-9);
    assert_close(imp_wrap_angle(state->heading - m->drawn_angle), 0, 1e-9);
    if (!isnan(m->rear_left.x)) {
        assert_close(state->box.corner[0].x, m->rear_left.x, 1e-9);
        assert_close(state->box.corner[0].z, m->rear_left.z, 1e-9);
        assert_close(state->box.corner[2].x, m->front_right.x, 1e-9);
        assert_close(state->box.corner[2].z, m->front_right.z, 1e-9);
    }
    if (!isnan(m->time))
        assert_close(env->motion[k].time, m->time, 1e-9);
    check_mode(env, k, m);
}

static double number_or_nan(const csv *row, int field)
{
    return row->field[field][0] != '\0' ? csv_number(row, field) : NAN;
}

static moment moment_of_row(const csv *row)
{
    double n[13];
    for (int k = 0; k < 13; k++)
        n[k] = number_or_nan(row, 3 + k);
    return (moment){n[0], n[1],  n[2],  n[3], n[4] * IMP_PI / 180.0, {n[5], n[6]}, {n[7], n[8]},
                    n[9], n[10], n[11], n[12]};
}

static void motion_equals_the_recordings(void **state)
{
    (void)state;
    csv table = csv_open("motion.csv");
    imp_world *world = NULL;
    imp_env env = {0};
    const imp_env_def def = imp_default_env_def();
    bool starting = false;
    int recordings = 0, rows = 0;
    while (csv_next(&table)) {
        const bool start = strcmp(table.field[2], "start") == 0;
        if (world == NULL || (start && !starting)) {
            imp_world_destroy(world);
            world = load(table.field[0]);
            env = start_env(world, &def);
            recordings++;
        }
        starting = start;
        const int k = world->objects[(int)csv_number(&table, 1)].moving;
        assert_in_range(k, 0, world->moving_count - 1);
        if (start) {
            double parameters[8] = {0};
            for (int p = 3; p < table.fields; p++)
                parameters[p - 3] = csv_number(&table, p);
            set_parameters(&env, k, parameters);
            continue;
        }
        while (env.frame < 1 + (int)csv_number(&table, 2))
            imp_env_step(&env, (imp_action){0, 0});
        moment m = moment_of_row(&table);
        check_moment(&env, k, &m);
        rows++;
    }
    fclose(table.file);
    imp_world_destroy(world);
    assert_int_equal(recordings, 12);
    assert_true(rows > 1000);
}

// The same on the recordings themselves, step by step: where they lie beside the project.

static double number_in(const json_t *object, const char *key)
{
    const json_t *value = json_object_get(object, key);
    assert_true(json_is_number(value));
    return json_number_value(value);
}

static double at_step(const json_t *states, const char *key, size_t step)
{
    const json_t *value = json_array_get(json_object_get(states, key), step);
    return json_is_boolean(value)  ? json_is_true(value)
           : json_is_number(value) ? json_number_value(value)
                                   : NAN;
}

static double in_step(const json_t *states, const char *key, size_t step, size_t k)
{
    const json_t *value = json_array_get(json_object_get(states, key), step);
    return json_number_value(json_array_get(value, k));
}

static imp_vec2 corner_in_step(const json_t *states, size_t step, size_t k)
{
    const json_t *corners = json_array_get(json_object_get(states, "corners"), step);
    const json_t *corner = json_array_get(corners, k);
    return corner == NULL ? (imp_vec2){NAN, NAN}
                          : (imp_vec2){json_number_value(json_array_get(corner, 0)),
                                       json_number_value(json_array_get(corner, 1))};
}

static moment moment_of_json(const json_t *states, size_t step)
{
    moment m = {
        .x = in_step(states, "pos", step, 0),
        .y = in_step(states, "pos", step, 1),
        .z = in_step(states, "pos", step, 2),
        .angle = at_step(states, "angle", step),
        .drawn_angle = at_step(states, "y_rot_deg", step) * IMP_PI / 180.0,
        .rear_left = corner_in_step(states, step, 0),
        .front_right = corner_in_step(states, step, 2),
        .wait = at_step(states, "wait", step),
        .stride = at_step(states, "vel", step),
        .time = at_step(states, "time", step),
    };
    static const char *const modes[] = {"active", "pattern", "steps_counter"};
    for (int k = 0; k < 3; k++)
        if (json_object_get(states, modes[k]) != NULL)
            m.mode = at_step(states, modes[k], step);
    return m;
}

static void set_recorded_parameters(imp_env *env, int k, const json_t *object)
{
    static const char *const names[][8] = {
        {"pedestrian_wait_time", "vel", "wiggle"},
        {"follow_dist", "velocity", "gain", "trim", "radius", "wheel_dist", "robot_width",
         "robot_length"},
        {"freq", "pattern"},
        {NULL},
    };
    const imp_object_kind kind = object_of(env, k)->kind;
    const int row = kind == IMP_OBJECT_DUCKIE          ? 0
                    : kind == IMP_OBJECT_DUCKIEBOT     ? 1
                    : kind == IMP_OBJECT_TRAFFIC_LIGHT ? 2
                                                       : 3;
    double parameters[8] = {0};
    for (int p = 0; p < 8 && names[row][p] != NULL; p++)
        parameters[p] = number_in(object, names[row][p]);
    set_parameters(env, k, parameters);
}

static void check_recording(const json_t *recording)
{
    const imp_env_def def = imp_default_env_def();
    imp_world *world = load(json_string_value(json_object_get(recording, "map")));
    imp_env env = start_env(world, &def);
    const json_t *objects = json_object_get(recording, "objects");
    size_t number;
    json_t *object;
    json_array_foreach(objects, number, object) set_recorded_parameters(
        &env, world->objects[(int)number_in(object, "index")].moving, object);
    const size_t steps = (size_t)number_in(recording, "steps");
    for (size_t step = 0; step < steps; step++) {
        imp_env_step(&env, (imp_action){0, 0});
        const char *index;
        json_t *states;
        json_object_foreach(json_object_get(recording, "per_step"), index, states)
        {
            moment m = moment_of_json(states, step);
            check_moment(&env, world->objects[strtol(index, NULL, 10)].moving, &m);
        }
    }
    imp_world_destroy(world);
}

static void motion_equals_every_step_of_the_recordings(void **state)
{
    (void)state;
    const char *const folder = IMP_SHARED "/golden/dynamic_objects";
    DIR *directory = opendir(folder);
    assert_non_null(directory);
    int files = 0;
    for (const struct dirent *entry; (entry = readdir(directory)) != NULL;) {
        if (entry->d_name[0] == '.' || entry->d_name[0] == '_')
            continue;
        char path[4096];
        snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
        json_t *recording = json_load_file(path, 0, NULL);
        assert_non_null(recording);
        check_recording(recording);
        json_decref(recording);
        files++;
    }
    closedir(directory);
    assert_int_equal(files, 12);
}

int main(int argc, char **argv)
{
    (void)argv;
    const struct CMUnitTest kept[] = {cmocka_unit_test(motion_equals_the_recordings)};
    const struct CMUnitTest shared[] = {
        cmocka_unit_test(motion_equals_every_step_of_the_recordings)};
    return argc > 1 ? run_shared("golden/dynamic_objects", shared, NULL, NULL)
                    : cmocka_run_group_tests(kept, NULL, NULL);
}
