// The ending of an output's name says what is written. One that nobody knows is a mistake: it must
// not become the name of a folder, or of a picture in another format.
#include "cli/out_ending.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/words.h"

const char *imp_out_ending(const char *path)
{
    const char *slash = strrchr(path, '/');
    const char *name = slash != NULL ? slash + 1 : path;
    const char *dot = strrchr(name, '.');
    // ".hidden" has no ending, and neither have "." and ".."
    return dot == NULL || dot == name || dot[1] == '\0' ? "" : dot;
}

static bool is_one_of(const char *ending, const char *const *endings)
{
    for (int k = 0; endings[k] != NULL; k++)
        if (strcmp(ending, endings[k]) == 0)
            return true;
    return false;
}

// The same, or one edit away from one that is not short: ".htlm" is meant to be a file's, too.
static bool resembles_one_of(const char *ending, const char *const *endings)
{
    enum { NOT_SHORT = 5 };
    const size_t length = strlen(ending);
    bool alike = is_one_of(ending, endings);
    for (int k = 0; endings[k] != NULL && length >= NOT_SHORT; k++)
        alike = alike || imp_edit_distance(ending, length, endings[k], strlen(endings[k])) == 1;
    return alike;
}

// What players take and imprint does not write.
static bool is_video(const char *ending)
{
    static const char *const videos[] = {".gif", ".mp4", ".webm", ".avi", ".mov", ".mkv", NULL};
    return is_one_of(ending, videos);
}

static imp_status refuse(const char *path, const char *const *endings, bool or_folder,
                         imp_error *err)
{
    char known[160] = "", hint[IMP_GUESS_TEXT];
    const char *ending = imp_out_ending(path);
    imp_guess guess = imp_guess_of(ending, strlen(ending));
    for (int k = 0; endings[k] != NULL; k++) {
        const size_t used = strlen(known);
        imp_guess_offer(&guess, endings[k]);
        snprintf(known + used, sizeof known - used, "%s%s",
                 k == 0                                 ? ""
                 : endings[k + 1] == NULL && !or_folder ? " or "
                                                        : ", ",
                 endings[k]);
    }
    if (or_folder && is_video(ending))
        return imp_fail(err, IMP_USAGE,
                        "--out: %s is not written; write .apng, or frames into a folder and then: "
                        "ffmpeg -framerate 30 -i FOLDER/%%05d.png -pix_fmt yuv420p %.80s",
                        ending, path);
    if (ending[0] == '\0')
        return imp_fail(err, IMP_USAGE, "--out '%.120s': must end with %s", path, known);
    return imp_fail(
        err, IMP_USAGE, "--out '%.120s': unknown ending %.20s: must end with %s%s%s", path, ending,
        known, or_folder ? ", or be a folder for frames (no ending, or a slash at its end)" : "",
        imp_guess_tell(&guess, hint));
}

imp_status imp_out_check_file(const char *path, const char *const *endings, imp_error *err)
{
    return is_one_of(imp_out_ending(path), endings) ? IMP_OK : refuse(path, endings, false, err);
}

imp_status imp_out_check_either(const char *path, const char *const *endings, imp_error *err)
{
    const char *ending = imp_out_ending(path);
    return ending[0] == '\0' || is_one_of(ending, endings) ? IMP_OK
                                                           : refuse(path, endings, true, err);
}

imp_status imp_out_check_folder(const char *path, imp_error *err)
{
    static const char *const files[] = {
        ".png",  ".apng", ".jpg",  ".jpeg", ".gif", ".svg",  ".pdf",         ".mp4",  ".webm",
        ".avi",  ".mov",  ".mkv",  ".html", ".htm", ".json", ".jsonl",       ".csv",  ".txt",
        ".yaml", ".yml",  ".hdf5", ".h5",   ".log", ".pkl",  ".safetensors", ".onnx", ".pt",
        ".pth",  ".bag",  ".npz",  ".npy",  ".zip", ".tar",  ".gz",          NULL};
    struct stat info;
    const char *ending = imp_out_ending(path);
    if (!resembles_one_of(ending, files) || (stat(path, &info) == 0 && S_ISDIR(info.st_mode)))
        return IMP_OK;
    return imp_fail(err, IMP_USAGE,
                    "'%.120s' is named like a file, and a folder is written: give %.*s, or put a "
                    "slash behind it",
                    path, (int)(strlen(path) - strlen(ending)), path);
}
