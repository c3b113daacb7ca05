/// imprint/conditions.h: what a decision may depend on beside images and past actions: the
/// conditions. One table names the inputs that networks can take, and the numbers of each. Whoever
/// runs or trains a network, stores data for it or writes it as a file goes by this table.
#ifndef IMPRINT_CONDITIONS_H
#define IMPRINT_CONDITIONS_H

#include "imprint/observation.h"

IMP_API_BEGIN

/// Inputs: X(enumerator, name, key). The name is that of the key in an architecture's file, of the
/// input in the network and of an ONNX model's input. The key is that of the entry in model files
/// which lists the input's numbers. The order is part of model files: append only.
#define IMP_INPUT_MAP(X)                                                                           \
    X(IMP_INPUT_COMMAND, "command", "command") /* which way to take: the environment, a caller */  \
    X(IMP_INPUT_SPEED, "speed", "speed")       /* wanted: the environment, a caller */             \
    X(IMP_INPUT_TIME_STEP, "time_step", "time_step_input") /* between decisions: the clock */      \
    X(IMP_INPUT_ROBOT, "robot", "robot_input")             /* the environment, a caller */

typedef enum imp_input {
#define IMP_INPUT_ENUM(enumerator, name, key) enumerator,
    IMP_INPUT_MAP(IMP_INPUT_ENUM)
#undef IMP_INPUT_ENUM
        IMP_INPUT_COUNT
} imp_input;

/// The usual camera looks down by 19.15 degrees [rad].
#define IMP_USUAL_PITCH (19.15 * 3.14159265358979323846 / 180.0)

/// Numbers of the inputs, in the inputs' order: X(enumerator, input, name, unit, usual, scale).
/// Networks get (number - usual) / scale, so that 0 stands for what is usual or unknown.
#define IMP_CONDITION_MAP(X)                                                                       \
    X(IMP_CONDITION_LEFT, IMP_INPUT_COMMAND, "left", "", 0.0, 1.0) /* 1: left is commanded */      \
    X(IMP_CONDITION_STRAIGHT, IMP_INPUT_COMMAND, "straight", "", 0.0, 1.0)                         \
    X(IMP_CONDITION_RIGHT, IMP_INPUT_COMMAND, "right", "", 0.0, 1.0)                               \
    X(IMP_CONDITION_SPEED, IMP_INPUT_SPEED, "speed", "m/s", 0.0, 1.0) /* 0: none is wanted */      \
    X(IMP_CONDITION_TIME_STEP, IMP_INPUT_TIME_STEP, "time_step", "s", 1.0 / 30.0, 1.0 / 30.0)      \
    X(IMP_CONDITION_GAIN, IMP_INPUT_ROBOT, "gain", "", 1.0, 0.2)                                   \
    X(IMP_CONDITION_TRIM, IMP_INPUT_ROBOT, "trim", "", 0.0, 0.1)                                   \
    X(IMP_CONDITION_WHEEL_RADIUS, IMP_INPUT_ROBOT, "wheel_radius", "m", 0.0318, 0.004)             \
    X(IMP_CONDITION_WHEEL_DISTANCE, IMP_INPUT_ROBOT, "wheel_distance", "m", 0.102, 0.01)           \
    X(IMP_CONDITION_DELAY, IMP_INPUT_ROBOT, "delay", "s", 0.15, 0.1)                               \
    X(IMP_CONDITION_CAMERA_PITCH, IMP_INPUT_ROBOT, "camera_pitch", "rad", IMP_USUAL_PITCH, 0.1)    \
    X(IMP_CONDITION_CAMERA_HEIGHT, IMP_INPUT_ROBOT, "camera_height", "m", 0.108, 0.02)

typedef enum imp_condition {
#define IMP_CONDITION_ENUM(enumerator, input, name, unit, usual, scale) enumerator,
    IMP_CONDITION_MAP(IMP_CONDITION_ENUM)
#undef IMP_CONDITION_ENUM
        IMP_CONDITION_COUNT
} imp_condition;

/// A row of IMP_CONDITION_MAP().
typedef struct imp_condition_info {
    imp_input input;
    const char *name, *unit; ///< unit: "": none
    double usual, scale;
} imp_condition_info;

/// NULL past the last.
const imp_condition_info *imp_condition_get_info(int condition);

/// The name of an input; NULL past the last.
const char *imp_input_name(int input);
/// The key of its entry in model files; NULL past the last.
const char *imp_input_key(int input);
/// Index of its first number among all, and how many it has.
int imp_input_first(imp_input input);
int imp_input_size(imp_input input);

/// The numbers of all inputs, each in its unit.
typedef struct imp_conditions {
    double numbers[IMP_CONDITION_COUNT];
} imp_conditions;

/// What is usual, or unknown: no command, no wanted speed, decisions every 1/30 s,
/// the usual robot.
imp_conditions imp_usual_conditions(void);
/// Sets the numbers of the navigation command.
void imp_conditions_set_command(imp_conditions *conditions, imp_navigation_command command);

/// Writes what a network gets of the inputs that it takes, in their order, and returns how many
/// values that are. takes: NULL: all inputs.
int imp_conditions_normalise(const imp_conditions *conditions, const bool takes[IMP_INPUT_COUNT],
                             float *out);
/// Picks the values of some inputs from those of all; the same order and return value.
int imp_conditions_pick(const float all[IMP_CONDITION_COUNT], const bool takes[IMP_INPUT_COUNT],
                        float *out);

IMP_API_END

#endif
