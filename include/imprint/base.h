/// imprint/base.h: what every other header builds on: status codes, errors, small vectors,
/// random streams, thread pools, and the monitor through which long tasks report and are stopped.
///
/// Conventions of the whole library:
///  - A function that can fail returns imp_status; results go through the first parameter.
///    On failure the result is untouched and *err (nullable) holds a message a user can act on.
///  - SI units and radians. Any other unit is in the name.
///  - Threads may call functions at once as long as no two use the same object.
///  - The library never prints and never exits.
#ifndef IMPRINT_BASE_H
#define IMPRINT_BASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "imprint/api.h"

IMP_API_BEGIN

/// Release of the library, as text ("0.1.0").
const char *imp_version(void);

/// Status codes: X(name, exit code of the command line, meaning).
#define IMP_STATUS_MAP(X)                                                                          \
    X(IMP_OK, 0, "ok")                                                                             \
    X(IMP_CHECK_FAILED, 1, "a check failed")                                                       \
    X(IMP_USAGE, 2, "wrong arguments")                                                             \
    X(IMP_BAD_INPUT, 3, "bad input")                                                               \
    X(IMP_IO, 4, "input/output error")                                                             \
    X(IMP_NO_MEMORY, 5, "out of memory")                                                           \
    X(IMP_INTERNAL, 6, "internal error")                                                           \
    X(IMP_INTERRUPTED, 130, "interrupted")

/// Compilers that know it for types warn where a status is dropped; (void) says that it may be.
#ifdef __clang__
#define IMP_NO_DISCARD __attribute__((warn_unused_result))
#else
#define IMP_NO_DISCARD
#endif

typedef enum IMP_NO_DISCARD imp_status {
#define IMP_STATUS_ENUM(name, code, text) name = (code),
    IMP_STATUS_MAP(IMP_STATUS_ENUM)
#undef IMP_STATUS_ENUM
} imp_status;

/// The meaning of a status as text; never NULL.
const char *imp_status_text(imp_status status);

/// What the caller can do about a failure, where there is something: settings to change. Programs
/// add to the message how their users do that.
typedef enum imp_error_hint {
    IMP_HINT_NONE,
    IMP_HINT_RESUME,          ///< continue what was interrupted: set `resume`
    IMP_HINT_RESUME_DATASET,  ///< continue the collection of the dataset
    IMP_HINT_START_OVER,      ///< or else remove what is there, and start again
    IMP_HINT_OUTPUT_EXISTS,   ///< remove what is there, or choose another path
    IMP_HINT_DATASET_EXISTS,  ///< set `resume`, or remove what is there
    IMP_HINT_INITIAL_WEIGHTS, ///< the file belongs into imp_train_def.initial
    IMP_HINT_NEW_TRAINING,    ///< train in a new folder from the model as imp_train_def.initial
    IMP_HINT_NETWORK,         ///< set the network to the one that the message names
    IMP_HINT_BUILD_PAGE,      ///< build the library with a compiler for WebAssembly
    IMP_HINT_IMPORT_WEIGHTS,  ///< make a model of the weights with imp_network_import()
    IMP_HINT_SEGMENTER,       ///< set the segmenter
    IMP_HINT_MAP,             ///< add the map to `maps`
    IMP_HINT_ROBOT,           ///< set imp_import_def.robot, or the topics
    IMP_HINT_TOPICS,          ///< set imp_import_def.camera_topic and command_topic
    IMP_HINT_CALIBRATION,     ///< set imp_import_def.calibration
    IMP_HINT_SETTING,         ///< the message begins with the member of a definition to change
    IMP_HINT_COUNT
} imp_error_hint;

/// Why a call failed. Owned by the caller; zero-initialise it before the first use.
typedef struct imp_error {
    imp_status status;
    char message[480]; ///< one line without a newline, even if it quotes other text
    imp_error_hint hint;
} imp_error;

/// Fills *err (nullable) with a printf-formatted message and returns status, so that a failing
/// function can end with `return imp_fail(err, IMP_IO, "...")`.
imp_status imp_fail(imp_error *err, imp_status status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

// The status of a call that fails: compilers, and static analysers of callers, know that it is not
// IMP_OK. It may be dropped.
#define IMP_FAILURE(call)                                                                          \
    __extension__({                                                                                \
        const imp_status imp_failure = (call);                                                     \
        if (imp_failure == IMP_OK)                                                                 \
            __builtin_unreachable();                                                               \
        imp_failure;                                                                               \
    })
#define imp_fail(...) IMP_FAILURE((imp_fail)(__VA_ARGS__))

/// Adds a hint to *err (nullable), which holds the failure `status`, and returns that:
/// `return imp_add_hint(err, IMP_HINT_RESUME, imp_fail(err, ...))`.
static inline imp_status imp_add_hint(imp_error *err, imp_error_hint hint, imp_status status)
{
    if (err != NULL)
        err->hint = hint;
    return status;
}

/// The vector instructions that this process uses: "plain" (none), "avx2" or "avx512". It is the
/// best set that the processor supports and that the environment variable IMPRINT_INSTRUCTION_SET,
/// which holds one of these names, allows. The variable is read once.
const char *imp_instruction_set(void);

/// Fails with IMP_USAGE if the variable holds another name or more than the processor supports.
/// Renderers and networks cannot be created then.
imp_status imp_instruction_set_check(imp_error *err);

/// A point or direction on the ground plane: x grows with the tile column, z with the tile row.
typedef struct imp_vec2 {
    double x, z;
} imp_vec2;

/// Pose of a robot: centre of rotation between its wheels [m] and heading [rad]. Heading 0 points
/// along +x; positive angles turn counter-clockwise seen from above. So forward = (cos, -sin) and
/// right = (sin, cos) in (x, z).
typedef struct imp_pose {
    double x, z, heading;
} imp_pose;

/// What a random stream is for. Streams with different purposes never share draws, so adding a draw
/// in one place does not shift the others. Append only: the numbers affect the results.
typedef enum imp_random_purpose {
    IMP_PURPOSE_SPAWN = 1,
    IMP_PURPOSE_ROUTE = 2,
    IMP_PURPOSE_NOISE = 3,
    IMP_PURPOSE_WEIGHTS = 4,
    IMP_PURPOSE_SHUFFLE = 5,
    IMP_PURPOSE_VALIDATION_SPLIT = 6,
    IMP_PURPOSE_SCENE = 7,
    IMP_PURPOSE_TEST = 8,
    IMP_PURPOSE_MOTION = 9,            ///< how moving objects move
    IMP_PURPOSE_OPTIONAL_OBJECTS = 10, ///< which optional objects are present
    IMP_PURPOSE_MAP = 11,              ///< which of several maps an episode uses
    IMP_PURPOSE_MAP_GENERATOR = 12,    ///< layout and objects of a generated map
    IMP_PURPOSE_SCENARIO = 13,         ///< objects and start of a challenge's episode
    IMP_PURPOSE_DROPOUT = 14,          ///< which values a dropout layer drops
    IMP_PURPOSE_CAMERA = 15,           ///< camera effects: noise, exposure, JPEG
    IMP_PURPOSE_LANE_OFFSET = 16,      ///< lateral start position of a recorded episode
    IMP_PURPOSE_SPEED = 17,            ///< speed error of a recorded episode
    IMP_PURPOSE_POLICY_MIX = 18,       ///< whether the policy or the expert drives
    IMP_PURPOSE_RANDOMIZATION = 19,    ///< domain randomisation of an episode
    IMP_PURPOSE_ACTUATION = 20,        ///< dropped commands, and noise on the others
    IMP_PURPOSE_AUGMENTATION = 21,     ///< image augmentation in training
    IMP_PURPOSE_ROOM = 22,             ///< the room of a scene
    IMP_PURPOSE_SWEEP = 23,            ///< values of options that a sweep draws
    IMP_PURPOSE_COMMAND = 24,          ///< navigation commands of an episode
    IMP_PURPOSE_WANTED_SPEED = 25,     ///< the speed that is asked for in an episode
} imp_random_purpose;

/// A counter-based random stream (Philox4x32-10, Salmon et al., SC'11): the n-th draw is a pure
/// function of (seed, environment, episode, purpose, n). A plain value: copying it copies its
/// position.
typedef struct imp_random {
    uint32_t key[2];
    uint32_t counter[4];
    uint32_t block[4]; ///< words of the current block
    int used;          ///< words of the block already used, 0..4
} imp_random;

/// Begins a stream at its first draw.
imp_random imp_random_stream(uint64_t seed, uint32_t environment, uint32_t episode,
                             imp_random_purpose purpose);
/// Uniform over all 32-bit words.
uint32_t imp_random_u32(imp_random *random);
/// Uniform in [low, high), 53 bits.
double imp_random_uniform(imp_random *random, double low, double high);
/// Uniform integer in [0, bound), without modulo bias; bound > 0.
uint32_t imp_random_uniform_int(imp_random *random, uint32_t bound);
/// Standard normal (Box-Muller; takes two uniform draws of 53 bits, keeps none).
double imp_random_normal(imp_random *random);
/// Fisher-Yates shuffle of count indices in place.
void imp_random_shuffle(imp_random *random, uint32_t *indices, size_t count);

/// Progress of a long task. Negative values are unknown.
typedef struct imp_progress {
    const char *task;   ///< name of the task, e.g. "log"
    const char *unit;   ///< what is counted, e.g. "frames"
    double done, total; ///< in units
    const char *detail; ///< nullable: a short remark, e.g. "loss 0.012"
} imp_progress;

/// Callbacks that watch and stop a long task. Any member may be NULL; so may the pointer to it.
/// Both are called from the thread that called the library.
typedef struct imp_monitor {
    void (*progress)(void *context, const imp_progress *progress);
    bool (*should_stop)(void *context); ///< true: the task ends cleanly with IMP_INTERRUPTED
    void *context;
} imp_monitor;

/// Call the callbacks of a monitor that may be NULL; without one nothing happens and false is
/// returned.
void imp_monitor_progress(const imp_monitor *monitor, const imp_progress *progress);
bool imp_monitor_should_stop(const imp_monitor *monitor);

/// A pool of threads that library functions run their work on. One call at a time may use it.
typedef struct imp_thread_pool imp_thread_pool;

/// Starts a pool of `threads` workers, of which the thread that calls is one. 0: one for each
/// processor that this process may use. Freed with imp_thread_pool_destroy(). Fails with
/// IMP_NO_MEMORY.
imp_status imp_thread_pool_create(imp_thread_pool **out, int threads, imp_error *err);
void imp_thread_pool_destroy(imp_thread_pool *pool); ///< nullable
int imp_thread_pool_size(const imp_thread_pool *pool);

IMP_API_END

#endif
