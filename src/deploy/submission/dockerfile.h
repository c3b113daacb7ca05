// deploy/submission/dockerfile.h: translates a Dockerfile's start command to a shell command that
// runs in the Dockerfile's folder.
#ifndef IMP_DEPLOY_SUBMISSION_DOCKERFILE_H
#define IMP_DEPLOY_SUBMISSION_DOCKERFILE_H

#include "imprint/base.h"

// Reads the text of folder/Dockerfile. out (capacity bytes) becomes a shell command that starts
// what the image would start, with files of the folder instead of their copies in the image.
// IMP_CHECK_FAILED if there is no start command, a copied file does not exist, or a form is not
// supported (see the .c file). The effects of RUN, ENV and the base image are not considered.
imp_status imp_dockerfile_command(char *out, size_t capacity, const char *text, const char *folder,
                                  imp_error *err);

#endif
