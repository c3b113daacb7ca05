// Locks folders with flock() on the folder itself, so that no lock file is left behind. Who holds a
// lock stands in /proc/locks, which lists process and inode.
#include "base/io/folder_lock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

// The process that holds a lock on the open folder, or 0 if it is not known.
static int find_lock_holder(int folder)
{
    struct stat info;
    FILE *locks = fopen("/proc/locks", "re");
    int holder = 0;
    if (locks == NULL || fstat(folder, &info) != 0)
        memset(&info, 0, sizeof info);
    char line[256];
    while (locks != NULL && holder == 0 && fgets(line, sizeof line, locks) != NULL) {
        char process[16], inode[32];
        // number, kind, advisory, access, process, device, inode
        if (sscanf(line, "%*s FLOCK %*s WRITE %15s %*x:%*x:%31[0-9]", process, inode) == 2 &&
            strtoull(inode, NULL, 10) == info.st_ino)
            holder = (int)strtol(process, NULL, 10);
    }
    if (locks != NULL)
        fclose(locks);
    return holder;
}

// Says who writes in the folder, as far as the system tells: 0 or less is unknown.
static imp_status fail_folder_is_locked(const char *folder, int holder, imp_error *err)
{
    if (holder <= 0)
        return imp_fail(err, IMP_IO,
                        "%s: another process is writing here, perhaps on another machine: wait "
                        "until it has ended, or choose another folder",
                        folder);
    if (holder == getpid())
        return imp_fail(err, IMP_IO, "%s: this process is writing here already", folder);
    char host[64] = "this machine";
    gethostname(host, sizeof host - 1);
    return imp_fail(err, IMP_IO,
                    "%s: process %d is writing here, on %s: wait until it has ended, or choose "
                    "another folder",
                    folder, holder, host);
}

imp_status imp_folder_lock_open(int descriptor, const char *folder, imp_error *err)
{
    int result;
    do
        result = flock(descriptor, LOCK_EX | LOCK_NB);
    while (result != 0 && errno == EINTR);
    if (result == 0 || errno != EWOULDBLOCK)
        return IMP_OK;
    return fail_folder_is_locked(folder, find_lock_holder(descriptor), err);
}

imp_status imp_folder_lock(int *lock, const char *folder, imp_error *err)
{
    *lock = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (*lock < 0)
        return imp_fail(err, IMP_IO, "%s: %s", folder, strerror(errno));
    imp_status status = imp_folder_lock_open(*lock, folder, err);
    // whoever held the lock before may have removed or renamed the folder
    struct stat here, there;
    if (status == IMP_OK && (fstat(*lock, &here) != 0 || stat(folder, &there) != 0 ||
                             here.st_ino != there.st_ino || here.st_dev != there.st_dev))
        status =
            imp_fail(err, IMP_IO, "%s: another process has just removed it: try again", folder);
    if (status != IMP_OK) {
        close(*lock);
        *lock = IMP_FOLDER_UNLOCKED;
    }
    return status;
}

void imp_folder_unlock(int lock)
{
    if (lock != IMP_FOLDER_UNLOCKED)
        close(lock);
}
