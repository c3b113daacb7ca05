// callbacks.h: what the public headers do not declare, in cffi's notation.

// frees what the library hands over with "the caller frees *out"
void free(void *memory);

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
