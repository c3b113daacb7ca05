#include <stdio.h>

#include "imprint/base.h"

int main(void)
{
    printf("imprint %s\n", imp_version());
    return 0;
}
