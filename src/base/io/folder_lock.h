// base/io/folder_lock.h: one process at a time writes to a folder.
#ifndef IMP_BASE_IO_FOLDER_LOCK_H
#define IMP_BASE_IO_FOLDER_LOCK_H

#include "imprint/base.h"

// A lock that nobody holds.
enum { IMP_FOLDER_UNLOCKED = -1 };

// Locks a folder that exists, against other processes and against other locks of this process. The
// system releases the lock when the process ends, however it ends. IMP_IO if another holds it: the
// message names that process if it runs on this machine. File systems without locks count as
// locked; there the user has to take care.
imp_status imp_folder_lock(int *lock, const char *folder, imp_error *err);
// The same for a folder that is open: the lock lasts until the descriptor is closed.
imp_status imp_folder_lock_open(int descriptor, const char *folder, imp_error *err);
void imp_folder_unlock(int lock); // may be IMP_FOLDER_UNLOCKED

#endif
