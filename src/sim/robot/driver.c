// Words for who drives, in demonstrations and datasets.
#include "imprint/robot.h"

const char *imp_driver_name(int driver)
{
    static const char *const words[IMP_DRIVER_COUNT] = {
        [IMP_DRIVER_EXPERT] = "expert",
        [IMP_DRIVER_POLICY] = "policy",
        [IMP_DRIVER_PERSON] = "person",
    };
    return driver >= 0 && driver < IMP_DRIVER_COUNT ? words[driver] : NULL;
}
