// Finds the files of a robot: one file, several separated by commas, or a folder as Duckiebots keep
// it, with a folder for each of the three calibrations and a file in it for each robot. In such a
// folder a robot's missing file is replaced by default.yaml, as on the robot.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/common/try.h"
#include "base/io/file.h"
#include "base/io/file_type.h"
#include "base/io/folder_reader.h"
#include "sim/robot/robot_reader.h"
#include "sim/robot/robot_remarks.h"

enum { BYTES_MAX = 1 << 16, FILES_MAX = 8, PARTS = 3 };

// In the order of reading: the mounting follows from the lens.
static const char *const FOLDERS[PARTS] = {"camera_intrinsic", "camera_extrinsic", "kinematics"};
static const char SUFFIX[] = ".yaml", DEFAULT[] = "default";

// Adds what one file says.
static imp_status read_file(imp_robot_def *robot, imp_robot_remarks *remarks, const char *path,
                            imp_error *err)
{
    imp_yaml yaml = {.source = path, .err = err};
    char *text;
    size_t length;
    IMP_TRY(imp_file_type_expect_text(path, "a robot's file is a YAML file", err));
    IMP_TRY(imp_file_read(&text, &length, path, BYTES_MAX, err));
    imp_status status = imp_yaml_parse(&yaml, text, length);
    if (status == IMP_OK)
        status = imp_robot_read_document(robot, remarks, &yaml);
    imp_yaml_free(&yaml);
    free(text);
    return status;
}

// Takes the name of a file, without its ending, unless the robot has a name already.
static void name_robot_after_file(imp_robot_def *robot, const char *path)
{
    const char *base = imp_path_base_name(path);
    const size_t length = strcspn(base, ".");
    if (strcmp(robot->name, DEFAULT) == 0 && length > 0 && length < sizeof robot->name)
        snprintf(robot->name, sizeof robot->name, "%.*s", (int)length, base);
}

// The files of a list. Those of a camera's lens are read before its mounting: two passes, of which
// the first is for the lens alone.
static imp_status read_listed_files(imp_robot_def *robot, imp_robot_remarks *remarks,
                                    const char *list, imp_error *err)
{
    char *paths[FILES_MAX], *copy = strdup(list), *rest = copy;
    int count = 0;
    if (copy == NULL)
        return imp_fail(err, IMP_NO_MEMORY, "out of memory for the names of a robot's files");
    for (char *path; (path = strsep(&rest, ",")) != NULL && count < FILES_MAX;)
        paths[count++] = path;
    imp_status status = IMP_OK;
    if (rest != NULL)
        status =
            imp_fail(err, IMP_USAGE, "a robot has up to %d files, separated by commas", FILES_MAX);
    if (count > 1) {
        // remarks of this pass would come twice
        imp_robot_def probe = imp_default_robot_def();
        for (int k = 0; k < count && status == IMP_OK; k++) {
            status = read_file(&probe, NULL, paths[k], err);
            if (status == IMP_OK && (probe.known & IMP_ROBOT_INTRINSIC) != 0 &&
                (robot->known & IMP_ROBOT_INTRINSIC) == 0)
                status = read_file(robot, NULL, paths[k], err);
        }
    }
    for (int k = 0; k < count && status == IMP_OK; k++)
        status = read_file(robot, remarks, paths[k], err);
    if (status == IMP_OK)
        name_robot_after_file(robot, paths[0]);
    free(copy);
    return status;
}

// Writes "folder/part/name.yaml"; false if there is no such file.
static bool find_calibration_file(char out[IMP_PATH_MAX], const char *folder, int part,
                                  const char *name)
{
    const int length =
        snprintf(out, IMP_PATH_MAX, "%s/%s/%s%s", folder, FOLDERS[part], name, SUFFIX);
    return length > 0 && length < IMP_PATH_MAX && imp_path_exists(out);
}

// Whether a folder has one of the three.
static bool is_calibration_folder(const char *folder)
{
    char path[IMP_PATH_MAX];
    for (int k = 0; k < PARTS; k++)
        if (imp_path_join(path, folder, FOLDERS[k], NULL) == IMP_OK && imp_path_exists(path))
            return true;
    return false;
}

// Robots of a folder, in no order; `default` does not count.
typedef struct robot_names {
    char names[3][64];
    int count; // of all, also of those without a place
} robot_names;

// Counts the names of robots, and keeps the first three for a message.
static void add_robot_name(robot_names *found, const char *file)
{
    const size_t length = strlen(file), suffix = sizeof SUFFIX - 1;
    if (length <= suffix || strcmp(file + length - suffix, SUFFIX) != 0 ||
        length - suffix >= sizeof found->names[0])
        return;
    char name[sizeof found->names[0]];
    snprintf(name, sizeof name, "%.*s", (int)(length - suffix), file);
    if (strcmp(name, DEFAULT) == 0)
        return;
    for (int k = 0; k < found->count && k < 3; k++)
        if (strcmp(found->names[k], name) == 0)
            return;
    if (found->count < 3)
        strcpy(found->names[found->count], name);
    found->count++;
}

// Looks through the folders of all parts.
static imp_status list_robot_names(robot_names *found, const char *folder, imp_error *err)
{
    for (int k = 0; k < PARTS; k++) {
        char path[IMP_PATH_MAX];
        imp_folder_reader reader;
        IMP_TRY(imp_path_join(path, folder, FOLDERS[k], err));
        if (!imp_path_exists(path))
            continue;
        IMP_TRY(imp_folder_reader_open(&reader, path, err));
        const char *name = NULL;
        imp_status status;
        do {
            status = imp_folder_reader_next(&reader, &name, err);
            if (status == IMP_OK && name != NULL)
                add_robot_name(found, name);
        } while (status == IMP_OK && name != NULL);
        imp_folder_reader_close(&reader);
        IMP_TRY(status);
    }
    return IMP_OK;
}

// Reads the three files of a robot.
static imp_status read_named_robot(imp_robot_def *robot, imp_robot_remarks *remarks,
                                   const char *folder, const char *name, imp_error *err)
{
    char path[IMP_PATH_MAX];
    // one of the three parts must be the robot's own
    bool own = false;
    for (int k = 0; k < PARTS; k++)
        own = own || find_calibration_file(path, folder, k, name);
    if (!own)
        return imp_fail(err, IMP_BAD_INPUT,
                        "%s: no robot '%.60s': none of %s, %s and %s has a file %.60s%s", folder,
                        name, FOLDERS[0], FOLDERS[1], FOLDERS[2], name, SUFFIX);
    for (int k = 0; k < PARTS; k++) {
        // missing parts: those of the default robot, then the usual values
        if (!find_calibration_file(path, folder, k, name)) {
            if (!find_calibration_file(path, folder, k, DEFAULT)) {
                imp_robot_add_remark(remarks, false,
                                     "%s: %s has no file %s/%s%s: usual values are taken", folder,
                                     name, FOLDERS[k], name, SUFFIX);
                continue;
            }
            imp_robot_add_remark(remarks, false,
                                 "%s: %s has no file of its own in %s: %s%s is taken", folder, name,
                                 FOLDERS[k], DEFAULT, SUFFIX);
        }
        IMP_TRY(read_file(robot, remarks, path, err));
    }
    if (strlen(name) < sizeof robot->name)
        strcpy(robot->name, name);
    return IMP_OK;
}

static imp_status read_sole_robot_of_folder(imp_robot_def *robot, imp_robot_remarks *remarks,
                                            const char *folder, imp_error *err)
{
    robot_names found = {0};
    IMP_TRY(list_robot_names(&found, folder, err));
    if (found.count > 1)
        return imp_fail(
            err, IMP_USAGE, "%s: there are several robots (%s, %s%s): choose one, as %s/%s", folder,
            found.names[0], found.names[1], found.count > 2 ? ", ..." : "", folder, found.names[0]);
    return read_named_robot(robot, remarks, folder, found.count == 1 ? found.names[0] : DEFAULT,
                            err);
}

// A path that does not exist may be that of a folder and the name of a robot in it.
static bool split_robot_name(const char *path, char folder[IMP_PATH_MAX], const char **name)
{
    const char *slash = strrchr(path, '/');
    if (slash == NULL || slash[1] == '\0' || (size_t)(slash - path) >= IMP_PATH_MAX)
        return false;
    snprintf(folder, IMP_PATH_MAX, "%.*s", (int)(slash - path), path);
    *name = slash + 1;
    return is_calibration_folder(folder);
}

imp_status imp_robot_read(imp_robot_def *out, imp_robot_remarks *remarks, const char *path,
                          imp_error *err)
{
    imp_robot_def robot = imp_default_robot_def();
    char folder[IMP_PATH_MAX];
    const char *name;
    imp_status status;
    if (remarks != NULL)
        *remarks = (imp_robot_remarks){0};
    if (imp_path_exists(path) && is_calibration_folder(path))
        status = read_sole_robot_of_folder(&robot, remarks, path, err);
    else if (!imp_path_exists(path) && split_robot_name(path, folder, &name))
        status = read_named_robot(&robot, remarks, folder, name, err);
    else
        status = read_listed_files(&robot, remarks, path, err);
    if (status != IMP_OK)
        return status;
    imp_robot_check(&robot, remarks);
    *out = robot;
    return IMP_OK;
}
