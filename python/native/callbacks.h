// callbacks.h: functions that C calls and Python implements, in cffi's notation. _monitor.py
// defines these two.
extern "Python" void imp_python_progress(void *context, const imp_progress *progress);
extern "Python" bool imp_python_should_stop(void *context);
