// Status texts, error messages and the monitor callbacks.
// A message is formatted into a local buffer first, because an argument may be the old message.
// Control characters become spaces, so a message is always one line.
#include "imprint/base.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

// The cases come from the same list as the enumeration, so neither can lack an entry.
const char *imp_status_text(imp_status status)
{
    switch (status) {
#define IMP_STATUS_CASE(name, code, text)                                                          \
    case name:                                                                                     \
        return text;
        IMP_STATUS_MAP(IMP_STATUS_CASE)
#undef IMP_STATUS_CASE
    }
    return "unknown status";
}

imp_status(imp_fail)(imp_error *err, imp_status status, const char *format, ...)
{
    if (err != NULL) {
        // An argument may be the old message itself.
        char message[sizeof err->message];
        va_list arguments;
        va_start(arguments, format);
        vsnprintf(message, sizeof message, format, arguments);
        va_end(arguments);
        // A message may quote any file contents. Control characters become spaces, so it stays one
        // line.
        for (char *c = message; *c != '\0'; c++)
            if ((unsigned char)*c < ' ')
                *c = ' ';
        err->status = status;
        err->hint = IMP_HINT_NONE;
        memcpy(err->message, message, sizeof message);
    }
    return status;
}

void imp_monitor_progress(const imp_monitor *monitor, const imp_progress *progress)
{
    if (monitor != NULL && monitor->progress != NULL)
        monitor->progress(monitor->context, progress);
}

bool imp_monitor_should_stop(const imp_monitor *monitor)
{
    return monitor != NULL && monitor->should_stop != NULL &&
           monitor->should_stop(monitor->context);
}
