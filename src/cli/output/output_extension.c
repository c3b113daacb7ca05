// The extension of --out decides what is written. An unknown extension is an error: it must not
// become the name of a folder, or of an image in another format. Likewise, a folder may not be
// named like a file of a common type, unless it exists or a slash follows. Messages list the known
// extensions and suggest the closest one; for videos they show how ffmpeg makes one.
#include "cli/output/output_extension.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/io/file.h"
#include "base/text/suggestion.h"

// The extension with its dot, or "".
const char *imp_output_extension(const char *path)
{
    // dots in the names of folders do not count
    if (imp_path_has_suffix(path, "/"))
        return "";
    const char *name = imp_path_base_name(path);
    const char *dot = strrchr(name, '.');
    // ".hidden" has no ending, and neither have "." and ".."
    return dot == NULL || dot == name || dot[1] == '\0' ? "" : dot;
}

// Extensions are compared as they are, case included.
static bool is_listed_extension(const char *extension, const char *const *extensions)
{
    for (int k = 0; extensions[k] != NULL; k++)
        if (strcmp(extension, extensions[k]) == 0)
            return true;
    return false;
}

// Whether an extension is listed or, unless it is short, one edit away: ".htlm" is meant as a
// file's extension, too.
static bool is_near_listed_extension(const char *extension, const char *const *extensions)
{
    enum { NOT_SHORT = 5 };
    const size_t length = strlen(extension);
    // an extension of up to four characters is too short for a comparison by edits
    bool alike = is_listed_extension(extension, extensions);
    for (int k = 0; extensions[k] != NULL && length >= NOT_SHORT; k++)
        alike = alike ||
                imp_edit_distance(extension, length, extensions[k], strlen(extensions[k])) == 1;
    return alike;
}

// Video formats that imprint does not write.
static bool is_other_video_extension(const char *extension)
{
    static const char *const videos[] = {".avi", ".mov", ".mkv", NULL};
    return is_listed_extension(extension, videos);
}

// The message about an extension, with the known ones and a suggestion.
static imp_status unknown_extension_error(const char *path, const char *const *extensions,
                                          bool or_folder, imp_error *err)
{
    char known[160] = "", hint[IMP_SUGGESTION_TEXT_MAX];
    const char *extension = imp_output_extension(path);
    imp_suggestion suggestion = imp_suggestion_begin(extension, strlen(extension));
    // the list "a, b or c"; where a folder is possible, that comes last
    for (int k = 0; extensions[k] != NULL; k++) {
        const size_t used = strlen(known);
        imp_suggestion_add_candidate(&suggestion, extensions[k]);
        snprintf(known + used, sizeof known - used, "%s%s",
                 k == 0                                    ? ""
                 : extensions[k + 1] == NULL && !or_folder ? " or "
                                                           : ", ",
                 extensions[k]);
    }
    // a video, no extension, an unknown extension
    if (or_folder && is_other_video_extension(extension))
        return imp_fail(
            err, IMP_USAGE,
            "--out: cannot write %s; write .mp4 or .apng, or frames into a folder and then: "
            "ffmpeg -framerate 30 -i FOLDER/%%05d.png -pix_fmt yuv420p %.80s",
            extension, path);
    if (extension[0] == '\0')
        return imp_fail(err, IMP_USAGE, "--out '%.120s': must end with %s", path, known);
    return imp_fail(err, IMP_USAGE, "--out '%.120s': unknown ending %.20s: must end with %s%s%s",
                    path, extension, known,
                    or_folder ? ", or be a folder for frames (no ending, or a slash at its end)"
                              : "",
                    imp_suggestion_format(&suggestion, hint));
}

// For commands that write one file.
imp_status imp_output_check_file(const char *path, const char *const *extensions, imp_error *err)
{
    return is_listed_extension(imp_output_extension(path), extensions)
               ? IMP_OK
               : unknown_extension_error(path, extensions, false, err);
}

// For commands that write a file, or frames into a folder.
imp_status imp_output_check_file_or_folder(const char *path, const char *const *extensions,
                                           imp_error *err)
{
    const char *extension = imp_output_extension(path);
    return extension[0] == '\0' || is_listed_extension(extension, extensions)
               ? IMP_OK
               : unknown_extension_error(path, extensions, true, err);
}

// For commands that write a folder.
imp_status imp_output_check_folder(const char *path, imp_error *err)
{
    static const char *const files[] = {
        ".png",  ".apng", ".jpg",  ".jpeg", ".gif", ".svg",  ".pdf",         ".mp4",  ".webm",
        ".avi",  ".mov",  ".mkv",  ".html", ".htm", ".json", ".jsonl",       ".csv",  ".txt",
        ".yaml", ".yml",  ".hdf5", ".h5",   ".log", ".pkl",  ".safetensors", ".onnx", ".pt",
        ".pth",  ".bag",  ".npz",  ".npy",  ".zip", ".tar",  ".gz",          NULL};
    struct stat info;
    const char *extension = imp_output_extension(path);
    if (!is_near_listed_extension(extension, files) ||
        (stat(path, &info) == 0 && S_ISDIR(info.st_mode)))
        return IMP_OK;
    return imp_fail(
        err, IMP_USAGE,
        "'%.120s' is named like a file, but a folder is written: give %.*s, or add a slash "
        "at the end",
        path, (int)(strlen(path) - strlen(extension)), path);
}
