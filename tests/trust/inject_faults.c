// inject_faults.c: a library for LD_PRELOAD that lets one call fail, or kills the process before
// it. IMPRINT_FAULT=CALL:N:HOW: the N-th CALL of the process ends with the error HOW (EIO, ENOSPC,
// EINTR, EMFILE, ENOMEM), with a part of what it was to do (SHORT), or with the process's death
// (KILL). IMPRINT_FAULT_COUNT=FILE: the number of calls is written there when the process exits.
// IMPRINT_FAULT=all:0:EIO counts the calls of all kinds, a line "KIND N", and their places, a line
// "KIND N PLACE" with the first call from each. A place is a hash of the innermost callers within
// the program: what a library calls counts for the program's call of that library.
//
// System calls are caught by a seccomp filter, so that those of the C library itself are, too. The
// handler makes the call again with a mark in its last argument, which lets it pass. Allocations
// and mmap(), which has no argument free, stand in for the functions of the C library.
#include <dlfcn.h>
#include <errno.h>
#include <execinfo.h>
#include <fcntl.h>
#include <link.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

#ifndef __x86_64__
#error "registers of x86-64 only"
#endif

enum { MARK = 0x1d4ab1e5, KILLS = -1, SHORTENS = -2, NONE = -1 };

static const struct {
    const char *name;
    int calls[3];
} KINDS[] = {
    {"write", {SYS_write, SYS_writev, SYS_pwrite64}},
    {"fsync", {SYS_fsync, SYS_fdatasync, NONE}},
    {"rename", {SYS_rename, SYS_renameat, SYS_renameat2}},
    {"link", {SYS_link, SYS_linkat, NONE}},
    {"open", {SYS_open, SYS_openat, NONE}},
    {"close", {SYS_close, NONE, NONE}},
    {"read", {SYS_read, SYS_pread64, NONE}},
    {"unlink", {SYS_unlink, SYS_unlinkat, SYS_rmdir}},
    {"mkdir", {SYS_mkdir, SYS_mkdirat, NONE}},
    {"ftruncate", {SYS_ftruncate, NONE, NONE}},
    {"getdents", {SYS_getdents64, NONE, NONE}},
    {"malloc", {NONE, NONE, NONE}},
    {"mmap", {NONE, NONE, NONE}},
};
enum { KIND_COUNT = sizeof KINDS / sizeof KINDS[0], MMAP = KIND_COUNT - 1, MALLOC = MMAP - 1 };

static const struct {
    const char *name;
    int number;
} ERRORS[] = {{"EIO", EIO},       {"ENOSPC", ENOSPC}, {"EINTR", EINTR},   {"EMFILE", EMFILE},
              {"ENOMEM", ENOMEM}, {"KILL", KILLS},    {"SHORT", SHORTENS}};

// places seen so far: a hash of the callers, and the number of the first call from there
enum { PLACES = 1 << 14, CALLERS = 40, OWN_CALLERS = 4 };
static struct {
    size_t hash;
    long first;
    int kind;
} places[PLACES];
static atomic_flag places_busy = ATOMIC_FLAG_INIT;
static uintptr_t program_begin, program_end;

static char count_path[4096];
static long wanted; // counted from 1
static int chosen_kind = NONE, how;
static bool counts_all;
static atomic_long counts[KIND_COUNT];

// Remembers a call if it is the first from its place.
static void note_place(int kind, long number)
{
    void *callers[CALLERS];
    const int depth = backtrace(callers, CALLERS);
    size_t hash = 14695981039346656037U + (size_t)kind;
    for (int k = 0, own = 0; k < depth && own < OWN_CALLERS; k++) {
        const uintptr_t caller = (uintptr_t)callers[k];
        if (caller < program_begin || caller >= program_end)
            continue;
        hash = (hash ^ (caller - program_begin)) * 1099511628211U;
        own++;
    }
    hash = (hash ^ hash >> 29) | 1;
    while (atomic_flag_test_and_set(&places_busy))
        ;
    for (int k = 0; k < PLACES; k++) {
        const size_t at = (hash + (size_t)k) % PLACES;
        if (places[at].hash == hash)
            break;
        if (places[at].hash != 0)
            continue;
        places[at].hash = hash;
        places[at].first = number;
        places[at].kind = kind;
        break;
    }
    atomic_flag_clear(&places_busy);
}

// Counts a call; whether it is the one.
static int is_chosen(int kind)
{
    if (kind != chosen_kind && !counts_all)
        return 0;
    const long number = atomic_fetch_add(&counts[kind], 1) + 1;
    if (counts_all)
        note_place(kind, number);
    if (number != wanted)
        return 0;
    if (how == KILLS)
        kill(getpid(), SIGKILL);
    return 1;
}

static long call_again(int number, const greg_t *r)
{
    const long result =
        syscall(number, r[REG_RDI], r[REG_RSI], r[REG_RDX], r[REG_R10], r[REG_R8], (long)MARK);
    return result < 0 ? -errno : result;
}

// What the loader and the C library open for themselves, and messages, are left alone.
static int is_ours(int number, const greg_t *r)
{
    const char *path = number == SYS_open     ? (const char *)r[REG_RDI]
                       : number == SYS_openat ? (const char *)r[REG_RSI]
                                              : "";
    static const char *const systems[] = {"/proc/", "/sys/", "/etc/", "/usr/", "/lib", "/dev/"};
    for (int k = 0; k < (int)(sizeof systems / sizeof systems[0]); k++)
        if (strncmp(path, systems[k], strlen(systems[k])) == 0)
            return 0;
    const int writes = number == SYS_write || number == SYS_writev;
    return !writes || r[REG_RDI] > 2;
}

static int kind_of(int number)
{
    int kind = 0;
    while (number != KINDS[kind].calls[0] && number != KINDS[kind].calls[1] &&
           number != KINDS[kind].calls[2])
        kind++;
    return kind;
}

static void handle_call(int signal, siginfo_t *info, void *context)
{
    (void)signal;
    greg_t *r = ((ucontext_t *)context)->uc_mcontext.gregs;
    const int saved = errno, number = info->si_syscall;
    if (!is_ours(number, r) || !is_chosen(kind_of(number))) {
        r[REG_RAX] = call_again(number, r);
    } else if (how > 0) {
        r[REG_RAX] = -how;
    } else {
        if ((number == SYS_write || number == SYS_read) && r[REG_RDX] > 1)
            r[REG_RDX] /= 2;
        r[REG_RAX] = call_again(number, r);
    }
    errno = saved;
}

static void catch_calls(void)
{
    struct sock_filter filter[8 * KIND_COUNT];
    int n = 0;
    const struct sigaction action = {.sa_sigaction = handle_call,
                                     .sa_flags = SA_SIGINFO | SA_NODEFER | SA_RESTART};
    sigaction(SIGSYS, &action, NULL);
    filter[n++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
                                               offsetof(struct seccomp_data, args[5]));
    filter[n++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, MARK, 0, 1);
    filter[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
    filter[n++] =
        (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr));
    for (int k = 0; k < 3 * KIND_COUNT; k++) {
        const int call = KINDS[k / 3].calls[k % 3];
        if (call == NONE || (k / 3 != chosen_kind && !counts_all))
            continue;
        filter[n++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (unsigned)call, 0, 1);
        filter[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_TRAP);
    }
    filter[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
    const struct sock_fprog program = {(unsigned short)n, filter};
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
        prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0)
        _exit(99);
}

// The first object is the program.
static int find_program(struct dl_phdr_info *info, size_t size, void *context)
{
    (void)size;
    (void)context;
    for (int k = 0; k < info->dlpi_phnum; k++)
        if (info->dlpi_phdr[k].p_type == PT_LOAD && (info->dlpi_phdr[k].p_flags & PF_X) != 0) {
            program_begin = info->dlpi_addr + info->dlpi_phdr[k].p_vaddr;
            program_end = program_begin + info->dlpi_phdr[k].p_memsz;
        }
    return 1;
}

__attribute__((constructor)) static void begin(void)
{
    char error[16] = "", kind[16];
    long number;
    void *callers[1];
    const char *fault = getenv("IMPRINT_FAULT"), *path = getenv("IMPRINT_FAULT_COUNT");
    if (fault == NULL || sscanf(fault, "%15[^:]:%ld:%15s", kind, &number, error) != 3)
        return;
    snprintf(count_path, sizeof count_path, "%s", path != NULL ? path : "");
    unsetenv("LD_PRELOAD"); // not for children
    backtrace(callers, 1);  // loads what it needs
    dl_iterate_phdr(find_program, NULL);
    for (int k = 0; k < (int)(sizeof ERRORS / sizeof ERRORS[0]); k++)
        if (strcmp(error, ERRORS[k].name) == 0)
            how = ERRORS[k].number;
    wanted = number;
    for (int k = 0; k < KIND_COUNT; k++)
        if (strcmp(kind, KINDS[k].name) == 0)
            chosen_kind = k;
    counts_all = strcmp(kind, "all") == 0;
    catch_calls();
}

__attribute__((destructor)) static void end(void)
{
    const bool all = counts_all;
    counts_all = false;
    wanted = 0;
    FILE *file = count_path[0] == '\0' ? NULL : fopen(count_path, "we");
    if (file == NULL)
        return;
    for (int k = 0; k < KIND_COUNT; k++)
        if (all || k == chosen_kind)
            fprintf(file, "%s %ld\n", KINDS[k].name, atomic_load(&counts[k]));
    for (int k = 0; k < PLACES; k++)
        if (places[k].hash != 0)
            fprintf(file, "%s %ld %zx\n", KINDS[places[k].kind].name, places[k].first,
                    places[k].hash);
    fclose(file);
}

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t number, size_t size);
void *__libc_realloc(void *memory, size_t size);
void *__libc_memalign(size_t alignment, size_t size);

static void *no_memory(void)
{
    errno = ENOMEM;
    return NULL;
}

void *malloc(size_t size)
{
    return is_chosen(MALLOC) ? no_memory() : __libc_malloc(size);
}

void *calloc(size_t number, size_t size)
{
    return is_chosen(MALLOC) ? no_memory() : __libc_calloc(number, size);
}

void *realloc(void *memory, size_t size)
{
    return is_chosen(MALLOC) ? no_memory() : __libc_realloc(memory, size);
}

void *aligned_alloc(size_t alignment, size_t size)
{
    return is_chosen(MALLOC) ? no_memory() : __libc_memalign(alignment, size);
}

int posix_memalign(void **out, size_t alignment, size_t size)
{
    void *memory = is_chosen(MALLOC) ? NULL : __libc_memalign(alignment, size);
    if (memory != NULL)
        *out = memory;
    return memory != NULL ? 0 : ENOMEM;
}

void *mmap(void *at, size_t length, int protection, int flags, int file, off_t offset)
{
    if (file >= 0 && is_chosen(MMAP)) {
        errno = how > 0 ? how : ENOMEM;
        return MAP_FAILED;
    }
    const long result = syscall(SYS_mmap, at, length, protection, flags, file, offset);
    return (void *)result; // MAP_FAILED is -1
}
