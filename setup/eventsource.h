/* Our source in the Windows Event Log: what step "eventlog" makes, and whether it is there. */
#ifndef SBX_SETUP_EVENTSOURCE_H
#define SBX_SETUP_EVENTSOURCE_H

#include "context.h"

/** The source is registered, and with our message file. False also when that cannot be read. */
bool sbx_setup_has_event_source(struct sbx_setup *setup);

#endif
