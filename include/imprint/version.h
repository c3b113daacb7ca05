/// imprint/version.h: the release that these headers belong to. CMake reads the numbers from here.
/// docs/versioning.md says what a change of each number means.
#ifndef IMPRINT_VERSION_H
#define IMPRINT_VERSION_H

#define IMPRINT_VERSION_MAJOR 0
#define IMPRINT_VERSION_MINOR 1
#define IMPRINT_VERSION_PATCH 0

/// The release as text. imp_version() returns the text of the library that is loaded.
#define IMPRINT_VERSION_STRING "0.1.0"

/// The release as one number that grows with each release, for the preprocessor:
/// `#if IMPRINT_VERSION_NUMBER >= IMPRINT_MAKE_VERSION(0, 2, 0)`.
#define IMPRINT_MAKE_VERSION(major, minor, patch) ((major)*1000000 + (minor)*1000 + (patch))
#define IMPRINT_VERSION_NUMBER                                                                     \
    IMPRINT_MAKE_VERSION(IMPRINT_VERSION_MAJOR, IMPRINT_VERSION_MINOR, IMPRINT_VERSION_PATCH)

#endif
