// callbacks.h: what the public headers do not declare, in cffi's notation.

// frees what the library hands over with "the caller frees *out"
void free(void *memory);

// functions that C calls and Python implements: these two in _monitor.py
extern "Python" void imp_python_progress(void *context, const imp_progress *progress);
extern "Python" bool imp_python_should_stop(void *context);
