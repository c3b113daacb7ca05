// cli/output/output_sanitizer.h: what the program prints cannot command the terminal.
#ifndef IMP_CLI_OUTPUT_OUTPUT_SANITIZER_H
#define IMP_CLI_OUTPUT_OUTPUT_SANITIZER_H

// From now on control characters in what is printed on standard output and standard error, but new
// lines and tabs, become question marks. They would come from names: of files, in datasets, from
// agents. What is written to the descriptors themselves stays as it is.
void imp_output_sanitizer_install(void);

#endif
