/// imprint/demonstration.h: drives as files of a few kilobytes: where a drive was, and every
/// action. The simulator drives them again to the last bit, and hashes of the states tell whether
/// it did. docs/formats.md describes the file.
#ifndef IMPRINT_DEMONSTRATION_H
#define IMPRINT_DEMONSTRATION_H

#include "imprint/env.h"

IMP_API_BEGIN

/// The longest drive: two hours of 30 steps a second.
#define IMP_DEMONSTRATION_STEPS_MAX 216000
/// The usual distance between two checks [steps].
#define IMP_DEMONSTRATION_CHECK_EVERY 30

/// A drive. Texts are UTF-8 without control characters.
typedef struct imp_demonstration {
    char program[64];     ///< that wrote it
    char map[64];         ///< name of the map
    char *map_text;       ///< (map_bytes) YAML of a map that is not built in, with a 0 behind; NULL
    size_t map_bytes;     ///<
    uint64_t map_hash;    ///< see imp_world_text_hash()
    imp_env_def env;      ///< settings; max_steps has no effect
    uint32_t episode;     ///< number in the random streams of env.seed and env.index
    int steps;            ///< T, 1 to IMP_DEMONSTRATION_STEPS_MAX
    float *actions;       ///< (T x 2) duty cycles as they were given: left, right
    uint8_t *drivers;     ///< (T) imp_driver
    char policy[64];      ///< name of the policy that drove; "": none
    char policy_hash[32]; ///< of its model; "": unknown
    int check_every;      ///< steps between two checks, at least 1
    uint64_t *checks;     ///< (T / check_every) hashes of the states after these steps
    bool has_start_check; ///<
    uint64_t start_check; ///< of the state before the first step, if has_start_check
    uint64_t final_check; ///< of the state after the last step
    char recorder[64];    ///< who recorded it
    char note[256];       ///< what they say about it
    int capacity;         ///< steps that there is room for while it is recorded
} imp_demonstration;

/// Reads a file. It is hostile until it is read: limits hold for everything, and no other file is
/// opened. The caller frees *out with imp_demonstration_free(). Fails with IMP_IO, IMP_NO_MEMORY,
/// or IMP_BAD_INPUT and "file: reason"; then *out is untouched.
imp_status imp_demonstration_read(imp_demonstration *out, const char *path, imp_error *err);
/// The same from text; `name` stands for the file in messages.
imp_status imp_demonstration_parse(imp_demonstration *out, const char *text, size_t length,
                                   const char *name, imp_error *err);
void imp_demonstration_free(imp_demonstration *demonstration); ///< nullable

/// Writes a file, atomically. Equal drives give equal bytes.
imp_status imp_demonstration_write(const imp_demonstration *demonstration, const char *path,
                                   imp_error *err);
/// The same as text, which the caller frees.
imp_status imp_demonstration_to_json(char **out, const imp_demonstration *demonstration,
                                     imp_error *err);

/// Begins to record: env was just reset, by imp_env_reset() with its own settings. The caller
/// frees *out with imp_demonstration_free(), and may fill policy, recorder and note.
imp_status imp_demonstration_begin(imp_demonstration *out, const imp_env *env, imp_error *err);
/// The action that a file can hold: rounded to float32. Step with this one.
imp_action imp_demonstration_round_action(imp_action action);
/// Adds a step: the action that was given, and env after it. Fails with IMP_NO_MEMORY, and with
/// IMP_USAGE beyond IMP_DEMONSTRATION_STEPS_MAX.
imp_status imp_demonstration_add(imp_demonstration *demonstration, imp_action action,
                                 imp_driver driver, const imp_env *env, imp_error *err);

/// Compares the state after `step` steps (0: before the first) with the hash of the drive, if
/// there is one for this step. Fails with IMP_CHECK_FAILED, naming the step.
imp_status imp_demonstration_check_state(const imp_demonstration *demonstration, int step,
                                         const imp_env *env, imp_error *err);

/// Loads the world of a drive: a built-in map, or its own text, never a file. Fails with
/// IMP_BAD_INPUT if there is no such map, or if the text has another hash.
imp_status imp_demonstration_load_world(imp_world **out, const imp_demonstration *demonstration,
                                        imp_error *err);

IMP_API_END

#endif
