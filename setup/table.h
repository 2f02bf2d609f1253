/* The table of steps: the whole of what sandbox-setup does to a machine, in order. */
#ifndef SBX_SETUP_TABLE_H
#define SBX_SETUP_TABLE_H

#include "engine.h"

/** The steps in the order in which they are applied. */
extern const struct sbx_step *const sbx_setup_steps[];
extern const size_t sbx_setup_step_count;

#endif
