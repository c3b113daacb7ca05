// deploy/submission/dockerfile.h: what a Dockerfile runs, as a command for the folder that it lies
// in.
#ifndef IMP_DEPLOY_SUBMISSION_DOCKERFILE_H
#define IMP_DEPLOY_SUBMISSION_DOCKERFILE_H

#include "imprint/base.h"

// Reads the text of folder/Dockerfile. out (capacity bytes) is a shell's command that starts what
// the image would start, with the folder's files in the place of those that were copied into it.
// IMP_CHECK_FAILED if it starts nothing, copies what is not there, or says it in a way that is not
// followed here (see the .c file). What happens to the image besides, by RUN or ENV, is not looked
// at.
imp_status imp_dockerfile_command(char *out, size_t capacity, const char *text, const char *folder,
                                  imp_error *err);

#endif
