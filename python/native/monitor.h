// monitor.h: an imp_monitor that asks Python whether to stop only now and then. The library asks at
// every step of an episode; taking the GIL each time would cost more than the step, and keep other
// threads from it.
static bool imp_python_should_stop(void *context);

typedef struct imp_python_monitor {
    bool stop;        // Python has decided
    double next_time; // of the next question to Python [s]
} imp_python_monitor;

// should_stop of an imp_monitor whose context is an imp_python_monitor.
static bool imp_python_poll(void *context)
{
    imp_python_monitor *monitor = context;
    const double now = imp_python_clock();
    if (!monitor->stop && now >= monitor->next_time) {
        monitor->stop = imp_python_should_stop(context);
        monitor->next_time = now + 0.01;
    }
    return monitor->stop;
}
