// Checks the folder of a submission: its submission.yaml has only keys that the challenge knows and
// names the protocol, its Dockerfile has a start command, and its agent drives. The agent is
// started as the Dockerfile says, without a container, and must answer for 40 steps of a
// simulation.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/common/try.h"
#include "base/io/file.h"
#include "base/io/file_type.h"
#include "base/yaml/yaml_tree.h"
#include "deploy/submission/dockerfile.h"
#include "imprint/evaluator.h"
#include "imprint/sim.h"

// Limits: size of a text file [bytes], steps driven.
enum { TEXT_MAX = 1 << 20, TEST_STEPS = 40 };

// The protocol's name as the challenge's server knows it.
static const char PROTOCOL[] = "aido2_db18_agent-z2";

// Returns whether a YAML node is this text, or a list that contains it.
static bool is_text_in_scalar_or_list(const imp_yaml *yaml, int node, const char *text)
{
    if (imp_yaml_node_kind(yaml, node) != IMP_YAML_LIST)
        return imp_yaml_scalar_equals(yaml, node, text);
    for (int at = imp_yaml_first(yaml, node); at >= 0; at = imp_yaml_next(yaml, at))
        if (imp_yaml_scalar_equals(yaml, imp_yaml_resolve(yaml, at), text))
            return true;
    return false;
}

// Checks that all keys are known and that `protocol` is there.
static imp_status check_submission_keys(const imp_yaml *yaml)
{
    static const char *const known[] = {
        "protocol",    "challenge", "user-label",          "user-payload",
        "description", "image",     "validation_challenge"};
    if (!imp_yaml_is_map(yaml, yaml->root))
        return imp_fail(yaml->err, IMP_BAD_INPUT, "%s: is not a mapping of keys to values",
                        yaml->source);
    // The challenge's server rejects a submission with an unknown key.
    for (imp_yaml_pair pair = imp_yaml_first_pair(yaml, yaml->root); pair.key >= 0;
         pair = imp_yaml_next_pair(yaml, pair)) {
        // Keys can be aliases in YAML, so resolve them before they are compared.
        const int key = imp_yaml_resolve(yaml, pair.key);
        bool is_known = false;
        for (size_t k = 0; k < sizeof known / sizeof known[0]; k++)
            is_known = is_known || imp_yaml_scalar_equals(yaml, key, known[k]);
        if (!is_known)
            return imp_yaml_fail(yaml, key, "the challenge refuses unknown keys");
    }
    // `protocol` may be one name or a list of names.
    const int protocol = imp_yaml_get(yaml, yaml->root, "protocol");
    if (protocol < 0)
        return imp_fail(yaml->err, IMP_BAD_INPUT, "%s: the key protocol is missing: it must be %s",
                        yaml->source, PROTOCOL);
    return is_text_in_scalar_or_list(yaml, protocol, PROTOCOL)
               ? IMP_OK
               : imp_yaml_fail(yaml, protocol, "protocol is not %s", PROTOCOL);
}

// Checks the text of submission.yaml. Invalid YAML counts as a failed check.
static imp_status check_submission_yaml(const char *text, size_t length, const char *path,
                                        imp_error *err)
{
    imp_yaml yaml = {.source = path, .err = err};
    imp_status status = imp_yaml_parse(&yaml, text, length);
    if (status == IMP_OK)
        status = check_submission_keys(&yaml);
    imp_yaml_free(&yaml);
    // The file was readable, but does not fulfil the rules.
    if (status == IMP_BAD_INPUT && err != NULL)
        err->status = IMP_CHECK_FAILED;
    return status == IMP_BAD_INPUT ? IMP_CHECK_FAILED : status;
}

// Reads a file of the folder and returns its path; the caller frees *text.
static imp_status read_submission_file(char **text, size_t *length, char path[IMP_PATH_MAX],
                                       const char *folder, const char *name, imp_error *err)
{
    imp_status status = imp_path_join(path, folder, name, err);
    if (status == IMP_OK && !imp_path_exists(path))
        return imp_fail(err, IMP_CHECK_FAILED, "%s: no such file", path);
    return status == IMP_OK ? imp_file_read(text, length, path, TEXT_MAX, err) : status;
}

// Lets a policy drive a few steps on a simple road.
static imp_status run_policy_for_test_steps(imp_policy *policy, imp_sim *sim, imp_error *err)
{
    const imp_env *env = imp_sim_env(sim);
    uint8_t *rgb = malloc((size_t)3 * IMP_AGENT_CAMERA_WIDTH * IMP_AGENT_CAMERA_HEIGHT);
    if (rgb == NULL)
        return imp_fail(err, IMP_NO_MEMORY, "out of memory for images");
    // Observe and act in turn; a policy reports a failure by failure_reason.
    imp_policy_reset(policy, env);
    for (int k = 0; k < TEST_STEPS && policy->failure_reason == NULL; k++) {
        imp_sim_observe(sim, rgb);
        imp_sim_step(sim, imp_policy_act(policy, env, rgb));
    }
    free(rgb);
    return policy->failure_reason == NULL
               ? IMP_OK
               : imp_fail(err, IMP_CHECK_FAILED, "the agent failed: %s", policy->failure_reason);
}

// Creates a simulation with the challenge's camera and lets the agent drive in it.
static imp_status drive_agent_in_simulator(const imp_policy_factory *driver, imp_error *err)
{
    imp_sim *sim = NULL;
    imp_policy *policy = NULL;
    imp_sim_def def = imp_default_sim_def();
    def.camera.width = IMP_AGENT_CAMERA_WIDTH;
    def.camera.height = IMP_AGENT_CAMERA_HEIGHT;
    imp_status status = imp_sim_create(&sim, &def, err);
    // The seed is fixed, so that a check can be repeated with the same result.
    if (status == IMP_OK)
        status = imp_sim_reset(sim, 0, err);
    if (status == IMP_OK)
        status = imp_policy_factory_create(driver, &policy, err);
    if (status == IMP_OK)
        status = run_policy_for_test_steps(policy, sim, err);
    imp_policy_destroy(policy);
    imp_sim_destroy(sim);
    return status;
}

imp_status imp_submission_check_files(imp_submission_command *out, const char *folder,
                                      imp_error *err)
{
    char path[IMP_PATH_MAX], *text;
    size_t length;
    // The order is that in which a user would correct the errors.
    IMP_TRY(imp_file_type_expect_folder(folder, "a submission is a folder with a Dockerfile", err));
    IMP_TRY(read_submission_file(&text, &length, path, folder, "submission.yaml", err));
    imp_status status = check_submission_yaml(text, length, path, err);
    free(text);
    if (status == IMP_OK)
        status = read_submission_file(&text, &length, path, folder, "Dockerfile", err);
    if (status != IMP_OK)
        return status;
    status = imp_dockerfile_command(out->text, sizeof out->text, text, folder, err);
    free(text);
    return status;
}

// Runs the start command as an agent process and drives with it.
imp_status imp_submission_check_agent(const imp_submission_command *command, bool sandbox,
                                      const imp_monitor *monitor, imp_error *err)
{
    imp_agent_process_def agent = imp_default_agent_process_def();
    imp_policy_factory *driver;
    agent.command = command->text;
    agent.sandbox = sandbox;
    agent.monitor = monitor;
    IMP_TRY(imp_agent_process_factory_open(&driver, &agent, err));
    const imp_status status = drive_agent_in_simulator(driver, err);
    imp_policy_factory_close(driver);
    return status;
}
