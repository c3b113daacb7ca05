// inject_faults.c: a library for LD_PRELOAD that lets one call fail, or kills the process before
// it. IMPRINT_FAULT=CALL:N:HOW: the N-th CALL of the process ends with the error HOW (EIO, ENOSPC,
// EINTR, EMFILE, ENOMEM), with a part of what it was to do (SHORT), or with the process's death
// (KILL). IMPRINT_FAULT_COUNT=FILE: the number of calls is written there when the process exits.
//
// System calls are caught by a seccomp filter, so that those of the C library itself are, too. The
// handler makes the call again with a mark in its last argument, which lets it pass. Allocations
// and mmap(), which has no argument free, stand in for the functions of the C library.
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stdatomic.h>
#include <stddef.h>
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
};
static const struct {
    const char *name;
    int number;
} ERRORS[] = {{"EIO", EIO},       {"ENOSPC", ENOSPC}, {"EINTR", EINTR},   {"EMFILE", EMFILE},
              {"ENOMEM", ENOMEM}, {"KILL", KILLS},    {"SHORT", SHORTENS}};

static char kind[16], count_path[4096];
static long wanted;
static int how;
static atomic_long count;

// Counts a call; whether it is the one.
static int is_chosen(void)
{
    if (atomic_fetch_add(&count, 1) + 1 != wanted)
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

static void handle_call(int signal, siginfo_t *info, void *context)
{
    (void)signal;
    greg_t *r = ((ucontext_t *)context)->uc_mcontext.gregs;
    const int saved = errno, number = info->si_syscall;
    if (!is_ours(number, r) || !is_chosen()) {
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

static void catch_calls(const int calls[3])
{
    struct sock_filter filter[16];
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
    for (int k = 0; k < 3 && calls[k] != NONE; k++) {
        filter[n++] =
            (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (unsigned)calls[k], 0, 1);
        filter[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_TRAP);
    }
    filter[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
    const struct sock_fprog program = {(unsigned short)n, filter};
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
        prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0)
        _exit(99);
}

__attribute__((constructor)) static void begin(void)
{
    char error[16] = "";
    const char *fault = getenv("IMPRINT_FAULT"), *path = getenv("IMPRINT_FAULT_COUNT");
    if (fault == NULL || sscanf(fault, "%15[^:]:%ld:%15s", kind, &wanted, error) != 3)
        return;
    snprintf(count_path, sizeof count_path, "%s", path != NULL ? path : "");
    unsetenv("LD_PRELOAD"); // not for children
    for (int k = 0; k < (int)(sizeof ERRORS / sizeof ERRORS[0]); k++)
        if (strcmp(error, ERRORS[k].name) == 0)
            how = ERRORS[k].number;
    for (int k = 0; k < (int)(sizeof KINDS / sizeof KINDS[0]); k++)
        if (strcmp(kind, KINDS[k].name) == 0)
            catch_calls(KINDS[k].calls);
    atomic_store(&count, 0);
}

__attribute__((destructor)) static void end(void)
{
    char text[32];
    const int length = snprintf(text, sizeof text, "%ld\n", atomic_load(&count));
    wanted = 0;
    const int file = count_path[0] == '\0'
                         ? -1
                         : open(count_path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    if (file >= 0 && write(file, text, (size_t)length) == length)
        close(file);
}

// Whether an allocation or a mapping is to fail.
static int fails(const char *name)
{
    return strcmp(kind, name) == 0 && is_chosen();
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
    return fails("malloc") ? no_memory() : __libc_malloc(size);
}

void *calloc(size_t number, size_t size)
{
    return fails("malloc") ? no_memory() : __libc_calloc(number, size);
}

void *realloc(void *memory, size_t size)
{
    return fails("malloc") ? no_memory() : __libc_realloc(memory, size);
}

void *aligned_alloc(size_t alignment, size_t size)
{
    return fails("malloc") ? no_memory() : __libc_memalign(alignment, size);
}

int posix_memalign(void **out, size_t alignment, size_t size)
{
    void *memory = fails("malloc") ? NULL : __libc_memalign(alignment, size);
    if (memory != NULL)
        *out = memory;
    return memory != NULL ? 0 : ENOMEM;
}

void *mmap(void *at, size_t length, int protection, int flags, int file, off_t offset)
{
    if (file >= 0 && fails("mmap")) {
        errno = how > 0 ? how : ENOMEM;
        return MAP_FAILED;
    }
    const long result = syscall(SYS_mmap, at, length, protection, flags, file, offset);
    return (void *)result; // MAP_FAILED is -1
}
