// agent.c: a trained network as an agent of the AI Driving Olympics: reads the protocol's messages
// from standard input and answers on standard output (docs/agent.md). With an image it prints the
// action for that image instead.
//
//     cc agent.c $(pkg-config --cflags --libs imprint) -o agent
//     imprint eval --protocol aido-lf --agent './agent runs/model'
//     ./agent runs/model camera.jpg
#include <imprint/imprint.h>
#include <stdio.h>
#include <stdlib.h>

static void print_warning(void *context, const char *text)
{
    (void)context;
    fprintf(stderr, "agent: warning: %s\n", text);
}

// Reads a file of at most `capacity` bytes.
static imp_status read_file(uint8_t *out, size_t capacity, size_t *length, const char *path,
                            imp_error *err)
{
    FILE *file = fopen(path, "rb");
    if (file == NULL)
        return imp_fail(err, IMP_IO, "%s: cannot be opened", path);
    *length = fread(out, 1, capacity, file);
    fclose(file);
    return IMP_OK;
}

static imp_status act_on_file(imp_agent *agent, const char *path, imp_error *err)
{
    static uint8_t jpeg[1 << 22];
    size_t length;
    imp_action action;
    imp_status status = read_file(jpeg, sizeof jpeg, &length, path, err);
    if (status == IMP_OK)
        status = imp_agent_act(agent, jpeg, length, &action, err);
    if (status == IMP_OK)
        printf("left %.3f, right %.3f\n", action.left, action.right);
    return status;
}

static imp_status serve(imp_agent *agent, imp_error *err)
{
    int input, output;
    imp_status status = imp_agent_open_input(&input, "-", NULL, err);
    if (status == IMP_OK)
        status = imp_agent_open_output(&output, "-", NULL, err);
    return status == IMP_OK ? imp_agent_serve(agent, input, output, NULL, err) : status;
}

int main(int argc, char **argv)
{
    imp_error err = {0};
    imp_agent *agent;
    imp_agent_def def = imp_default_agent_def();
    if (argc < 2) {
        fprintf(stderr, "usage: agent MODEL [IMAGE.jpg]\n");
        return 2;
    }
    def.model = argv[1];
    def.report_warning = print_warning;
    imp_status status = imp_agent_create(&agent, &def, &err);
    if (status == IMP_OK) {
        status = argc > 2 ? act_on_file(agent, argv[2], &err) : serve(agent, &err);
        imp_agent_destroy(agent);
    }
    if (status != IMP_OK)
        fprintf(stderr, "agent: %s\n", err.message);
    return status != IMP_OK;
}
