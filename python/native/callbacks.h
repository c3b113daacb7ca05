// callbacks.h: what the public headers do not declare, in cffi's notation.

// frees what the library hands over with "the caller frees *out"
void free(void *memory);

// monitor.h: `imp_python_poll` asks Python a hundred times a second at most
typedef struct imp_python_monitor {
    bool stop;
    double next_time;
} imp_python_monitor;
bool imp_python_poll(void *context);

// policy.h: `imp_python_act_in_turn` lets one thread at a time into imp_python_act()
typedef struct imp_python_policy {
    void *bridge;
    int busy;
} imp_python_policy;
int32_t imp_python_act_in_turn(void *context, const imp_policy_batch *batch, imp_action *actions);

// functions that C calls and Python implements: these two in _monitor.py
extern "Python" void imp_python_progress(void *context, const imp_progress *progress);
extern "Python" bool imp_python_should_stop(void *context);

// _callbacks.py defines these.
extern "Python" int32_t imp_python_act(void *context, const imp_policy_batch *batch,
                                       imp_action *actions);
extern "Python" imp_status imp_python_train(void *context, const imp_dagger_training *training,
                                            double *loss, double *validation_loss, imp_error *err);
extern "Python" imp_status imp_python_open(void *context, const char *folder,
                                           imp_policy_factory **out, imp_error *err);
