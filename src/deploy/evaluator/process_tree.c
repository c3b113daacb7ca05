// Walks the tree of processes in /proc, breadth first. Each thread has a list of the processes that
// it started, so all threads of a process are asked. The kernel lists a process whose parent ended
// among the children of the first process of its sandbox.
#include "deploy/evaluator/process_tree.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/io/file.h"

enum { TEXT_MAX = 1 << 16 };

// The processes that were found so far; those from `next` on have not been looked at.
typedef struct walk {
    long found[IMP_PROCESS_TREE_MAX];
    int count, next;
    bool full;
} walk;

// Appends a process to the list.
static void add_process(walk *w, long process)
{
    if (w->count == IMP_PROCESS_TREE_MAX)
        w->full = true;
    else
        w->found[w->count++] = process;
}

// Appends the processes that a thread has started.
static void add_children(walk *w, long process, const char *thread)
{
    char path[320], *text, *end;
    size_t length;
    // The file lists the numbers of processes, separated by spaces.
    snprintf(path, sizeof path, "/proc/%ld/task/%s/children", process, thread);
    if (imp_file_read(&text, &length, path, TEXT_MAX, NULL) != IMP_OK)
        return;
    const char *at = text;
    for (long child = strtol(at, &end, 10); end > at && !w->full; child = strtol(at, &end, 10)) {
        add_process(w, child);
        at = end;
    }
    free(text);
}

// Counts a process's threads and appends what they have started.
static int visit_threads(walk *w, long process)
{
    char path[64];
    int threads = 0;
    snprintf(path, sizeof path, "/proc/%ld/task", process);
    DIR *folder = opendir(path);
    for (struct dirent *entry; folder != NULL && (entry = readdir(folder)) != NULL;) {
        if (entry->d_name[0] == '.')
            continue;
        threads++;
        add_children(w, process, entry->d_name);
    }
    if (folder != NULL)
        closedir(folder);
    return threads;
}

// Returns a figure of a process's status, which the kernel reports in kB [bytes]; 0 if unknown.
static int64_t figure(const char *status, const char *name)
{
    const char *line = strstr(status, name);
    return line != NULL ? strtoll(line + strlen(name), NULL, 10) * 1024 : 0;
}

// Adds the memory of a process.
static void add_memory(imp_process_tree *out, long process)
{
    char path[64], *text;
    size_t length;
    snprintf(path, sizeof path, "/proc/%ld/status", process);
    if (imp_file_read(&text, &length, path, TEXT_MAX, NULL) != IMP_OK)
        return;
    out->resident += figure(text, "VmRSS:");
    out->own += figure(text, "RssAnon:") + figure(text, "RssShmem:");
    free(text);
}

void imp_process_tree_measure(imp_process_tree *out, pid_t root)
{
    walk w = {.found = {root}, .count = 1};
    *out = (imp_process_tree){0};
    // What is too much is known as soon as the list is full.
    for (; w.next < w.count && !w.full; w.next++) {
        out->threads += visit_threads(&w, w.found[w.next]);
        add_memory(out, w.found[w.next]);
    }
    out->processes = w.count;
    out->complete = !w.full;
}
