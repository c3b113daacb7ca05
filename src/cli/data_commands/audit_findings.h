// cli/data_commands/audit_findings.h: what the numbers of an audit mean, as sentences with the
// options that help.
#ifndef IMP_CLI_DATA_COMMANDS_AUDIT_FINDINGS_H
#define IMP_CLI_DATA_COMMANDS_AUDIT_FINDINGS_H

#include "imprint/audit.h"

enum { IMP_AUDIT_FINDINGS_MAX = 6 };

typedef struct imp_audit_findings {
    char texts[IMP_AUDIT_FINDINGS_MAX][400];
    int count;
} imp_audit_findings;

void imp_audit_find(imp_audit_findings *out, const imp_audit *audit);

#endif
