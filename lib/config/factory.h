/*
 * factory.h - the configuration that is installed with the programs
 */
#ifndef CONFIG_FACTORY_H
#define CONFIG_FACTORY_H

#include "base/str.h"

/* conf/postern.yaml, as it was when this was built. */
struct str factory_config(void);

#endif
