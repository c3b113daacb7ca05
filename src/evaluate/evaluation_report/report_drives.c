// Drives of episodes as files of a report.
#include <stdio.h>

#include "base/common/try.h"
#include "base/io/file.h"
#include "evaluate/evaluation_report/eval_report.h"

imp_status imp_report_write_drive(const char *folder, const char *name, imp_demonstration *drive,
                                  const char *note, imp_error *err)
{
    char path[IMP_PATH_MAX];
    if (drive == NULL || drive->steps < 1)
        return IMP_OK;
    snprintf(drive->recorder, sizeof drive->recorder, "imprint eval");
    // names come from paths, which may hold anything, and may be cut off within a letter
    snprintf(drive->note, sizeof drive->note, "%s", note);
    for (char *c = drive->note; *c != '\0'; c++)
        if (*c < ' ' || *c > '~')
            *c = '?';
    IMP_TRY(imp_path_join(path, folder, name, err));
    return imp_demonstration_write(drive, path, err);
}
