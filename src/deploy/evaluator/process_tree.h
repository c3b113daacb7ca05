// deploy/evaluator/process_tree.h: what a process and all of its descendants hold.
#ifndef IMP_DEPLOY_EVALUATOR_PROCESS_TREE_H
#define IMP_DEPLOY_EVALUATOR_PROCESS_TREE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

enum { IMP_PROCESS_TREE_MAX = 512 };

typedef struct imp_process_tree {
    int processes;    // at most IMP_PROCESS_TREE_MAX are counted
    bool complete;    // there are no more; otherwise the figures below are those of a part
    int threads;      // of all of them
    int64_t resident; // memory of all of them, shared memory counted in each [bytes]
    int64_t own;      // the same without what is mapped from files
} imp_process_tree;

// Looks at all processes below `root`, and at itself. A process that ends meanwhile may be left
// out.
void imp_process_tree_measure(imp_process_tree *out, pid_t root);

#endif
